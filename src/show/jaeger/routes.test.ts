import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { manualClock } from '../../base/clock.ts';
import type { Span } from '../../model/span.ts';
import { openTestDatabase, type TestDatabase, testEpochNs, testSpan } from '../../query/test-spans.ts';
import { ask } from '../test-request.ts';
import { parseSearch, parseTraceId } from './parameters.ts';
import { jaegerRoutes } from './routes.ts';

const nowMs = Number(testEpochNs / 1_000_000n) + 600_000;
let store: TestDatabase;

beforeAll(async () => {
  store = await openTestDatabase();
  await store.insert(stored());
});
afterAll(() => store.stop());

const wide = '0af7651916cd43dd8448eb211c80319c';
const narrow = '0000000000000000008899aabbccddee';

/** A few hundred spans of several shapes, and some by hand. */
function stored(): Span[] {
  const traces = Array.from({ length: 100 }, (_, i) => {
    const traceId = (0xa0000000 + i).toString(16).padEnd(32, '0');
    const front = testSpan({ traceId, service: 'front', name: `GET /${i % 5}`, atMs: i * 1000, ms: 10 + i });
    const call = { traceId, parentSpanId: front.spanId, atMs: i * 1000 + 1 };
    const attributes = i % 2 === 0 ? { 'http.status_code': 200n, n: i } : { n: i, 'http.status_code': '200' };
    const back = testSpan({ ...call, service: 'back', name: 'work', ms: 5, attributes });
    const local = testSpan({
      ...call,
      service: 'front',
      name: 'local',
      kind: 1,
      ms: 1,
      statusCode: i % 10 === 0 ? 2 : 0,
    });
    return [front, back, local];
  });
  const root = testSpan({ traceId: wide, service: 'front', name: '', kind: 0, atMs: 500_000, ms: -5 });
  return [
    ...traces.flat(),
    root,
    root,
    testSpan({ traceId: narrow, service: 'narrow', name: 'n', parentSpanId: 'dead00000000beef', atMs: 500_001 }),
    testSpan({ traceId: '1677'.padEnd(32, '0'), service: 'wild', name: '1677', startNs: -(2n ** 63n) }),
    testSpan({ traceId: '1970'.padEnd(32, '0'), service: 'wild', name: '1970', startNs: 0n }),
    testSpan({ traceId: '2262'.padEnd(32, '0'), service: 'wild', name: '2262', startNs: 2n ** 63n - 1n, ms: 0 }),
  ];
}

async function get(address: string) {
  const reply = await ask(jaegerRoutes({ database: store.db, clock: manualClock(nowMs) }), address);
  return { ...reply, json: JSON.parse(reply.text) as Answer };
}

interface Answer {
  data: { traceID: string; spans: { spanID: string; warnings: string[] | null }[] }[];
  errors: { code?: number; msg: string }[] | null;
}

const ok = (data: unknown, total = 0) => ({ data, total, limit: 0, offset: 0, errors: null });
const failed = (code: number, msg: string) => ({ data: null, total: 0, limit: 0, offset: 0, errors: [{ code, msg }] });

async function search(query: string): Promise<string[]> {
  const { status, json } = await get(`/api/traces?${query}`);
  expect(status).toBe(200);
  return json.data.map((trace) => trace.traceID);
}

describe('lists', () => {
  it('gives services', async () => {
    const names = ['back', 'front', 'narrow', 'wild'];
    expect((await get('/api/services')).json).toEqual(ok(names, 4));
  });

  it('gives operations with kinds, of one kind or of all', async () => {
    const all = [
      { name: 'GET /0', spanKind: 'server' },
      { name: 'GET /1', spanKind: 'server' },
      { name: 'GET /2', spanKind: 'server' },
      { name: 'GET /3', spanKind: 'server' },
      { name: 'GET /4', spanKind: 'server' },
      { name: 'local', spanKind: 'internal' },
    ];
    const unnamed = { name: 'empty-span-name', spanKind: '' };
    expect((await get('/api/operations?service=front')).json).toEqual(ok([unnamed, ...all], 7));
    expect((await get('/api/operations?service=front&spanKind=server')).json).toEqual(ok(all.slice(0, 5), 5));
    expect((await get('/api/operations?service=nobody')).json).toEqual(ok([], 0));
  });

  it('gives names only at the older address', async () => {
    expect((await get('/api/services/back/operations')).json).toEqual(ok(['work'], 1));
    expect((await get('/api/services/a%2Fb/operations')).json).toEqual(ok([], 0));
  });

  it('needs a service', async () => {
    const reply = await get('/api/operations');
    expect(reply.status).toBe(400);
    expect(reply.json).toEqual(failed(400, "parameter 'service' is required"));
  });
});

