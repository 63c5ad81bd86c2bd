import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { manualClock } from '../../base/clock.ts';
import { openTestDatabase, type TestDatabase, testEpochNs, testSpan } from '../../query/test-spans.ts';
import { ask } from '../test-request.ts';
import { parseAnnotationQuery, parseTraceIds, parseZipkinSearch, parseZipkinTraceId } from './parameters.ts';
import { zipkinRoutes } from './routes.ts';

const epochMs = Number(testEpochNs / 1_000_000n);
const nowMs = epochMs + 600_000;
const idOf = (i: number) => (0xc0000000 + i).toString(16).padEnd(32, '0');
const narrow = '0000000000000000008899aabbccddee';
let store: TestDatabase;

beforeAll(async () => {
  store = await openTestDatabase();
  const traces = Array.from({ length: 60 }, (_, i) => {
    const front = testSpan({
      traceId: idOf(i),
      service: 'Front',
      name: 'get /',
      atMs: i * 1000,
      ms: i + 1,
      statusCode: i === 7 ? 2 : 0,
      attributes: { 'http.method': i % 2 === 0 ? 'GET' : 'PUT', ...(i === 5 && { rare: 1n, 'test.inline': true }) },
      events: i === 9 ? [{ timeNs: testEpochNs, name: 'cache miss', attributes: new Map(), droppedAttributes: 0 }] : [],
    });
    const call = { traceId: idOf(i), parentSpanId: front.spanId, atMs: i * 1000 };
    return [
      front,
      testSpan({
        ...call,
        service: 'Front',
        kind: 3,
        name: 'call',
        attributes: i === 3 ? { 'service.peer.name': 'cache' } : { 'peer.service': 'back' },
      }),
      testSpan({ ...call, service: 'back', name: 'work', statusCode: i < 2 ? 2 : 0 }),
    ];
  });
  await store.insert([...traces.flat(), testSpan({ traceId: narrow, service: 'old', name: '', atMs: -200_000_000 })]);
});
afterAll(() => store.stop());

async function get(address: string, prefix = '') {
  const deps = { database: store.db, clock: manualClock(nowMs), version: '1.2.3' };
  return ask(zipkinRoutes(deps, prefix), address);
}

async function list(address: string): Promise<unknown> {
  const { status, text, headers } = await get(address);
  expect([status, headers['content-type']?.split(';')[0]]).toEqual([200, 'application/json']);
  return JSON.parse(text);
}

async function search(query: string): Promise<(string | undefined)[]> {
  const traces = (await list(`/api/v2/traces?${query}`)) as { traceId: string; id: string }[][];
  return traces.map((trace) => trace[0]?.traceId);
}

describe('names', () => {
  it('lists services, names of spans and remote services, in any case', async () => {
    expect(await list('/api/v2/services')).toEqual(['Front', 'back', 'old']);
    expect(await list('/api/v2/spans?serviceName=front')).toEqual(['call', 'get /']);
    expect(await list('/api/v2/spans?serviceName=old')).toEqual([]);
    expect(await list('/api/v2/remoteServices?serviceName=front')).toEqual(['back', 'cache']);
    expect(await list('/api/v2/remoteServices?serviceName=nobody')).toEqual([]);
  });

  it('lists keys and values of tags', async () => {
    expect(await list('/api/v2/autocompleteKeys')).toEqual(['http.method', 'peer.service', 'service.peer.name']);
    expect(await list('/api/v2/autocompleteValues?key=http.method')).toEqual(['GET', 'PUT']);
    expect(await list('/api/v2/autocompleteValues?key=rare')).toEqual(['1']);
    expect(await list('/api/v2/autocompleteValues?key=none')).toEqual([]);
  });

  it('says that it is up', async () => {
    expect(await list('/health')).toEqual({ status: 'UP', zipkin: { status: 'UP' } });
    expect(await list('/info')).toEqual({ zipkin: { version: '1.2.3' } });
  });

  it('serves under a prefix', async () => {
    expect((await get('/zipkin/api/v2/services', '/zipkin')).status).toBe(200);
    expect((await get('/api/v2/services', '/zipkin')).status).toBe(404);
  });
});

