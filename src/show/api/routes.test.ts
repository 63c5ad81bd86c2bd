import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Clock, manualClock } from '../../base/clock.ts';
import { silentLog } from '../../base/log.ts';
import { decodeSkeleton } from '../../model/skeleton.ts';
import type { Span } from '../../model/span.ts';
import { openTestDatabase, type TestDatabase, testEpochNs, testSpan } from '../../query/test-spans.ts';
import { ask } from '../test-request.ts';
import { languageOf, parseSearchParameters } from './parameters.ts';
import { apiRoutes } from './routes.ts';
import type {
  DemoState,
  Home,
  SearchAnswer,
  ServiceMap,
  SpanDetails,
  Stats,
  Suggestions,
  TraceHead,
  TraceVerdict,
} from './types.ts';

const minute = 60_000;
const hour = 60 * minute;
const startMs = Number(testEpochNs / 1_000_000n);
const nowMs = startMs + 2 * hour;
const micros = (ms: number) => (startMs + ms) * 1000;

let store: TestDatabase;
let clock: ReturnType<typeof manualClock>;

const slowId = 'abc1234d00000000000000000000beef';
const freshId = '0000000000000000fe51000000000001';

beforeAll(async () => {
  store = await openTestDatabase();
  clock = manualClock(nowMs);
  await store.insert(stored());
});
afterAll(() => store.stop());

function order(traceId: string, atMs: number, slow: boolean): Span[] {
  const at = (ms: number) => ({ traceId, atMs: atMs + ms });
  const root = testSpan({
    ...at(0),
    service: 'frontend',
    name: 'GET /checkout',
    ms: slow ? 500 : 150,
    resource: { 'ariane.demo': true },
  });
  const post = testSpan({
    ...at(10),
    service: 'order',
    name: 'POST /orders',
    ms: slow ? 400 : 50,
    parentSpanId: root.spanId,
  });
  const select = testSpan({
    ...at(20),
    service: 'order',
    name: 'SELECT orders',
    kind: 3,
    ms: slow ? 350 : 28,
    parentSpanId: post.spanId,
    attributes: { 'db.system.name': 'sqlite', 'db.query.text': `<script>"it's"</script>`, rows: 40n, ratio: 0.5 },
    events: [{ timeNs: testEpochNs, name: 'scan', attributes: new Map([['table', 'orders']]), droppedAttributes: 0 }],
  });
  return [root, post, select];
}

function stored(): Span[] {
  const usual = Array.from({ length: 60 }, (_, i) => order((i + 1).toString(16).padStart(32, '7'), i * minute, false));
  return [
    ...usual.flat(),
    ...order(slowId, 90 * minute, true),
    testSpan({ traceId: freshId, service: 'cart', name: 'GET /cart', atMs: 2 * hour - 30_000, ms: 5, statusCode: 2 }),
  ];
}

const stats = { version: '1', uptime_s: 1 } as Stats;
const demoState: DemoState = {
  running: false,
  hasIndex: false,
  requests: 0,
  hasData: true,
  shopUrl: null,
  problem: null,
};

function routes(overrides: { clock?: Clock; stats?: () => Promise<Stats> } = {}) {
  const told = (problem: string) => Promise.resolve({ ...demoState, problem });
  return apiRoutes({
    database: store.db,
    log: silentLog,
    clock,
    stats: () => Promise.resolve(stats),
    demo: {
      state: () => Promise.resolve(demoState),
      start: () => told('start'),
      stop: () => told('stop'),
      addIndex: () => told('index'),
      remove: () => told('remove'),
    },
    ...overrides,
  });
}

async function get<T>(address: string, headers: Record<string, string> = {}): Promise<T> {
  const reply = await ask(routes(), address, { headers });
  expect(reply.text).not.toContain('"error":');
  expect(reply.status).toBe(200);
  expect(reply.headers).toMatchObject({
    'content-type': 'application/json; charset=utf-8',
    'cache-control': 'no-store',
  });
  return JSON.parse(reply.text) as T;
}

