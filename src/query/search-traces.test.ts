import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { manualClock } from '../base/clock.ts';
import type { Span } from '../model/span.ts';
import type { Database } from '../store/database.ts';
import { everything } from './find-spans.ts';
import { listOperations } from './list-operations.ts';
import { listServices } from './list-services.ts';
import { parseSearchText } from './parse-search-text.ts';
import { searchTraces, type TraceSearch } from './search-traces.ts';
import { summariseTrace } from './summarise-traces.ts';
import { openTestDatabase, type TestDatabase, testEpochNs, testSpan } from './test-spans.ts';

let store: TestDatabase;
let db: Database;
const clock = manualClock(Number(testEpochNs / 1_000_000n) + 7_200_000);
const hour = 3_600_000;

beforeAll(async () => {
  store = await openTestDatabase();
  db = store.db;
  await store.insert(stored());
});
afterAll(() => store.stop());

function trace(letter: string): string {
  return letter.charCodeAt(0).toString(16).repeat(16);
}

function stored(): Span[] {
  const front = testSpan({ traceId: trace('a'), name: 'GET /a', ms: 500, atMs: hour, attributes: { code: 200n } });
  const order = testSpan({
    traceId: trace('a'),
    parentSpanId: front.spanId,
    service: 'order',
    name: 'SELECT orders',
    kind: 3,
    atMs: hour + 5,
    ms: 350,
    statusCode: 2,
    statusMessage: 'deadlock found',
    attributes: { 'db.system': 'sqlite', 'db.statement': 'SELECT * FROM Orders WHERE id = 7' },
    events: [
      {
        timeNs: testEpochNs,
        name: 'exception',
        attributes: new Map([['exception.type', 'TimeoutError']]),
        droppedAttributes: 0,
      },
    ],
  });
  return [
    front,
    order,
    order,
    testSpan({ traceId: trace('b'), name: 'GET /b', ms: 20, atMs: 10, attributes: { code: '200', ratio: 0.5 } }),
    testSpan({
      traceId: trace('c'),
      name: 'POST /c',
      ms: 2000,
      atMs: 2 * hour - 10_000,
      attributes: { code: 500n, ok: false, ratio: 1, empty: '' },
      resource: { 'host.name': 'node-7' },
      scope: { name: 'http-lib', version: '3', attributes: new Map([['lang', 'js']]), schemaUrl: '' },
    }),
    testSpan({
      traceId: trace('d'),
      service: 'cart',
      name: 'consume',
      kind: 5,
      atMs: 20,
      attributes: { 'test.inline': 'x', code: 404n, 'other.key': 'code' },
    }),
    testSpan({ traceId: trace('e'), service: 'old', name: 'old', startNs: -(2n ** 63n), endNs: -(2n ** 63n) + 5n }),
    testSpan({ traceId: trace('f'), service: 'future', name: 'future', startNs: 2n ** 63n - 10n }),
    testSpan({ traceId: trace('g'), service: 'zero', name: 'zero', startNs: 0n, ms: 1 }),
    // A child alone: its root never arrived.
    testSpan({ traceId: trace('h'), service: 'lonely', parentSpanId: '00000000000000ff', atMs: 30 }),
  ];
}

async function find(text: string, search: Partial<TraceSearch> = {}): Promise<string> {
  const conditions = parseSearchText(text).conditions.map((c) => c.condition);
  const found = await searchTraces(db, clock, {
    conditions,
    range: everything,
    order: 'newest',
    limit: 100,
    ...search,
  });
  return found.traces.map((t) => String.fromCharCode(Number.parseInt(t.traceId.slice(0, 2), 16))).join('');
}