describe('a trace by id', () => {
  it.each([wide, wide.toUpperCase(), 'CvdlGRbNQ92ESOshHIAxnA==', 'CvdlGRbNQ92ESOshHIAxnA'])(
    'answers %s',
    async (id) => {
      const { json } = await get(`/api/traces/${encodeURIComponent(id)}`);
      expect(json.data.map((t) => [t.traceID, t.spans.length])).toEqual([[wide, 1]]);
      expect(json.data[0]?.spans[0]?.warnings?.[0]).toContain('Negative duration detected');
    },
  );

  it.each([narrow, '008899aabbccddee', '8899aabbccddee'])('answers the 64-bit id %s', async (id) => {
    expect((await get(`/api/traces/${id}`)).json.data[0]?.traceID).toBe('008899aabbccddee');
  });

  it('takes no prefix for an id', async () => {
    expect((await get('/api/traces/0af76519')).status).toBe(404);
  });

  it('warns of a missing parent unless raw', async () => {
    const warnings = async (query: string) =>
      (await get(`/api/traces/${narrow}?${query}`)).json.data[0]?.spans[0]?.warnings;
    expect(await warnings('')).toHaveLength(1);
    expect(await warnings('raw=true')).toBeNull();
    expect(await warnings('raw=false&prune=true&start=1&end=2')).toHaveLength(1);
  });

  it.each([
    ['unknown', '1'.repeat(32), 404, 'trace not found'],
    ['not hex', 'xyz', 400, 'strconv.ParseUint: parsing "xyz": invalid syntax'],
    ['too long', '1'.repeat(33), 400, `TraceID cannot be longer than 32 hex characters: ${'1'.repeat(33)}`],
    [
      'raw',
      `${wide}?raw=maybe`,
      400,
      `unable to parse param 'raw': strconv.ParseBool: parsing "maybe": invalid syntax`,
    ],
    ['start', `${wide}?start=x`, 400, `unable to parse param 'start': strconv.ParseInt: parsing "x": invalid syntax`],
  ])('refuses: %s', async (_, id, status, msg) => {
    const reply = await get(`/api/traces/${id}`);
    expect(reply.status).toBe(status);
    expect(reply.json).toEqual(failed(status, msg));
  });

  it('prints prettily when asked', async () => {
    expect((await get(`/api/traces/${wide}?prettyPrint=true`)).text).toContain('\n    "data": [');
    expect((await get(`/api/traces/${wide}?prettyPrint=false`)).text).not.toContain('\n');
  });
});