async function refused(address: string, method = 'GET') {
  const reply = await ask(routes(), address, { method });
  const { error } = JSON.parse(reply.text) as { error: { status: number; message: string } };
  expect(error.status).toBe(reply.status);
  return [error.status, error.message];
}

describe('search', () => {
  it('answers summaries with the figures of the root', async () => {
    const answer = await get<SearchAnswer>('/api/search?service=order&minDuration=300ms&leaders=true');
    expect(answer).toMatchObject({ more: false, hints: [], newestMs: startMs + 90 * minute });
    expect(answer.tookMs).toBeGreaterThan(0);
    expect(answer.traces).toEqual([
      {
        traceId: slowId,
        service: 'frontend',
        operation: 'GET /checkout',
        hasRoot: true,
        startNs: String(testEpochNs + 5_400_000_000_000n),
        durationNs: 5e8,
        spans: 3,
        errors: 0,
        services: [
          { name: 'order', spans: 2 },
          { name: 'frontend', spans: 1 },
        ],
        leader: { service: 'order', operation: 'SELECT orders', share: 0.7 },
      },
    ]);
  });

  it('takes every parameter', async () => {
    const ids = async (query: string) => (await get<SearchAnswer>(`/api/search?${query}`)).traces.map((t) => t.traceId);
    expect(await ids('operation=GET%20/cart')).toEqual([freshId]);
    expect(await ids('attribute=rows%3D40&attribute=ratio%3D0.5&limit=1')).toEqual([slowId]);
    expect(await ids('attribute=rows%3D%2240%22')).toEqual([]);
    expect(await ids('errors=true')).toEqual([freshId]);
    expect(await ids('service=frontend&maxDuration=150ms')).toHaveLength(50);
    expect(await ids('service=frontend&maxDuration=150ms&limit=1500')).toHaveLength(60);
    expect(await ids('order=slowest&limit=1')).toEqual([slowId]);
    expect(await ids(`startUs=${micros(89 * minute)}&endUs=${micros(91 * minute)}`)).toEqual([slowId]);
    expect(await ids(`startUs=${micros(91 * minute)}&endUs=${micros(89 * minute)}`)).toEqual([]);
    expect(await ids(`q=${encodeURIComponent('orders >300ms')}`)).toEqual([slowId]);
  });

  it('finds a pasted id whatever the range', async () => {
    for (const q of [slowId, 'ABC1234', `00-${slowId}-b7ad6b7169203331-01`, 'fe51000000000001']) {
      const { traces } = await get<SearchAnswer>(`/api/search?startUs=1&endUs=2&q=${q}`);
      expect(traces.map((t) => t.traceId)).toEqual([q.startsWith('fe51') ? freshId : slowId]);
    }
  });

  it('says what to drop when nothing matches', async () => {
    const query = 'service=order&attribute=rows%3D41&errors=false&q=orders';
    const { traces, hints } = await get<SearchAnswer>(`/api/search?${query}`);
    expect(traces).toEqual([]);
    expect(hints).toEqual([{ drop: 'attribute=rows=41', wouldFind: 61 }]);
    const outside = await get<SearchAnswer>('/api/search?service=cart&startUs=1&endUs=2');
    expect(outside).toMatchObject({ hints: [{ drop: 'range', wouldFind: 1 }], newestMs: nowMs - 30_000 });
  });

  it.each([
    ['limit=0', 'limit: expected a number from 1 to 1500, got "0"'],
    ['limit=x', 'limit: expected a number from 1 to 1500, got "x"'],
    ['order=oldest', 'order: expected newest or slowest, got "oldest"'],
    ['minDuration=5', 'minDuration: expected a duration such as 500ms or 2s, got "5"'],
    ['maxDuration=-5ms', 'maxDuration: expected a duration such as 500ms or 2s, got "-5ms"'],
    ['attribute=x', 'attribute: expected key=value, got "x"'],
    ['startUs=now', 'startUs: expected whole µs since 1970, got "now"'],
    ['endUs=1.5', 'endUs: expected whole µs since 1970, got "1.5"'],
    ['errors=maybe', 'errors: expected true or false, got "maybe"'],
    [`q=${'x'.repeat(5000)}`, 'q: 5000 characters, at most 4096 are read'],
  ])('refuses %s', async (query, message) => {
    expect(await refused(`/api/search?${query}`)).toEqual([400, message]);
  });

  it('reads any parameters or refuses them', () => {
    const names = [
      'q',
      'service',
      'operation',
      'attribute',
      'minDuration',
      'maxDuration',
      'errors',
      'startUs',
      'endUs',
      'limit',
      'order',
    ];
    const value = fc.oneof(
      fc.string(),
      fc.bigInt().map(String),
      fc.constantFrom('1e99h', 'a=b', '=', '"', 'true', '0x1'),
    );
    fc.assert(
      fc.property(fc.array(fc.tuple(fc.constantFrom(...names), value)), (pairs) => {
        try {
          const { limit, range } = parseSearchParameters(new URLSearchParams(pairs));
          expect(limit).toBeLessThanOrEqual(1500);
          expect(range.toNs).toBeLessThan(2n ** 63n);
        } catch (error) {
          expect(error).toMatchObject({ name: 'BadInput', status: 400 });
        }
      }),
      { numRuns: 3000 },
    );
  });
});

