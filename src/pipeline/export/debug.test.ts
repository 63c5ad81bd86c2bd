import { expect, test } from 'vitest';
import { manualClock } from '../../base/clock.ts';
import { createLog } from '../../base/log.ts';
import { createMetrics } from '../../base/metrics.ts';
import type { Signal } from '../../model/batch.ts';
import type { Span } from '../../model/span.ts';
import { encodeTraces } from '../../wire/otlp-proto.ts';
import { debug } from './debug.ts';

const span: Span = {
  traceId: '0102030405060708090a0b0c0d0e0f10',
  spanId: '0102030405060708',
  parentSpanId: '',
  traceState: '',
  flags: 0,
  name: 'GET /checkout',
  kind: 2,
  startNs: 1_000_000_000n,
  endNs: 1_500_000_000n,
  attributes: new Map([['http.route', '/checkout']]),
  events: [],
  links: [],
  statusCode: 0,
  statusMessage: '',
  droppedAttributes: 0,
  droppedEvents: 0,
  droppedLinks: 0,
  resource: { service: 'frontend', attributes: new Map([['service.name', 'frontend']]), schemaUrl: '' },
  scope: { name: '', version: '', attributes: new Map(), schemaUrl: '' },
};

function setUp(config: Record<string, unknown>) {
  const clock = manualClock();
  const lines: string[] = [];
  const log = createLog({ write: (line) => lines.push(line) });
  const exporter = debug.create(debug.config.parse(config, ''), { id: 'debug', log, metrics: createMetrics(), clock });
  const give = (signal: Signal = 'traces') =>
    exporter.consume({
      signal,
      pipeline: signal,
      parts: [{ bytes: encodeTraces([span]), count: 1, receivedMs: 0, seq: 1 }],
    });
  return { clock, lines, give };
}

test('basic counts', async () => {
  const { lines, give } = setUp({});
  await give();
  await give('logs');
  expect(lines.length).toBe(2);
  expect(lines[0]).toMatch(/traces pipeline="traces" requests=1 spans=1 bytes=\d+$/);
  expect(lines[1]).toMatch(/log_records=1/);
});

test('normal names each span, detailed shows what it holds', async () => {
  const normal = setUp({ verbosity: 'normal' });
  await normal.give();
  expect(normal.lines[1]).toMatch(/GET \/checkout service="frontend" trace_id="0102.*" duration_ms=500$/);
  const detailed = setUp({ verbosity: 'detailed' });
  await detailed.give();
  expect(detailed.lines[1]).toMatch(/attributes\.http\.route="\/checkout" resource\.service\.name="frontend"/);
});

test('sampling shows the first of each second, then every so-manieth', async () => {
  const { clock, lines, give } = setUp({ sampling_initial: 2, sampling_thereafter: 5 });
  for (let i = 0; i < 12; i++) await give();
  expect(lines.length).toBe(2 + 2);
  clock.advance(1000);
  await give();
  expect(lines.length).toBe(5);
});
