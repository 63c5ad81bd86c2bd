/** The counts behind `/api/stats`, from the parts that keep them. */
import type { Clock } from './base/clock.ts';
import type { Opened } from './listen/listeners.ts';
import type { Signal } from './model/batch.ts';
import type { Pipelines } from './pipeline/build.ts';
import type { SignalStats, Stats } from './show/api/types.ts';
import type { ExporterCounts } from './store/exporter/exporter.ts';
import type { Store } from './store/open-store.ts';

export interface StatsSources {
  readonly version: string;
  readonly startedMs: number;
  readonly clock: Clock;
  readonly pipelines: Pipelines;
  readonly exporter: { counts(signal: Signal): ExporterCounts };
  readonly store: Store;
  readonly dataDir: string;
  readonly portOffset: number;
  ports(): readonly Opened[];
}

/** What a port is for, by its number without offset. */
const purposes: Readonly<Record<number, string>> = {
  16686: 'page, API, Jaeger query',
  4317: 'OTLP/gRPC',
  4318: 'OTLP/HTTP',
  14250: 'Jaeger/gRPC',
  14268: 'Jaeger Thrift/HTTP',
  6831: 'Jaeger Thrift compact/UDP',
  6832: 'Jaeger Thrift binary/UDP',
  5775: 'Zipkin Thrift compact/UDP',
  9411: 'Zipkin',
  13133: 'health, metrics',
  14269: 'health, metrics (Jaeger 1.x)',
  8888: 'metrics (Collector)',
};

export function statsReader(sources: StatsSources): () => Promise<Stats> {
  const { clock, pipelines, exporter, store } = sources;
  return async () => {
    const counts = pipelines.stats();
    const signalStats = (signal: Signal): SignalStats => {
      const { received, refused, spooled } = counts[signal];
      return { received, refused, spooled, ...exporter.counts(signal) };
    };
    const size = await store.stats();
    return {
      version: sources.version,
      uptime_s: Math.floor((clock.nowMs() - sources.startedMs) / 1000),
      signals: { traces: signalStats('traces'), metrics: signalStats('metrics'), logs: signalStats('logs') },
      store: {
        state: size.state,
        bytes: size.bytes,
        spans: size.spans,
        oldest_ms: size.oldestMs,
        newest_ms: size.newestMs,
        limit_bytes: size.limitBytes,
        retention_days: size.retentionDays,
        data_dir: sources.dataDir,
      },
      ports: sources.ports().map(({ asked, port, problem }) => ({
        address: asked,
        what: purposes[port - sources.portOffset] ?? 'receiver',
        problem: problem?.message ?? null,
      })),
    };
  };
}