describe('a trace', () => {
  it('answers its head, by any form of its id', async () => {
    const head = await get<TraceHead>('/api/trace/abc1234');
    expect(head).toMatchObject({
      traceId: slowId,
      settled: true,
      alsoMatching: [],
      isDemo: true,
      summary: { spans: 3 },
    });
    expect(await get<TraceHead>('/api/trace/fe51000000000001')).toMatchObject({
      traceId: freshId,
      settled: false,
      isDemo: false,
    });
    expect((await get<TraceHead>('/api/trace/777777')).alsoMatching).toHaveLength(20);
  });

  it('answers its skeleton', async () => {
    const reply = await ask(routes(), '/api/trace/abc1234/skeleton');
    expect(reply.headers['content-type']).toBe('application/octet-stream');
    const trace = decodeSkeleton(reply.bytes);
    expect([trace.traceId, trace.count, trace.names]).toEqual([
      slowId,
      3,
      ['GET /checkout', 'POST /orders', 'SELECT orders'],
    ]);
    expect([...trace.durationNs]).toEqual([5e8, 4e8, 3.5e8]);
  });

  it('answers details of spans', async () => {
    const found = await get<{ span_ids: string[] }>(`/api/trace/${slowId}/find?q=SELECT`);
    const [id = ''] = found.span_ids;
    const { spans } = await get<{ spans: SpanDetails[] }>(
      `/api/trace/${slowId}/spans?ids=${id.toUpperCase()},${'9'.repeat(16)}`,
    );
    expect(spans).toHaveLength(1);
    expect(spans[0]).toMatchObject({
      spanId: id,
      service: 'order',
      operation: 'SELECT orders',
      kind: 'client',
      durationNs: 3.5e8,
      status: 'unset',
      attributes: [
        { key: 'db.system.name', type: 's', text: 'sqlite' },
        { key: 'db.query.text', type: 's', text: `<script>"it's"</script>` },
        { key: 'rows', type: 'i', text: '40' },
        { key: 'ratio', type: 'd', text: '0.5' },
      ],
      resource: [{ key: 'service.name', type: 's', text: 'order' }],
      scope: { name: 'test', version: '1', attributes: [] },
      events: [
        { timeNs: String(testEpochNs), name: 'scan', attributes: [{ key: 'table', type: 's', text: 'orders' }] },
      ],
      dropped: { attributes: 0, events: 0, links: 0 },
    });
  });

  it('finds text in it', async () => {
    expect((await get<{ span_ids: string[] }>(`/api/trace/${slowId}/find?q=nothing`)).span_ids).toEqual([]);
    expect((await get<{ span_ids: string[] }>(`/api/trace/${slowId}/find?q=order`)).span_ids).toHaveLength(2);
  });

  it.each([
    ['/api/trace/1111111', 404, 'no trace 1111111 is stored: not here yet, or dropped'],
    ['/api/trace/1111111/skeleton', 404, 'no trace 1111111 is stored: not here yet, or dropped'],
    ['/api/trace/1111111/find?q=x', 404, 'no trace 1111111 is stored: not here yet, or dropped'],
    [`/api/trace/1111111/spans?ids=${'1'.repeat(16)}`, 404, 'no trace 1111111 is stored: not here yet, or dropped'],
    ['/api/why/1111111', 404, 'no trace 1111111 is stored: not here yet, or dropped'],
    ['/api/trace/xyz', 400, '"xyz" is no trace id: 1 to 32 hex digits expected'],
    ['/api/why/xyz', 400, '"xyz" is no trace id: 1 to 32 hex digits expected'],
    [`/api/trace/${slowId}/spans`, 400, 'ids: expected 1 to 200 span ids of 16 hex digits, with commas between'],
    [`/api/trace/${slowId}/spans?ids=1`, 400, 'ids: expected 1 to 200 span ids of 16 hex digits, with commas between'],
    [
      `/api/trace/${slowId}/spans?ids=${`${'1'.repeat(16)},`.repeat(201)}`,
      400,
      'ids: expected 1 to 200 span ids of 16 hex digits, with commas between',
    ],
    [`/api/trace/${slowId}/find?q=${'x'.repeat(1001)}`, 400, 'q: 1001 characters, at most 1000 are read'],
    ['/api/nothing', 404, 'nothing is at /api/nothing'],
    ['/api/home?start=x', 400, 'start: expected whole µs since 1970, got "x"'],
    [`/api/why/${slowId}?lang=de`, 400, 'lang: expected en or fr, got "de"'],
  ])('refuses %s', async (address, status, message) => {
    expect(await refused(address)).toEqual([status, message]);
  });
});

