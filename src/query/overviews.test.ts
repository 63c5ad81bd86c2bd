import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Span } from '../model/span.ts';
import type { Database } from '../store/database.ts';
import { readEndpoints, readSlowest, readSparklines } from './endpoints.ts';
import { findInTrace } from './find-in-trace.ts';
import { everything } from './find-spans.ts';
import { readNewestMs } from './newest-span.ts';
import { parseSearchText } from './parse-search-text.ts';
import { readHints } from './search-hints.ts';
import { readServiceCalls } from './service-calls.ts';
import { readServiceFigures } from './service-figures.ts';
import { suggest } from './suggest.ts';
import { openTestDatabase, type TestDatabase, testEpochNs, testSpan } from './test-spans.ts';
import { readUsualDurations } from './usual-durations.ts';

let store: TestDatabase;
let db: Database;

const minute = 60_000;
const hour = 60 * minute;
const at = (ms: number) => testEpochNs + BigInt(ms) * 1_000_000n;
/** The second hour; the first is what was usual before. */
const range = { fromNs: at(hour), toNs: at(2 * hour) - 1n };

beforeAll(async () => {
  store = await openTestDatabase();
  db = store.db;
  await store.insert([...shop(), ...rare()]);
});
afterAll(() => store.stop());

let traces = 0;
const nextId = () => (++traces).toString(16).padStart(32, 'b');

/** In the first hour 40 checkouts of 100 ms; in the second 30 of 300 ms, a third of them failing in the payment. */
function shop(): Span[] {
  const calls = Array.from({ length: 70 }, (_, i) => {
    const isSecond = i >= 40;
    const atMs = isSecond ? hour + (i - 40) * 2 * minute : i * minute;
    const traceId = nextId();
    const front = testSpan({ traceId, service: 'front', name: 'GET /checkout', atMs, ms: isSecond ? 300 : 100 });
    const pay = testSpan({
      traceId,
      parentSpanId: front.spanId,
      service: 'payment',
      name: 'POST /pay',
      atMs: atMs + 1,
      ms: isSecond ? 250 : 50,
      statusCode: isSecond && i % 3 === 0 ? 2 : 0,
      attributes: { 'http.route': '/pay now', tier: i % 2 === 0 ? 'gold' : 'silver', code: 200n },
    });
    const sql = testSpan({
      traceId,
      parentSpanId: pay.spanId,
      service: 'payment',
      name: 'SELECT',
      kind: 3,
      atMs: atMs + 2,
    });
    return [front, pay, sql];
  });
  return calls.flat();
}

const ids = { worker: '3'.repeat(32), slowestRare: '4'.repeat(32) };

/** Three calls only, and a message that takes long. */
function rare(): Span[] {
  return [
    ...[1, 2, 3].map((i) =>
      testSpan({
        traceId: i === 3 ? ids.slowestRare : nextId(),
        service: 'front',
        name: 'GET /rare',
        atMs: hour + i,
        ms: i,
      }),
    ),
    testSpan({
      traceId: ids.worker,
      service: 'worker',
      name: 'consume',
      kind: 5,
      parentSpanId: 'f'.repeat(16),
      atMs: hour,
      ms: 60_000,
    }),
  ];
}