describe('search', () => {
  it.each([
    ['service=order', 'a'],
    ['service=shop', 'cab'],
    ['service=nobody', ''],
    ['service=shop operation="GET /b"', 'b'],
    // Every condition must hold of one span.
    ['service=shop operation="SELECT orders"', ''],
    ['code=200', 'ab'],
    ['code="200"', 'b'],
    ['code=500', 'c'],
    ['code=404', 'd'],
    ['code=4040', ''],
    ['other.key=code', 'd'],
    ['other.key=404', ''],
    ['code=code', ''],
    ['ok=false', 'c'],
    ['ok="false"', ''],
    ['ratio=0.5', 'b'],
    ['ratio=0.50', 'b'],
    ['ratio=1', 'c'],
    ['ratio=1.0', 'c'],
    ['empty=', 'c'],
    ['empty=""', 'c'],
    ['code=', ''],
    ['nowhere=1', ''],
    ['host.name=node-7', 'c'],
    ['resource.host.name=node-7', 'c'],
    ['resource.code=500', ''],
    ['lang=js', 'c'],
    ['otel.scope.name=http-lib', 'c'],
    ['otel.scope.version=3', 'c'],
    ['exception.type=TimeoutError', 'a'],
    ['exception.type=Other', ''],
    ['error', 'a'],
    ['error=true', 'a'],
    ['status=error', 'a'],
    ['service=order error=false', ''],
    ['span.kind=consumer', 'd'],
    ['otel.status_description="deadlock found"', 'a'],
    ['>1s', 'c'],
    ['>350ms', 'ca'],
    ['>=350ms <400ms', 'a'],
    ['<1ms', 'e'],
    ['orders', 'a'],
    ['ORDERS', 'a'],
    ['node-7', 'c'],
    ['node', 'c'],
    ['"where id"', 'a'],
    ['deadlock', 'a'],
    ['timeout', 'a'],
    ['orders nothing', ''],
    ['orders timeout', 'a'],
    [`x'" OR 1=1 --`, ''],
    ["name=x' OR '1'='1", ''],
  ])('%s finds "%s"', async (text, expected) => {
    expect(await find(text)).toBe(expected);
  });

  it('orders by start or by duration, and limits', async () => {
    expect(await find('')).toBe('fcahdbge');
    expect(await find('', { limit: 3 })).toBe('fca');
    expect(await find('', { order: 'slowest', limit: 2 })).toBe('ca');
  });

  it('keeps to the time range, both ends included', async () => {
    const at = (ms: number) => testEpochNs + BigInt(ms) * 1_000_000n;
    expect(await find('', { range: { fromNs: at(10), toNs: at(20) } })).toBe('db');
    expect(await find('', { range: { fromNs: at(11), toNs: at(19) } })).toBe('');
    expect(await find('', { range: { fromNs: at(20), toNs: at(10) } })).toBe('');
    expect(await find('', { range: { fromNs: 0n, toNs: at(15) } })).toBe('bg');
  });

  it('says when there may be more', async () => {
    const search = { conditions: [], range: everything, order: 'newest' as const };
    expect((await searchTraces(db, clock, { ...search, limit: 3 })).more).toBe(true);
    expect((await searchTraces(db, clock, { ...search, limit: 100 })).more).toBe(false);
  });

  it('finds every trace although one of them fills the rows read', async () => {
    const many = Array.from({ length: 300 }, (_, i) =>
      testSpan({ traceId: trace('m'), service: 'flood', name: 'f', atMs: 1000 + i, ms: 50 + i }),
    );
    const few = ['n', 'o', 'p'].map((letter, i) =>
      testSpan({ traceId: trace(letter), service: 'flood', name: 'f', atMs: 900 - i, ms: 40 - i }),
    );
    await store.insert([...many, ...few]);
    expect(await find('service=flood', { limit: 4 })).toBe('mnop');
    expect(await find('service=flood', { limit: 4, order: 'slowest' })).toBe('mnop');
  });

  it('answers 1,500 traces', async () => {
    const spans = Array.from({ length: 1600 }, (_, i) =>
      testSpan({ traceId: `5${i.toString(16).padStart(31, '0')}`, service: 'many', atMs: 5000 + i }),
    );
    await store.insert(spans);
    const conditions = [{ kind: 'service', name: 'many' }] as const;
    const found = await searchTraces(db, clock, { conditions, range: everything, order: 'newest', limit: 1500 });
    expect(found.traces.map((t) => t.traceId)).toEqual(
      spans
        .slice(100)
        .reverse()
        .map((s) => s.traceId),
    );
    expect(found.more).toBe(true);
  });
});

describe('a summary', () => {
  it('is the root, with each span counted once', async () => {
    expect(await summariseTrace(db, trace('a'))).toEqual({
      traceId: trace('a'),
      service: 'shop',
      operation: 'GET /a',
      hasRoot: true,
      startNs: testEpochNs + 3_600_000_000_000n,
      endNs: testEpochNs + 3_600_500_000_000n,
      durationNs: 500_000_000n,
      spans: 2,
      errors: 1,
      services: [
        { name: 'order', spans: 1 },
        { name: 'shop', spans: 1 },
      ],
    });
    expect(await summariseTrace(db, '1'.repeat(32))).toBeUndefined();
  });

  it('takes the earliest span where no root arrived', async () => {
    expect(await summariseTrace(db, trace('h'))).toMatchObject({ hasRoot: false, service: 'lonely', spans: 1 });
  });

  it('does not wrap at the end of time', async () => {
    expect((await summariseTrace(db, trace('f')))?.endNs).toBe(2n ** 63n - 10n + 10_000_000n);
  });

  it('covers a trace that lasts longer than what is read around the match', async () => {
    const traceId = trace('l');
    const root = testSpan({ traceId, service: 'long', name: 'root', ms: 1_800_000 });
    const late = testSpan({ traceId, service: 'long', name: 'late', parentSpanId: root.spanId, atMs: 1_700_000 });
    await store.insert([root, late]);
    const conditions = [{ kind: 'operation', name: 'late' }] as const;
    const found = await searchTraces(db, clock, { conditions, range: everything, order: 'newest', limit: 5 });
    expect(found.traces[0]).toMatchObject({ hasRoot: true, operation: 'root', spans: 2 });
  });
});

describe('lists', () => {
  it('names every service, also those that share a granule with others', async () => {
    expect(await listServices(db)).toEqual([
      'cart',
      'flood',
      'future',
      'lonely',
      'long',
      'many',
      'old',
      'order',
      'shop',
      'zero',
    ]);
  });

  it('names operations with their kinds', async () => {
    await store.insert([testSpan({ traceId: trace('z'), service: 'cart', name: 'consume', kind: 3 })]);
    expect(await listOperations(db, 'cart')).toEqual([
      { name: 'consume', kind: 3 },
      { name: 'consume', kind: 5 },
    ]);
    expect(await listOperations(db, 'nobody')).toEqual([]);
  });
});