describe('why', () => {
  it('compares with what was usual before', async () => {
    const verdict = await get<TraceVerdict>(`/api/why/abc1234`);
    expect(verdict).toMatchObject({ trace_id: slowId, duration_ns: 5e8, usual_ns: 1.5e8 });
    expect(verdict.causes[0]).toMatchObject({
      service: 'order',
      operation: 'SELECT orders',
      kind: 'database',
      usual_ns: 2.8e7,
    });
    const sum = verdict.causes.reduce((ns, cause) => ns + cause.contribution_ns, verdict.unexplained_ns);
    expect(sum).toBe(verdict.duration_ns);
  });

  it('speaks the language asked for', async () => {
    expect((await get<TraceVerdict>(`/api/why/${slowId}?lang=fr`)).verdict.text).toContain('habituelles');
    expect(
      (await get<TraceVerdict>(`/api/why/${slowId}`, { 'accept-language': 'fr-CA, en;q=0.5' })).verdict.text,
    ).toContain('habituelles');
    expect((await get<TraceVerdict>(`/api/why/${slowId}?lang=en`, { 'accept-language': 'fr' })).verdict.text).toContain(
      'usual',
    );
  });

  it.each([
    ['', 'en'],
    ['de', 'en'],
    ['de, fr;q=0.1', 'fr'],
    ['fr;q=0.4, en;q=0.5', 'en'],
    ['fr;q=0, en;q=0.1', 'en'],
    ['FR', 'fr'],
    [';;,,q=', 'en'],
  ])('of "%s" it picks %s', (header, language) => {
    expect(languageOf(new URLSearchParams(), header)).toBe(language);
  });
});

