/**
 * Says in the log what passes. Keys as in the Collector
 * (https://github.com/open-telemetry/opentelemetry-collector/tree/main/exporter/debugexporter).
 */
import type { LogFields } from '../../base/log.ts';
import { boolean, count, list, object, oneOf, string } from '../../base/schema.ts';
import { exporter } from '../../component/component.ts';
import { attributeText, type Attributes } from '../../model/attributes.ts';
import { type Batch, countOf, sizeOf } from '../../model/batch.ts';
import { type Span, spanKindNames } from '../../model/span.ts';
import { decodeTraces } from '../../wire/otlp-proto.ts';

export const debug = exporter({
  type: 'debug',
  config: object({
    /** `basic`: a line a batch. `normal`: also a line a span. `detailed`: with all that the span holds. */
    verbosity: oneOf(['basic', 'normal', 'detailed'], 'basic'),
    /** Each second this many batches are shown, */
    sampling_initial: count(2),
    /** then every so-manieth; 0: none. */
    sampling_thereafter: count(1),
    /** Accepted for compatibility: everything goes to Ariane's log. */
    use_internal_logger: boolean(true),
    output_paths: list(string()),
  }),
  create({ verbosity, sampling_initial, sampling_thereafter }, { log, clock }) {
    let second = Number.NaN;
    let seen = 0;
    const isShown = (): boolean => {
      const now = Math.floor(clock.nowMs() / 1000);
      if (now !== second) {
        second = now;
        seen = 0;
      }
      seen++;
      if (seen <= sampling_initial) return true;
      return sampling_thereafter > 0 && (seen - sampling_initial) % sampling_thereafter === 0;
    };
    return {
      async consume(batch) {
        if (!isShown()) return;
        log.info(batch.signal, describeBatch(batch));
        if (verbosity === 'basic' || batch.signal !== 'traces') return;
        for (const part of batch.parts) {
          for (const span of decodeTraces(part.bytes)) {
            log.info(
              span.name,
              verbosity === 'normal' ? describeSpan(span) : { ...describeSpan(span), ...details(span) },
            );
          }
        }
      },
      stop: async () => {},
    };
  },
});

const itemNames = { traces: 'spans', metrics: 'data_points', logs: 'log_records' } as const;

function describeBatch(batch: Batch): LogFields {
  return {
    pipeline: batch.pipeline,
    requests: batch.parts.length,
    [itemNames[batch.signal]]: countOf(batch),
    bytes: sizeOf(batch),
  };
}

function describeSpan(span: Span): LogFields {
  return {
    service: span.resource.service,
    trace_id: span.traceId,
    span_id: span.spanId,
    duration_ms: Number(span.endNs - span.startNs) / 1e6,
  };
}

function details(span: Span): LogFields {
  return {
    parent_span_id: span.parentSpanId || undefined,
    kind: spanKindNames[span.kind],
    start_ns: span.startNs,
    end_ns: span.endNs,
    status: span.statusCode,
    status_message: span.statusMessage || undefined,
    scope: span.scope.name || undefined,
    // A prefix, because a span's key may be one of the log's own, such as "level".
    ...describeAttributes('attributes.', span.attributes),
    ...describeAttributes('resource.', span.resource.attributes),
    events: span.events.length > 0 ? span.events.map((event) => event.name).join(', ') : undefined,
    links: span.links.length > 0 ? span.links.map((link) => link.traceId).join(', ') : undefined,
  };
}

function describeAttributes(prefix: string, attributes: Attributes): LogFields {
  return Object.fromEntries([...attributes].map(([key, value]) => [prefix + key, attributeText(value)]));
}
