import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { manualClock } from '../../base/clock.ts';
import type { CallCell } from '../../query/call-series.ts';
import { openTestDatabase, type TestDatabase, testEpochNs, testSpan } from '../../query/test-spans.ts';
import { ask } from '../test-request.ts';
import { pointsOf } from './call-metrics.ts';
import { jaegerMetricsRoutes, parseMetrics } from './metrics-routes.ts';

const epochMs = Number(testEpochNs / 1_000_000n);
const minute = 60_000;
let store: TestDatabase;

/** In each of ten minutes 60 calls of `GET` (10 ms, in the last five minutes 100 ms, every tenth failing) and 6 of `PUT` (1 ms). */
beforeAll(async () => {
  store = await openTestDatabase();
  const spans = Array.from({ length: 600 }, (_, i) => {
    const isLate = i >= 300;
    const call = testSpan({
      service: 'shop',
      name: 'GET',
      atMs: i * 1000 + 1,
      ms: isLate ? 100 : 10,
      statusCode: isLate && i % 10 === 0 ? 2 : 0,
    });
    const inner = testSpan({ service: 'shop', name: 'SELECT', kind: 3, atMs: i * 1000 + 1 });
    return i % 10 === 0
      ? [call, inner, testSpan({ service: 'shop', name: 'PUT', atMs: i * 1000 + 2, ms: 1 })]
      : [call, inner];
  });
  await store.insert(spans.flat());
});
afterAll(() => store.stop());

interface Family {
  name: string;
  type: string;
  help: string;
  metrics: {
    labels: { name: string; value: string }[];
    metricPoints: { gaugeValue: { doubleValue: number }; timestamp: string }[];
  }[];
}

async function get(address: string) {
  const clock = manualClock(epochMs + 10 * minute);
  const reply = await ask(jaegerMetricsRoutes({ database: store.db, clock }), address);
  return { ...reply, json: JSON.parse(reply.text) as Family };
}

const perMinute = `service=shop&lookback=${10 * minute}&step=${minute}&ratePer=${minute}`;

async function values(address: string): Promise<number[]> {
  const { json } = await get(address);
  return json.metrics[0]?.metricPoints.map((point) => point.gaugeValue.doubleValue) ?? [];
}