describe('overviews', () => {
  it('gives home, ordered by time lost', async () => {
    const home = await get<Home>('/api/home?lang=en');
    expect(home).toMatchObject({ startUs: micros(hour), endUs: micros(2 * hour), order: 'lost' });
    expect(home.rows.map((r) => [r.service, r.operation, r.calls, r.errors])).toEqual([
      ['frontend', 'GET /checkout', 1, 0],
      ['order', 'POST /orders', 1, 0],
      ['cart', 'GET /cart', 1, 1],
    ]);
    expect(home.rows[0]).toMatchObject({
      rate: 1 / 3600,
      meanNs: 5e8,
      p95Ns: null,
      lostNs: 3.5e8,
      totalNs: 5e8,
      slowest: { traceId: slowId, durationNs: 5e8 },
    });
    expect(home.rows[0]?.why).toMatch(/^350.ms in order · SELECT orders, one query/u);
    expect(home.rows[0]?.sparkNs.map((ns) => ns ?? 0)).toEqual(
      Array.from({ length: 30 }, (_, i) => (i === 15 ? 5e8 : 0)),
    );
    expect(home.rows[2]).toMatchObject({ lostNs: null });
  });

  it('orders by total time where nothing is usual yet', async () => {
    const home = await get<Home>(`/api/home?start=${micros(0)}&end=${micros(hour)}`);
    expect(home.order).toBe('total');
    expect(home.rows[0]).toMatchObject({ operation: 'GET /checkout', calls: 60, p99Ns: 1.5e8, lostNs: null });
  });

  it('gives the map', async () => {
    const map = await get<ServiceMap>(`/api/map?start=${micros(0)}&end=${micros(2 * hour)}`);
    expect(map.edges).toEqual([{ from: 'frontend', to: 'order', calls: 61, errors: 0, p95Ns: expect.any(Number) }]);
    expect(map.services.map((s) => [s.name, s.calls, s.errors])).toEqual([
      ['frontend', 61, 0],
      ['order', 61, 0],
      ['cart', 1, 1],
    ]);
  });

  it('completes', async () => {
    const { items } = await get<Suggestions>('/api/suggest?q=cart');
    expect(items[0]).toEqual({ kind: 'service', insert: 'service=cart', label: 'cart' });
  });
});

describe('stats and demo', () => {
  it('gives what the deps say', async () => {
    expect(await get<Stats>('/api/stats')).toEqual(stats);
    expect(await get<DemoState>('/api/demo')).toEqual(demoState);
  });

  it.each(['start', 'stop', 'index', 'remove'])('runs %s', async (command) => {
    const reply = await ask(routes(), `/api/demo/${command}`, { method: 'POST' });
    expect(JSON.parse(reply.text)).toMatchObject({ problem: command });
  });

  it('knows no other command', async () => {
    expect(await refused('/api/demo/explode', 'POST')).toEqual([
      404,
      'the demo knows start, stop, index and remove, not "explode"',
    ]);
  });

  it('tells changes every second until the listener leaves', async () => {
    const leaving = new AbortController();
    const time = manualClock();
    let reads = 0;
    const live = routes({
      clock: time,
      // The third figure is new, the second is not; then the store is away.
      stats: () =>
        ++reads === 4
          ? Promise.reject(new Error('away'))
          : Promise.resolve({ ...stats, uptime_s: reads, version: reads < 3 ? 'a' : 'b' }),
    }).find((route) => route.path === '/api/live');
    const request = {
      method: 'GET',
      path: '/api/live',
      params: {},
      query: new URLSearchParams(),
      headers: {},
      remote: '',
      closed: leaving.signal,
      body: () => Promise.resolve(new Uint8Array()),
    };
    const reply = await live?.handle(request);
    expect(reply?.headers?.['content-type']).toBe('text/event-stream');
    const heard: string[] = [];
    const listening = (async () => {
      for await (const part of (reply?.body ?? []) as AsyncIterable<string>) heard.push(part);
    })();
    for (let second = 0; second < 20; second++) {
      await new Promise(setImmediate);
      time.advance(1000);
    }
    await new Promise(setImmediate);
    leaving.abort();
    await listening;
    expect(heard.map((text) => /"version":"(\w)"/.exec(text)?.[1] ?? text.trim())).toEqual([
      ': open',
      'a',
      'b',
      ': still here',
    ]);
    expect(heard[1]).toMatch(/^event: stats\ndata: \{.*\}\n\n$/);
  });
});