describe('endpoints', () => {
  it('gives figures and what was usual in the time before', async () => {
    const endpoints = await readEndpoints(db, range);
    expect(endpoints.map((e) => [e.service, e.operation, e.calls, e.errors])).toEqual([
      ['worker', 'consume', 1, 0],
      ['front', 'GET /checkout', 30, 0],
      ['payment', 'POST /pay', 30, 10],
      ['front', 'GET /rare', 3, 0],
    ]);
    expect(endpoints[1]).toMatchObject({ totalNs: 9e9, p50Ns: 3e8, p95Ns: 3e8, p99Ns: 3e8, usualNs: 1e8 });
    // Under 20 calls a percentile says nothing.
    expect(endpoints[3]).toMatchObject({ p50Ns: null, p99Ns: null, usualNs: null, longestNs: 3_000_000n });
    const [worker, , , rare] = await readSlowest(db, endpoints, range);
    expect([worker, rare]).toEqual([ids.worker, ids.slowestRare]);
  });

  it('is empty where nothing is, and for a range that ends before it begins', async () => {
    expect(await readEndpoints(db, { fromNs: 0n, toNs: 5n })).toEqual([]);
    expect(await readEndpoints(db, { fromNs: 5n, toNs: 0n })).toEqual([]);
  });

  it('takes a range of all times', async () => {
    expect((await readEndpoints(db, everything)).find((e) => e.operation === 'GET /checkout')?.calls).toBe(70);
  });

  it('draws a line of means, with gaps where nothing was called', async () => {
    const [checkout, none] = await readSparklines(
      db,
      [
        { service: 'front', operation: 'GET /checkout' },
        { service: 'front', operation: 'none' },
      ],
      { fromNs: at(0), toNs: at(4 * hour) - 1n },
      4,
    );
    expect(checkout).toEqual([1e8, 3e8, null, null]);
    expect(none).toEqual([null, null, null, null]);
    expect((await readSparklines(db, [{ service: 'front', operation: 'GET /checkout' }], everything, 30))[0]).toContain(
      (40 * 1e8 + 30 * 3e8) / 70,
    );
  });
});

describe('usual durations', () => {
  const checkout = { service: 'front', operation: 'GET /checkout' };

  it('are medians of the hour before, or of the day where calls are few', async () => {
    const usual = await readUsualDurations(db, [checkout, { service: 'no', operation: 'no' }], at(hour));
    expect(usual).toEqual([{ ...checkout, p50Ns: 1e8, count: 40 }]);
    // 30 calls in the last hour are fewer than 50, so the day counts.
    expect(await readUsualDurations(db, [checkout], at(2 * hour))).toEqual([{ ...checkout, p50Ns: 1e8, count: 70 }]);
  });

  it('leave out what begins at the moment or later', async () => {
    expect(await readUsualDurations(db, [checkout], at(0))).toEqual([]);
    expect(await readUsualDurations(db, [checkout], -(2n ** 63n))).toEqual([]);
    expect(await readUsualDurations(db, [], at(hour))).toEqual([]);
  });
});

describe('services', () => {
  it('counts calls between them, with errors and durations of the called', async () => {
    expect(await readServiceCalls(db, range)).toEqual([
      { from: 'front', to: 'payment', calls: 30, errors: 10, p95Ns: 2.5e8 },
    ]);
  });

  it('counts every call of a parent that calls twice, and a repeated span once', async () => {
    const traceId = nextId();
    const parent = testSpan({ traceId, service: 'loop', atMs: 10 * hour });
    const call = { traceId, parentSpanId: parent.spanId, service: 'called', atMs: 10 * hour + 1 };
    const calls = [testSpan(call), testSpan(call), testSpan(call)];
    await store.insert([parent, ...calls]);
    await store.insert([parent, ...calls]);
    const own = { fromNs: at(10 * hour), toNs: at(11 * hour) };
    expect(await readServiceCalls(db, own)).toEqual([{ from: 'loop', to: 'called', calls: 3, errors: 0, p95Ns: null }]);
  });

  it('counts entries of each', async () => {
    expect(await readServiceFigures(db, range)).toEqual([
      { name: 'front', calls: 33, errors: 0, p95Ns: 3e8 },
      { name: 'payment', calls: 30, errors: 10, p95Ns: 2.5e8 },
      { name: 'worker', calls: 1, errors: 0, p95Ns: null },
    ]);
  });
});

describe('the newest span', () => {
  it('leaves out clocks that run far ahead, unless there is nothing else', async () => {
    const own = await openTestDatabase();
    try {
      expect(await readNewestMs(own.db, 5000)).toBeNull();
      await own.insert([testSpan({ startNs: 2n ** 63n - 1n })]);
      expect(await readNewestMs(own.db, 5000)).toBe(9_223_372_036_854);
      await own.insert([testSpan({ startNs: 4_000_000_000n })]);
      expect(await readNewestMs(own.db, 5000)).toBe(4000);
    } finally {
      await own.stop();
    }
  });
});

