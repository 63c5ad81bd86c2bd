/** THE registry: one line for each receiver, processor, exporter and extension that a configuration can name. */
import type { HttpRoute } from './base/listener.ts';
import type { ComponentType, ExporterType } from './component/component.ts';
import { debug } from './pipeline/export/debug.ts';
import { nop } from './pipeline/export/nop.ts';
import { createHealthCheck } from './pipeline/extend/health-check.ts';
import { batch } from './pipeline/process/batch.ts';
import { memoryLimiter } from './pipeline/process/memory-limiter.ts';
import { jaeger } from './receive/jaeger.ts';
import { otlp } from './receive/otlp.ts';
import { zipkin } from './receive/zipkin.ts';

/** What components need that no configuration says. */
export interface ComponentDeps {
  readonly healthRoutes: readonly HttpRoute[];
  /** The exporter `ariane`, joined to an open store. */
  readonly ariane: ExporterType<unknown>;
}

export function createComponents({ healthRoutes, ariane }: ComponentDeps): readonly ComponentType[] {
  return [otlp, jaeger, zipkin, batch, memoryLimiter, debug, nop, ariane, createHealthCheck(healthRoutes)];
}
