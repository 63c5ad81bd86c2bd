import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { ROOT_CONTEXT, SpanKind, SpanStatusCode, trace } from '@opentelemetry/api';
import { OTLPTraceExporter as GrpcExporter } from '@opentelemetry/exporter-trace-otlp-grpc';
import { OTLPTraceExporter as JsonExporter } from '@opentelemetry/exporter-trace-otlp-http';
import { OTLPTraceExporter as ProtoExporter } from '@opentelemetry/exporter-trace-otlp-proto';
import { resources, tracing } from '@opentelemetry/sdk-node';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { SearchAnswer, SpanDetails, TraceVerdict } from '../../src/show/api/types.ts';
import { type RunningAriane, startAriane } from './ariane.ts';

let ariane: RunningAriane;

beforeAll(async () => {
  ariane = await startAriane();
});
afterAll(() => ariane.dispose());

const nodeExporters = {
  'gRPC with gzip': () => new GrpcExporter({ url: ariane.grpc, compression: 'gzip' as never }),
  gRPC: () => new GrpcExporter({ url: ariane.grpc }),
  'HTTP with JSON': () => new JsonExporter({ url: `${ariane.http}/v1/traces` }),
  'HTTP with protobuf': () => new ProtoExporter({ url: `${ariane.http}/v1/traces` }),
  'HTTP with protobuf and gzip': () =>
    new ProtoExporter({ url: `${ariane.http}/v1/traces`, compression: 'gzip' as never }),
};

describe('the Node SDK', () => {
  it.each(Object.entries(nodeExporters))('over %s: what it recorded is read back', async (name, makeExporter) => {
    const service = `node ${name}`;
    const provider = new tracing.BasicTracerProvider({
      resource: resources.resourceFromAttributes({ 'service.name': service, 'process.pid': 42 }),
      spanProcessors: [new tracing.BatchSpanProcessor(makeExporter())],
    });
    const tracer = provider.getTracer('test', '1.2.3');
    const root = tracer.startSpan('GET /checkout', { kind: SpanKind.SERVER, startTime: [1_700_000_000, 5] });
    const child = tracer.startSpan(
      'SELECT orders',
      {
        kind: SpanKind.CLIENT,
        startTime: [1_700_000_000, 1000],
        attributes: { 'db.system.name': 'sqlite', rows: 3, ratio: 0.5, ok: true, list: ['a', 'b'] },
      },
      trace.setSpan(ROOT_CONTEXT, root),
    );
    child.addEvent('cache miss', { key: 'k1' });
    child.end([1_700_000_000, 300_001_000]);
    const failed = tracer.startSpan(
      'GET cache',
      { startTime: [1_700_000_000, 310_000_000] },
      trace.setSpan(ROOT_CONTEXT, root),
    );
    failed.setStatus({ code: SpanStatusCode.ERROR, message: 'no such key' });
    failed.end([1_700_000_000, 311_000_000]);
    root.end([1_700_000_000, 400_000_005]);
    await provider.forceFlush();

    const traceId = root.spanContext().traceId;
    const find = async () => {
      const reply = await fetch(
        `${ariane.url}/api/trace/${traceId}/spans?ids=${[root, child, failed].map((span) => span.spanContext().spanId).join(',')}`,
      );
      const body = (await reply.json()) as { spans?: SpanDetails[] };
      return body.spans?.length === 3 ? body.spans : undefined;
    };
    const spans = await ariane.until('the three spans', find);
    const query = spans.find((span) => span.operation === 'SELECT orders');
    expect(query).toMatchObject({
      service,
      kind: 'client',
      parentSpanId: root.spanContext().spanId,
      startNs: '1700000000000001000',
      durationNs: 300_000_000,
      status: 'unset',
      scope: { name: 'test', version: '1.2.3' },
    });
    expect(spans.find((span) => span.operation === 'GET cache')).toMatchObject({
      status: 'error',
      statusMessage: 'no such key',
    });
    const attributes = Object.fromEntries(query?.attributes.map((a) => [a.key, `${a.type}:${a.text}`]) ?? []);
    expect(attributes).toMatchObject({ rows: 'i:3', ratio: 'd:0.5', ok: 'b:true', 'db.system.name': 's:sqlite' });
    expect(query?.events[0]).toMatchObject({ name: 'cache miss', attributes: [{ key: 'key', type: 's', text: 'k1' }] });
    const verdict = await ariane.get<TraceVerdict>(`/api/why/${traceId}?lang=en`);
    expect(verdict.culprit?.span_id).toBe(child.spanContext().spanId);
    expect(verdict.causes[0]).toMatchObject({ kind: 'database', operation: 'SELECT orders' });
    await provider.shutdown();
  });
});

const python = process.env['ARIANE_PYTHON'];

describe.skipIf(!python)('the Python SDK', () => {
  const app = `
import time
from opentelemetry import trace

tracer = trace.get_tracer("myapp")
with tracer.start_as_current_span("requete"):
    with tracer.start_as_current_span("operation_lourde") as span:
        span.set_attribute("lignes", 12)
        sum(i * i for i in range(2_000_000))
print("fini")
`;

  it.each(['grpc', 'http/protobuf'])(
    'under opentelemetry-instrument over %s: the heavy operation is the culprit',
    async (protocol) => {
      const folder = mkdtempSync(join(tmpdir(), 'ariane-python-'));
      writeFileSync(join(folder, 'myapp.py'), app);
      const service = `python-${protocol.replace('/', '-')}`;
      const result = spawnSync(join(dirname(python ?? ''), 'opentelemetry-instrument'), [python ?? '', 'myapp.py'], {
        cwd: folder,
        encoding: 'utf8',
        env: {
          ...process.env,
          PATH: `${dirname(python ?? '')}:${process.env['PATH']}`,
          OTEL_SERVICE_NAME: service,
          OTEL_EXPORTER_OTLP_PROTOCOL: protocol,
          OTEL_EXPORTER_OTLP_ENDPOINT: protocol === 'grpc' ? ariane.grpc : ariane.http,
          OTEL_BSP_SCHEDULE_DELAY: '200',
        },
      });
      rmSync(folder, { recursive: true });
      expect(result.stdout, result.stderr).toContain('fini');
      expect(result.stderr).not.toMatch(/Failed to export|Transient error/);
      const found = await ariane.until('the trace of the Python program', async () => {
        const answer = await ariane.get<SearchAnswer>(`/api/search?service=${service}`);
        return answer.traces[0];
      });
      expect(found).toMatchObject({ operation: 'requete', spans: 2, errors: 0 });
      const verdict = await ariane.get<TraceVerdict>(`/api/why/${found.traceId}?lang=fr`);
      expect(verdict.causes[0]).toMatchObject({ operation: 'operation_lourde', kind: 'own-time' });
      expect(verdict.verdict.text).toContain('operation_lourde');
    },
  );
});