describe('search', () => {
  const idOf = (i: number) => (0xa0000000 + i).toString(16).padEnd(32, '0');
  const micros = (ms: number) => Number(testEpochNs / 1000n) + ms * 1000;

  it('gives whole traces, the newest first', async () => {
    const { json, headers } = await get('/api/traces?service=back&limit=3');
    expect(headers['content-type']).toBe('application/json');
    expect(json.data.map((t) => [t.traceID, t.spans.length])).toEqual([99, 98, 97].map((i) => [idOf(i), 3]));
    expect(json).toMatchObject({ total: 0, limit: 0, offset: 0, errors: null });
  });

  it('limits to 100 unless told', async () => {
    expect(await search('service=front')).toHaveLength(100);
    expect(await search('service=front&limit=1500')).toHaveLength(101);
    expect(await search('service=front&limit=99999')).toHaveLength(101);
  });

  it('finds by operation, duration, and time', async () => {
    expect(await search('service=front&operation=GET%20/3&limit=2')).toEqual([idOf(98), idOf(93)]);
    expect(await search('service=front&operation=empty-span-name')).toEqual([wide]);
    expect(await search('service=front&minDuration=107ms&maxDuration=108ms')).toEqual([idOf(98), idOf(97)]);
    expect(await search(`service=front&start=${micros(5000)}&end=${micros(6000)}`)).toEqual([idOf(6), idOf(5)]);
    expect(await search(`service=front&start=${micros(6000)}&end=${micros(5000)}`)).toEqual([]);
  });

  it('finds a number and its text by tag and by tags', async () => {
    expect(await search('service=back&tag=http.status_code:200')).toHaveLength(100);
    expect(await search(`service=back&tags=${encodeURIComponent('{"http.status_code":"200","n":"7"}')}`)).toEqual([
      idOf(7),
    ]);
    expect(await search('service=back&tag=http.status_code:200&tag=n:8')).toEqual([idOf(8)]);
    expect(await search('service=back&tag=n:7:8')).toEqual([]);
    expect(await search('service=front&tag=error:true&limit=2')).toEqual([idOf(90), idOf(80)]);
    expect(await search('service=front&tag=span.kind:internal&limit=1')).toEqual([idOf(99)]);
    expect(await search('service=nobody')).toEqual([]);
  });

  it('looks back two days unless told', async () => {
    expect(await search('service=wild')).toEqual([]);
    const all = await search(`service=wild&start=${-(2n ** 63n)}&end=${2n ** 63n - 1n}`);
    expect(all.map((id) => id.slice(0, 4))).toEqual(['2262', '1970', '1677']);
  });

  it('answers ids, and says which are unknown', async () => {
    const { status, json } = await get(`/api/traces?traceID=${narrow}&traceID=abc&traceID=${wide}&limit=0`);
    expect(status).toBe(200);
    expect(json.data.map((t) => t.traceID)).toEqual(['008899aabbccddee', wide]);
    expect(json.errors).toEqual([{ msg: 'trace not found', traceID: '0000000000000abc' }]);
  });

  it.each([
    ['', "parameter 'service' is required"],
    ['service=a&limit=0', 'search depth must be greater than 0'],
    ['service=a&limit=-1', 'search depth must be greater than 0'],
    ['service=a&limit=x', 'strconv.ParseInt: parsing "x": invalid syntax'],
    ['service=a&limit=9999999999', 'strconv.ParseInt: parsing "9999999999": value out of range'],
    ['service=a&start=1.5', `unable to parse param 'start': strconv.ParseInt: parsing "1.5": invalid syntax`],
    ['service=a&end=now', `unable to parse param 'end': strconv.ParseInt: parsing "now": invalid syntax`],
    ['service=a&minDuration=100', `unable to parse param 'minDuration': time: missing unit in duration "100"`],
    ['service=a&maxDuration=x', `unable to parse param 'maxDuration': time: invalid duration "x"`],
    ['service=a&minDuration=2s&maxDuration=1s', "'maxDuration' should be greater than 'minDuration'"],
    ['service=a&tag=x', "malformed 'tag' parameter, expecting key:value, received: x"],
    ['service=a&tags={', /^malformed 'tags' parameter, cannot unmarshal JSON: /],
    ['service=a&tags={"a":1}', /cannot unmarshal JSON: the value of "a" must be a string/],
    ['service=a&tags=[]', /cannot unmarshal JSON/],
    ['traceID=zz', 'cannot parse traceID param: strconv.ParseUint: parsing "zz": invalid syntax'],
    ['service=a&raw=2', `unable to parse param 'raw': strconv.ParseBool: parsing "2": invalid syntax`],
  ])('refuses "%s"', async (query, msg) => {
    const reply = await get(`/api/traces?${query}`);
    expect(reply.status).toBe(400);
    expect(reply.json).toEqual(failed(400, typeof msg === 'string' ? msg : expect.stringMatching(msg)));
  });

  it('reads any parameters or refuses them, and never answers without bounds', () => {
    const names = [
      'service',
      'operation',
      'tag',
      'tags',
      'start',
      'end',
      'minDuration',
      'maxDuration',
      'limit',
      'traceID',
      'raw',
    ];
    const value = fc.oneof(
      fc.string(),
      fc.integer().map(String),
      fc.constantFrom('1e999s', '9223372036854775808', '{}', 'null', '1h', 'a:b'),
    );
    fc.assert(
      fc.property(fc.array(fc.tuple(fc.constantFrom(...names), value)), (pairs) => {
        try {
          const found = parseSearch(new URLSearchParams(pairs), nowMs);
          expect(found.limit).toBeLessThanOrEqual(1500);
          expect(found.range.fromNs).toBeGreaterThanOrEqual(-(2n ** 63n));
          for (const id of found.traceIds) expect(id).toMatch(/^[0-9a-f]{32}$/);
        } catch (error) {
          expect(error).toMatchObject({ name: 'BadInput', status: 400 });
        }
      }),
      { numRuns: 3000 },
    );
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (text) => {
        try {
          expect(parseTraceId(text)).toMatch(/^[0-9a-f]{32}$/);
        } catch (error) {
          expect(error).toMatchObject({ name: 'BadInput' });
        }
      }),
    );
  });
});

describe('dependencies', () => {
  const link = { parent: 'front', child: 'back', callCount: 100 };

  it('counts calls from one service to another', async () => {
    expect((await get('/api/dependencies')).json).toEqual(ok([link]));
    expect((await get(`/api/dependencies?endTs=${nowMs}&lookback=600000`)).json).toEqual(ok([link]));
    expect((await get('/api/dependencies?service=back')).json).toEqual(ok([link]));
    expect((await get('/api/dependencies?service=narrow')).json).toEqual(ok([]));
  });

  it('keeps to the time asked for', async () => {
    const endTs = nowMs - 600_000 + 10_000;
    expect((await get(`/api/dependencies?endTs=${endTs}&lookback=5000`)).json).toEqual(ok([{ ...link, callCount: 5 }]));
    expect((await get(`/api/dependencies?endTs=${endTs}&lookback=-1`)).json).toEqual(ok([]));
  });

  it('refuses a time that is no number', async () => {
    const reply = await get('/api/dependencies?endTs=now');
    expect(reply.json).toEqual(
      failed(400, `unable to parse param 'endTs': strconv.ParseInt: parsing "now": invalid syntax`),
    );
  });
});