describe('traces', () => {
  it('are whole, the newest first, ten unless told', async () => {
    expect(await search('serviceName=front')).toEqual(Array.from({ length: 10 }, (_, i) => idOf(59 - i)));
    expect(await search('limit=2')).toEqual([idOf(59), idOf(58)]);
    expect(await search('limit=500')).toHaveLength(60);
    const [trace] = (await list('/api/v2/traces?limit=1')) as unknown[][];
    expect(trace).toHaveLength(3);
  });

  it('are found by span, remote service, duration in µs and time in ms', async () => {
    expect(await search('serviceName=front&spanName=get%20/&minDuration=59000')).toEqual([idOf(59), idOf(58)]);
    expect(await search('spanName=get%20/&minDuration=5000&maxDuration=6000')).toEqual([idOf(5), idOf(4)]);
    expect(await search('serviceName=front&spanName=all&limit=1')).toEqual([idOf(59)]);
    expect(await search('remoteServiceName=cache')).toEqual([idOf(3)]);
    expect(await search('remoteServiceName=back&limit=100')).toHaveLength(59);
    expect(await search(`serviceName=front&endTs=${epochMs + 2000}&lookback=1000`)).toEqual([idOf(2), idOf(1)]);
    expect(await search('serviceName=old')).toEqual([]);
    expect(await search('serviceName=old&lookback=400000000')).toEqual(['008899aabbccddee']);
  });

  it('are found by tags, keys of tags and annotations, all of them', async () => {
    const query = (text: string) => search(`limit=100&annotationQuery=${encodeURIComponent(text)}`);
    expect(await query('http.method=GET')).toHaveLength(30);
    expect(await query('http.method')).toHaveLength(60);
    expect(await query('cache miss')).toEqual([idOf(9)]);
    expect(await query('http.method=PUT and cache miss')).toEqual([idOf(9)]);
    expect(await query('http.method=GET and cache miss')).toEqual([]);
    expect(await query('rare')).toEqual([idOf(5)]);
    expect(await query('rare=1')).toEqual([idOf(5)]);
    expect(await query('error and http.method')).toEqual([idOf(7)]);
    expect(await query('none')).toEqual([]);
  });

  it('are answered by id, short, padded or in upper case', async () => {
    for (const id of ['8899aabbccddee', narrow, '008899AABBCCDDEE']) {
      expect(await list(`/api/v2/trace/${id}`)).toMatchObject([{ traceId: '008899aabbccddee' }]);
    }
    const many = (await list(`/api/v2/traceMany?traceIds=${idOf(1)},${'1'.repeat(32)},${narrow}`)) as unknown[][];
    expect(many.map((trace) => trace.length)).toEqual([3, 1]);
  });

  it.each([
    [`/api/v2/trace/${'1'.repeat(32)}`, 404, `${'1'.repeat(32)} not found`],
    ['/api/v2/trace/abc', 404, '0000000000000abc not found'],
    ['/api/v2/trace/xyz', 400, '"xyz" should be lower-hex encoded with no prefix'],
    [`/api/v2/trace/${'1'.repeat(33)}`, 400, 'traceId.length > 32'],
    ['/api/v2/trace/0', 400, 'traceId is all zeros'],
    ['/api/v2/traceMany', 400, 'traceIds parameter is empty'],
    ['/api/v2/traceMany?traceIds=a', 400, 'Use /api/v2/trace/{traceId} endpoint to retrieve a single trace'],
    ['/api/v2/traceMany?traceIds=a,0a', 400, 'redundant traceId: 0a'],
    ['/api/v2/traces?limit=0', 400, 'limit <= 0'],
    ['/api/v2/traces?limit=x', 400, 'limit: expected an integer, got "x"'],
    ['/api/v2/traces?endTs=-1', 400, 'endTs <= 0'],
    ['/api/v2/traces?lookback=0', 400, 'lookback <= 0'],
    ['/api/v2/traces?minDuration=0', 400, 'minDuration <= 0'],
    ['/api/v2/traces?maxDuration=5', 400, 'maxDuration is only valid with minDuration'],
    ['/api/v2/traces?minDuration=6&maxDuration=5', 400, 'maxDuration < minDuration'],
    ['/api/v2/spans', 400, "parameter 'serviceName' is required"],
    ['/api/v2/remoteServices?serviceName=', 400, "parameter 'serviceName' is required"],
    ['/api/v2/autocompleteValues', 400, "parameter 'key' is required"],
    ['/api/v2/dependencies', 400, "parameter 'endTs' is required"],
  ])('refuses %s in plain text', async (address, status, text) => {
    const reply = await get(address);
    expect([reply.status, reply.text]).toEqual([status, text]);
    expect(reply.headers['content-type']).toMatch('text/plain');
  });

  it('reads any parameters or refuses them', () => {
    const names = [
      'serviceName',
      'spanName',
      'annotationQuery',
      'minDuration',
      'maxDuration',
      'endTs',
      'lookback',
      'limit',
    ];
    const value = fc.oneof(
      fc.string(),
      fc.bigInt({ min: -(2n ** 64n), max: 2n ** 64n }).map(String),
      fc.constantFrom('a=b and c', '= and =', ' and ', '9999999999999999999'),
    );
    const refused = { name: 'BadInput', status: 400 };
    fc.assert(
      fc.property(fc.array(fc.tuple(fc.constantFrom(...names), value)), (pairs) => {
        try {
          const found = parseZipkinSearch(new URLSearchParams(pairs), nowMs);
          expect(found.limit).toBeLessThanOrEqual(1500);
          expect(found.range.fromNs).toBeGreaterThanOrEqual(-(2n ** 63n));
          expect(found.range.toNs).toBeLessThan(2n ** 63n);
          for (const c of found.conditions) if (c.kind === 'most') expect(c.ns).toBeLessThan(2n ** 63n);
        } catch (error) {
          expect(error).toMatchObject(refused);
        }
      }),
      { numRuns: 3000 },
    );
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (text) => {
        expect(parseAnnotationQuery(text)).toBeInstanceOf(Array);
        for (const read of [
          parseZipkinTraceId,
          (ids: string) => parseTraceIds(new URLSearchParams({ traceIds: ids })),
        ]) {
          try {
            expect([read(text)].flat().every((id) => /^[0-9a-f]{32}$/.test(id))).toBe(true);
          } catch (error) {
            expect(error).toMatchObject(refused);
          }
        }
      }),
    );
  });
});

describe('dependencies', () => {
  it('count calls and failures', async () => {
    expect(await list(`/api/v2/dependencies?endTs=${nowMs}`)).toEqual([
      { parent: 'Front', child: 'back', callCount: 60, errorCount: 2 },
    ]);
    expect(await list(`/api/v2/dependencies?endTs=${nowMs}&lookback=1000`)).toEqual([]);
  });
});
