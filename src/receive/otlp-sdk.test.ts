/** The real Node SDK, with each of its exporters, against a real listener. */
import {
  type Attributes,
  type Span,
  SpanKind,
  SpanStatusCode,
  TraceFlags,
  context,
  metrics,
  propagation,
  trace,
} from '@opentelemetry/api';
import { SeverityNumber, logs } from '@opentelemetry/api-logs';
import { OTLPTraceExporter as GrpcExporter } from '@opentelemetry/exporter-trace-otlp-grpc';
import { OTLPTraceExporter as JsonExporter } from '@opentelemetry/exporter-trace-otlp-http';
import { OTLPTraceExporter as ProtoExporter } from '@opentelemetry/exporter-trace-otlp-proto';
import { CompressionAlgorithm } from '@opentelemetry/otlp-exporter-base';
import { NodeSDK, resources, tracing } from '@opentelemetry/sdk-node';
import { afterEach, describe, expect, it } from 'vitest';
import { Overloaded } from '../base/errors.ts';
import { type JsonObject, otlpToJson } from '../wire/otlp-json.ts';
import { type Receiving, receive } from './testing.ts';

const opened: Receiving[] = [];
afterEach(async () => {
  for (const receiving of opened.splice(0)) await receiving.stop();
});

async function open(): Promise<Receiving> {
  const receiving = await receive();
  opened.push(receiving);
  return receiving;
}

const attributes: Attributes = {
  'http.route': '/checkout',
  'http.response.status_code': 200,
  ratio: 0.25,
  ok: true,
  tags: ['a', 'b'],
  'long.value': 'é😀'.repeat(300),
};

const start = 1_767_225_600_000;

/** Two spans, the same each time but for their ids, sent by one exporter; what arrived, as OTLP's JSON. */
async function sentBy(receiving: Receiving, exporter: tracing.SpanExporter): Promise<JsonObject[]> {
  const processor = new tracing.BatchSpanProcessor(exporter);
  const provider = new tracing.BasicTracerProvider({
    resource: resources.resourceFromAttributes({ 'service.name': 'shop', 'host.cpus': 8 }),
    spanProcessors: [processor],
  });
  const tracer = provider.getTracer('test', '1.2.3');
  const root = tracer.startSpan('GET /checkout', { kind: SpanKind.SERVER, startTime: start, attributes });
  const child = tracer.startSpan(
    'SELECT orders',
    { kind: SpanKind.CLIENT, startTime: start + 5, links: [{ context: linked, attributes: { why: 'retry' } }] },
    trace.setSpan(context.active(), root),
  );
  finish(child, root);
  await provider.forceFlush();
  await provider.shutdown();
  return receiving.taken.splice(0).map((taken) => {
    expect(taken.signal).toBe('traces');
    return otlpToJson('ExportTraceServiceRequest', taken.bytes);
  });
}

const linked = { traceId: '1'.repeat(32), spanId: '2'.repeat(16), traceFlags: TraceFlags.SAMPLED };

function finish(child: Span, root: Span): void {
  child.addEvent('exception', { 'exception.type': 'TimeoutError' }, start + 6);
  child.setStatus({ code: SpanStatusCode.ERROR, message: 'timed out' });
  child.end(start + 40);
  root.end(start + 50);
}

/** The same value without what differs from run to run: ids, and fields at their default that JSON writes and protobuf does not. */
function comparable(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(comparable);
  if (typeof value !== 'object' || value === null) return value;
  const entries = Object.entries(value)
    .filter(([key]) => !['traceId', 'spanId', 'parentSpanId'].includes(key))
    .map(([key, inner]) => [key, comparable(inner)] as const)
    .filter(([, inner]) => inner !== 0 && inner !== '' && !(Array.isArray(inner) && inner.length === 0))
    .filter(([, inner]) => JSON.stringify(inner) !== '{}');
  return Object.fromEntries(entries.sort(([a], [b]) => (a < b ? -1 : 1)));
}