describe('metrics from stored spans', () => {
  it('give calls a second of server spans, at the end of each step', async () => {
    const { json, status } = await get(`/api/metrics/calls?${perMinute}`);
    expect(status).toBe(200);
    expect(json).toMatchObject({
      name: 'service_call_rate',
      type: 'GAUGE',
      help: 'calls/sec, grouped by service',
      metrics: [{ labels: [{ name: 'service_name', value: 'shop' }] }],
    });
    const points = json.metrics[0]?.metricPoints;
    expect(points?.map((point) => point.gaugeValue.doubleValue)).toEqual(Array(10).fill(1.1));
    expect(points?.at(-1)?.timestamp).toBe('2026-01-01T00:10:00Z');
  });

  it('give one series for each operation when asked', async () => {
    const { json } = await get(`/api/metrics/calls?${perMinute}&groupByOperation=true`);
    expect(json.name).toBe('service_operation_call_rate');
    expect(json.help).toBe('calls/sec, grouped by service & operation');
    expect(json.metrics.map(({ labels, metricPoints }) => [labels, metricPoints[0]?.gaugeValue.doubleValue])).toEqual([
      [
        [
          { name: 'operation', value: 'GET' },
          { name: 'service_name', value: 'shop' },
        ],
        1,
      ],
      [
        [
          { name: 'operation', value: 'PUT' },
          { name: 'service_name', value: 'shop' },
        ],
        0.1,
      ],
    ]);
  });

  it('give other kinds when asked', async () => {
    expect(await values(`/api/metrics/calls?${perMinute}&spanKind=client`)).toEqual(Array(10).fill(1));
    expect(await values(`/api/metrics/calls?${perMinute}&spanKind=client&spanKind=server`)).toEqual(
      Array(10).fill(2.1),
    );
    expect((await get(`/api/metrics/calls?${perMinute}&spanKind=producer`)).json.metrics).toEqual([]);
  });

  it('give failures as a share of calls', async () => {
    expect(await values(`/api/metrics/errors?${perMinute}`)).toEqual([...Array(5).fill(0), ...Array(5).fill(6 / 66)]);
  });

  it('give percentiles in ms, near the true ones', async () => {
    const [p50, p95] = await Promise.all(
      [0.5, 0.95].map((q) => values(`/api/metrics/latencies?${perMinute}&quantile=${q}`)),
    );
    expect(p50).toHaveLength(10);
    for (const [i, value] of (p95 ?? []).entries()) expect(Math.abs(value / (i < 5 ? 10 : 100) - 1)).toBeLessThan(0.09);
    expect(Math.abs((p50?.[0] ?? 0) / 10 - 1)).toBeLessThan(0.09);
  });

  it('slide a window longer than the step', async () => {
    const wide = `service=shop&lookback=${2 * minute}&step=${minute}&ratePer=${5 * minute}`;
    expect(await values(`/api/metrics/calls?${wide}`)).toEqual([1.1, 1.1, 1.1]);
    const errors = await values(`/api/metrics/errors?${wide}`);
    expect(errors).toEqual([18 / 330, 24 / 330, 30 / 330]);
  });

  it('know the least step', async () => {
    expect((await get('/api/metrics/minstep')).json).toMatchObject({ data: 1, errors: null });
  });

  it.each([
    ['calls', '', "unable to parse param 'service': please provide at least one service name"],
    ['calls', 'service=a&spanKind=x', "unable to parse param 'spanKind': unsupported span kind: 'x'"],
    ['calls', 'service=a&endTs=x', `unable to parse param 'endTs': strconv.ParseInt: parsing "x": invalid syntax`],
    ['calls', 'service=a&step=0', "unable to parse param 'step': must be greater than 0"],
    ['errors', 'service=a&ratePer=-1', "unable to parse param 'ratePer': must be greater than 0"],
    ['errors', 'service=a&step=1', 'exceeded maximum resolution of 11000 points: ask for a longer step'],
    ['errors', 'service=a&groupByOperation=2', /ParseBool/],
    ['latencies', 'service=a', `unable to parse param 'quantile': strconv.ParseFloat: parsing "": invalid syntax`],
    ['latencies', 'service=a&quantile=2', "unable to parse param 'quantile': expected 0 to 1"],
  ])('refuse %s?%s', async (path, query, msg) => {
    const reply = await get(`/api/metrics/${path}?${query}`);
    expect(reply.status).toBe(400);
    const text = typeof msg === 'string' ? msg : expect.stringMatching(msg);
    expect(reply.json).toMatchObject({ data: null, errors: [{ code: 400, msg: text }] });
  });

  it('read any parameters or refuse them, and never ask without bounds', async () => {
    const names = ['service', 'endTs', 'lookback', 'step', 'ratePer', 'spanKind', 'groupByOperation'];
    const value = fc.oneof(
      fc.string(),
      fc.bigInt({ min: -(2n ** 64n), max: 2n ** 64n }).map(String),
      fc.constantFrom('server', '1', '60000', '9223372036854775807'),
    );
    const questions: string[] = [];
    fc.assert(
      fc.property(fc.array(fc.tuple(fc.constantFrom(...names), value)), (pairs) => {
        const query = new URLSearchParams([['service', 'shop'], ...pairs]);
        try {
          const { steps, windowMs, stepMs } = parseMetrics(query, epochMs);
          expect(steps).toBeLessThanOrEqual(11_000);
          expect(windowMs / stepMs).toBeLessThanOrEqual(50_000);
          questions.push(query.toString());
        } catch (error) {
          expect(error).toMatchObject({ name: 'BadInput', status: 400 });
        }
      }),
      { numRuns: 3000 },
    );
    for (const query of questions.slice(0, 20)) expect((await get(`/api/metrics/calls?${query}`)).status).toBe(200);
  });
});

describe('points', () => {
  it('are those of a window computed anew at each step', () => {
    const cell = fc.record({
      slice: fc.nat(30),
      bucket: fc.nat(40),
      calls: fc.integer({ min: 1, max: 9 }),
      errors: fc.constant(0),
    });
    fc.assert(
      fc.property(
        fc.array(cell),
        fc.integer({ min: 1, max: 20 }),
        fc.integer({ min: 1, max: 12 }),
        (given, steps, slices) => {
          const cells: CallCell[] = given.sort((a, b) => a.slice - b.slice);
          const series = { service: 's', operation: '', cells };
          const points = pointsOf(series, { kind: 'calls' }, { steps, slices, windowSeconds: 1 });
          for (let step = 0; step < steps; step++) {
            const inside = cells.filter(({ slice }) => slice >= step && slice < step + slices);
            const calls = inside.reduce((sum, each) => sum + each.calls, 0);
            expect(points.find((point) => point.step === step)?.value ?? 0).toBe(calls);
          }
        },
      ),
    );
  });
});
