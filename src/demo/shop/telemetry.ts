/** The OpenTelemetry SDK as an application sets it up: one provider a service, exported over OTLP. */
import type { Tracer } from '@opentelemetry/api';
import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-proto';
import { resourceFromAttributes } from '@opentelemetry/resources';
import { BatchSpanProcessor, NodeTracerProvider } from '@opentelemetry/sdk-trace-node';
import { demoMark } from '../../model/demo-mark.ts';

/** A receiver that is gone must not keep the shop from ending. */
const lastWordsMs = 2_000;

export interface Telemetry {
  readonly tracer: Tracer;
  /** Sends what is still here, for at most two seconds, and stops. */
  stop(): Promise<void>;
}

/** What all services of the process share: how a context follows asynchronous work, and W3C's headers. */
export function startPropagation(): void {
  new NodeTracerProvider().register();
}

export function startTelemetry(service: string, otlpUrl: string): Telemetry {
  const exporter = new OTLPTraceExporter({ url: `${otlpUrl}/v1/traces`, timeoutMillis: 5_000 });
  const provider = new NodeTracerProvider({
    resource: resourceFromAttributes({ 'service.name': service, 'service.version': '1.0.0', [demoMark]: true }),
    // Short, so that a person who just started the demo sees it at once.
    spanProcessors: [new BatchSpanProcessor(exporter, { scheduledDelayMillis: 500 })],
  });
  return {
    tracer: provider.getTracer('ariane-demo', '1.0.0'),
    async stop() {
      const tooLate = new Promise<void>((wake) => setTimeout(wake, lastWordsMs).unref());
      await Promise.race([provider.shutdown(), tooLate]);
    },
  };
}