describe('traces of the Node SDK', () => {
  it('arrive the same by gRPC, by protobuf and by JSON over HTTP', async () => {
    const receiving = await open();
    const url = `${receiving.http}/v1/traces`;
    const [grpc] = await sentBy(receiving, new GrpcExporter({ url: `http://${receiving.grpc}` }));
    const [proto] = await sentBy(receiving, new ProtoExporter({ url }));
    const [text] = await sentBy(receiving, new JsonExporter({ url }));
    expect(JSON.stringify(grpc)).toContain('"spans":[{');
    expect(comparable(proto)).toEqual(comparable(grpc));
    expect(comparable(text)).toEqual(comparable(grpc));
    expect(comparable(grpc)).toMatchObject({
      resourceSpans: [
        {
          resource: { attributes: [{ key: 'service.name', value: { stringValue: 'shop' } }, { key: 'host.cpus' }] },
          scopeSpans: [
            {
              scope: { name: 'test', version: '1.2.3' },
              spans: [
                {
                  name: 'SELECT orders',
                  kind: 3,
                  startTimeUnixNano: '1767225600005000000',
                  events: [{ name: 'exception' }],
                  links: [{ attributes: [{ key: 'why' }] }],
                  status: { code: 2, message: 'timed out' },
                },
                {
                  name: 'GET /checkout',
                  kind: 2,
                  attributes: [
                    { key: 'http.route', value: { stringValue: '/checkout' } },
                    { key: 'http.response.status_code', value: { intValue: '200' } },
                    { key: 'ratio', value: { doubleValue: 0.25 } },
                    { key: 'ok', value: { boolValue: true } },
                    { key: 'tags', value: { arrayValue: { values: [{ stringValue: 'a' }, { stringValue: 'b' }] } } },
                    { key: 'long.value', value: { stringValue: attributes['long.value'] } },
                  ],
                },
              ],
            },
          ],
        },
      ],
    });
  });

  it('arrive compressed', async () => {
    const receiving = await open();
    const url = `${receiving.http}/v1/traces`;
    const gzip = CompressionAlgorithm.GZIP;
    const exporters = [
      new ProtoExporter({ url, compression: gzip }),
      new JsonExporter({ url, compression: gzip }),
      new GrpcExporter({ url: `http://${receiving.grpc}`, compression: gzip }),
    ];
    for (const exporter of exporters) expect((await sentBy(receiving, exporter)).length).toBe(1);
  });

  it('are sent again after a refusal, when Retry-After says', async () => {
    const receiving = await open();
    for (const Exporter of [ProtoExporter, JsonExporter]) {
      receiving.refusal = new Overloaded('spool is full', { reason: 'unavailable', retryAfterMs: 300 });
      const sent = sentBy(receiving, new Exporter({ url: `${receiving.http}/v1/traces` }));
      setTimeout(() => (receiving.refusal = undefined), 100);
      expect((await sent).length).toBe(1);
    }
    const labels = { receiver: 'otlp', signal: 'traces', transport: 'http', reason: 'unavailable' };
    expect(receiving.metrics.counter('receiver_failed_requests_total', '').value(labels)).toBe(2);
  });
});

it('metrics and logs of the Node SDK arrive by every protocol', async () => {
  const receiving = await open();
  const environment = { ...process.env };
  for (const [protocol, endpoint] of [
    ['grpc', `http://${receiving.grpc}`],
    ['http/protobuf', receiving.http],
    ['http/json', receiving.http],
  ] as const) {
    Object.assign(process.env, {
      OTEL_EXPORTER_OTLP_PROTOCOL: protocol,
      OTEL_EXPORTER_OTLP_ENDPOINT: endpoint,
      OTEL_LOGS_EXPORTER: 'otlp',
      OTEL_METRICS_EXPORTER: 'otlp',
    });
    const sdk = new NodeSDK({ serviceName: 'shop', autoDetectResources: false });
    sdk.start();
    metrics.getMeter('test').createCounter('orders').add(3, { kind: 'a' });
    metrics.getMeter('test').createHistogram('duration').record(12.5);
    logs
      .getLogger('test')
      .emit({ body: { text: 'hello', n: 1 }, severityNumber: SeverityNumber.INFO, attributes: { a: 1 } });
    await sdk.shutdown();
    for (const api of [trace, metrics, context, propagation, logs]) api.disable();
    const taken = receiving.taken.splice(0);
    const count = (signal: string) => taken.filter((t) => t.signal === signal).reduce((sum, t) => sum + t.count, 0);
    expect([protocol, count('metrics'), count('logs')]).toEqual([protocol, 2, 1]);
  }
  process.env = environment;
});