describe('hints', () => {
  const hints = async (text: string, within = range) => {
    const terms = parseSearchText(text).conditions;
    const found = await readHints(
      db,
      terms.map((t) => t.condition),
      within,
    );
    return found.map(({ drop, wouldFind }) => [drop === 'range' ? drop : terms[drop]?.text, wouldFind]);
  };

  it('name what to drop, the condition that excludes most first', async () => {
    expect(await hints('service=payment tier=bronze')).toEqual([['tier=bronze', 30]]);
    expect(await hints('service=worker operation="POST /pay" code=200')).toEqual([['service=worker', 30]]);
    expect(await hints('service=front operation=consume')).toEqual([
      ['operation=consume', 33],
      ['service=front', 1],
    ]);
  });

  it('name the range when there is more outside', async () => {
    expect(await hints('operation="GET /rare"', { fromNs: 0n, toNs: 1n })).toEqual([['range', 3]]);
    expect(await hints('', { fromNs: 0n, toNs: 1n })).toEqual([]);
  });
});

describe('completion', () => {
  const offered = async (typed: string) => (await suggest(db, typed, range)).map((s) => s.insert);

  it('offers services, operations and keys that contain the word', async () => {
    expect(await offered('pay')).toEqual(['service=payment', 'operation="POST /pay"']);
    expect(await offered('CHECK')).toEqual(['operation="GET /checkout"']);
    expect(await offered('service=front ti')).toEqual(['tier=']);
    expect(await offered('http')).toEqual(['http.route=']);
    expect(await offered('')).toEqual([]);
    expect(await offered('service=front ')).toEqual([]);
  });

  it('offers values of a key, those that begin with the text first', async () => {
    expect((await offered('tier=')).sort()).toEqual(['tier=gold', 'tier=silver']);
    expect(await offered('tier=l')).toEqual(expect.arrayContaining(['tier=gold', 'tier=silver']));
    expect(await offered('tier=s')).toEqual(['tier=silver']);
    expect(await offered('http.route="/pay')).toEqual(['http.route="/pay now"']);
    expect(await offered('service=w')).toEqual(['service=worker']);
    expect(await offered('operation=rare')).toEqual(['operation="GET /rare"']);
    expect(await offered('span.kind=cons')).toEqual(['span.kind=consumer']);
    expect(await offered('nowhere=x')).toEqual([]);
  });
});

describe('find in a trace', () => {
  it('looks into names, services, messages, keys, values and events', async () => {
    const traceId = 'f00d'.padEnd(32, '0');
    const root = testSpan({ traceId, service: 'Front', name: 'GET /basket', attributes: { 'user.id': 'u-17' } });
    const child = testSpan({
      traceId,
      parentSpanId: root.spanId,
      atMs: 1,
      name: 'work',
      statusMessage: 'lock wait',
      attributes: { 'test.inline': 'hidden' },
      resource: { 'host.name': 'node-9' },
      events: [{ timeNs: 1n, name: 'retrying', attributes: new Map([['reason', 'busy']]), droppedAttributes: 0 }],
    });
    await store.insert([child, child, root, testSpan({ traceId: 'f00e'.padEnd(32, '0'), name: 'GET /basket' })]);
    const find = (text: string) => findInTrace(db, traceId, text);
    expect(await find('BASKET')).toEqual([root.spanId]);
    expect(await find('front')).toEqual([root.spanId]);
    expect(await find('u-17')).toEqual([root.spanId]);
    expect(await find('user.id')).toEqual([root.spanId]);
    expect(await find('lock')).toEqual([child.spanId]);
    expect(await find('hidden')).toEqual([child.spanId]);
    expect(await find('node-9')).toEqual([child.spanId]);
    expect(await find('retry')).toEqual([child.spanId]);
    expect(await find('busy')).toEqual([child.spanId]);
    expect(await find('reason')).toEqual([child.spanId]);
    expect(await find('k')).toEqual([root.spanId, child.spanId]);
    expect(await find('nothing')).toEqual([]);
    expect(await find('')).toEqual([]);
    expect(await find('%')).toEqual([]);
  });
});
