import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { manualClock } from '../../base/clock.ts';
import { openTestDatabase, type TestDatabase, testEpochNs, testSpan } from '../../query/test-spans.ts';
import { ask } from '../test-request.ts';
import { conditionsOfFilter, parseFilterJson } from './filter.ts';
import { instantOf } from './go-values.ts';
import { parseV3Search } from './v3-parameters.ts';
import { jaegerV3Routes } from './v3-routes.ts';

const idOf = (i: number) => (0xb0000000 + i).toString(16).padEnd(32, '0');
const lonely = '0000000000000000000000000000abcd';
let store: TestDatabase;

beforeAll(async () => {
  store = await openTestDatabase();
  const traces = Array.from({ length: 5 }, (_, i) => {
    const front = testSpan({ traceId: idOf(i), service: 'front', name: 'GET /', atMs: i * 1000, ms: 100 * (i + 1) });
    const call = { traceId: idOf(i), parentSpanId: front.spanId, service: 'back', name: 'work', ms: 5 } as const;
    return [
      front,
      testSpan({ ...call, kind: 3, atMs: i * 1000 + 1, attributes: { n: BigInt(i), big: 2n ** 60n } }),
      testSpan({ ...call, kind: 0, atMs: i * 1000 + 20, statusCode: i === 4 ? 2 : 0 }),
    ];
  });
  const orphan = testSpan({ traceId: lonely, service: 'lost', name: '', parentSpanId: 'dead00000000beef', atMs: 9000 });
  const link = { traceState: '', attributes: new Map(), flags: 0, droppedAttributes: 0 };
  const links = [
    { ...link, traceId: '0'.repeat(32), spanId: '0'.repeat(16) },
    { ...link, traceId: idOf(1), spanId: '0'.repeat(15) + '1' },
  ];
  await store.insert([...traces.flat(), { ...orphan, links }]);
});
afterAll(() => store.stop());

async function get(address: string) {
  const clock = manualClock(Number(testEpochNs / 1_000_000n) + 60_000);
  const reply = await ask(jaegerV3Routes({ database: store.db, clock }), address);
  return { ...reply, json: JSON.parse(reply.text) as unknown };
}

const times = 'query.startTimeMin=2026-01-01T00:00:00Z&query.startTimeMax=2026-01-01T01:00:00%2B00:00';
const failed = (httpCode: number, message: unknown) => ({ error: { httpCode, message } });

interface Span {
  traceId: string;
  spanId: string;
  kind?: number;
  links?: unknown[];
  attributes?: { key: string; value: unknown }[];
}

function spansIn(json: unknown): Span[] {
  const { result } = json as { result: { resourceSpans: { scopeSpans: { spans: Span[] }[] }[] } };
  return result.resourceSpans.flatMap((r) => r.scopeSpans.flatMap((s) => s.spans));
}

async function find(query: string): Promise<string[]> {
  const { status, json } = await get(`/api/v3/traces?${times}&${query}`);
  if (status === 404) {
    expect(json).toEqual(failed(404, 'No traces found'));
    return [];
  }
  expect(status).toBe(200);
  return [...new Set(spansIn(json).map((span) => span.traceId))];
}

describe('lists', () => {
  it('gives services', async () => {
    expect((await get('/api/v3/services')).json).toEqual({ services: ['back', 'front', 'lost'] });
  });

  it('gives operations, by kind in both spellings', async () => {
    const client = { name: 'work', spanKind: 'client' };
    expect((await get('/api/v3/operations?service=back')).json).toEqual({
      operations: [{ name: 'work', spanKind: 'internal' }, client],
    });
    expect((await get('/api/v3/operations?service=back&spanKind=client')).json).toEqual({ operations: [client] });
    expect((await get('/api/v3/operations?service=back&span_kind=client')).json).toEqual({ operations: [client] });
    expect((await get('/api/v3/operations?service=nobody')).json).toEqual({ operations: [] });
  });

  it('gives dependencies', async () => {
    const range = 'startTime=2026-01-01T00:00:00Z&endTime=2026-01-01T01:00:00Z';
    expect((await get(`/api/v3/dependencies?${range}`)).json).toEqual({
      dependencies: [{ parent: 'front', child: 'back', callCount: '10' }],
    });
    expect((await get('/api/v3/dependencies')).json).toEqual(failed(400, 'startTime and endTime are required'));
  });
});

describe('a trace by id', () => {
  it('is OTLP JSON: ids in hex, enums as numbers, int64 exact', async () => {
    const { status, json, headers } = await get(`/api/v3/traces/${idOf(2)}`);
    expect([status, headers['content-type']]).toEqual([200, 'application/json']);
    const spans = spansIn(json);
    expect(spans.map((span) => span.kind ?? 0).sort((a, b) => a - b)).toEqual([0, 2, 3]);
    expect(spans.every((span) => /^[0-9a-f]{16}$/.test(span.spanId))).toBe(true);
    expect(spans.find((span) => span.kind === 3)?.attributes).toContainEqual({
      key: 'big',
      value: { intValue: String(2n ** 60n) },
    });
  });

  it('is written once for each resource, whatever the order of its spans', async () => {
    const { json } = await get(`/api/v3/traces/${idOf(2)}`);
    expect((json as { result: { resourceSpans: unknown[] } }).result.resourceSpans).toHaveLength(2);
  });

  it('is found short and in base64, and raw has all links', async () => {
    expect(spansIn((await get('/api/v3/traces/abcd')).json)[0]?.links).toHaveLength(1);
    expect(spansIn((await get('/api/v3/traces/ABCD?rawTraces=true')).json)[0]?.links).toHaveLength(2);
    expect(spansIn((await get('/api/v3/traces/abcd?raw_traces=1')).json)[0]?.links).toHaveLength(2);
    const base64 = encodeURIComponent(Buffer.from(idOf(3), 'hex').toString('base64'));
    expect(spansIn((await get(`/api/v3/traces/${base64}`)).json)).toHaveLength(3);
  });

  it.each([
    ['1'.repeat(32), 404, 'No traces found'],
    ['xyz', 400, 'malformed parameter trace_id: strconv.ParseUint: parsing "xyz": invalid syntax'],
    [`${lonely}?startTime=1`, 400, expect.stringContaining('malformed parameter startTime: parsing time "1"')],
    [`${lonely}?end_time=x`, 400, expect.stringContaining('malformed parameter end_time: ')],
    [`${lonely}?rawTraces=2`, 400, 'malformed parameter rawTraces: strconv.ParseBool: parsing "2": invalid syntax'],
  ])('refuses %s', async (id, status, message) => {
    const reply = await get(`/api/v3/traces/${id}`);
    expect(reply.status).toBe(status);
    expect(reply.json).toEqual(failed(status, message));
  });
});

describe('search', () => {
  it('finds by service, operation, duration and attributes, in both spellings', async () => {
    expect(await find('query.serviceName=front')).toEqual([4, 3, 2, 1, 0].map(idOf));
    expect(await find('query.service_name=front&query.search_depth=2')).toEqual([4, 3].map(idOf));
    expect(await find('query.serviceName=front&query.num_traces=1')).toEqual([idOf(4)]);
    expect(await find('query.serviceName=front&query.durationMin=200ms&query.duration_max=300ms')).toEqual(
      [2, 1].map(idOf),
    );
    const n = encodeURIComponent('{"n":"3"}');
    expect(await find(`query.serviceName=back&query.operationName=work&query.attributes=${n}`)).toEqual([idOf(3)]);
    expect(await find('query.searchDepth=100')).toEqual([lonely, ...[4, 3, 2, 1, 0].map(idOf)]);
    expect(await find('query.serviceName=nobody')).toEqual([]);
  });

  it('keeps to the time asked for, to the nanosecond', async () => {
    const within = async (from: string, to: string) => {
      const address = `/api/v3/traces?query.serviceName=front&query.start_time_min=${from}&query.start_time_max=${to}`;
      const { json, status } = await get(address);
      return status === 404 ? 0 : spansIn(json).length / 3;
    };
    expect(await within('2026-01-01T00:00:01Z', '2026-01-01T00:00:02Z')).toBe(2);
    expect(await within('2026-01-01T00:00:01.000000001Z', '2026-01-01T00:00:01.999999999Z')).toBe(0);
    expect(await within('2026-01-01T02:00:01%2B02:00', '2026-01-01T02:00:02%2B02:00')).toBe(2);
  });

  it('finds by a structured filter', async () => {
    const byFilter = (filter: unknown) => find(`query.filter=${encodeURIComponent(JSON.stringify(filter))}`);
    const field = (level: string, name: string) => ({ field: { level, name } });
    const scalar = (value: string) => ({ scalar: { value } });
    const service = { op: 'eq', args: [field('resource', 'service'), scalar('front')] };
    const slow = { op: 'gt', args: [field('span', 'duration'), scalar('300ms')] };
    expect(await byFilter(service)).toHaveLength(5);
    expect(await byFilter({ op: 'and', args: [{ call: service }, { call: slow }] })).toEqual([4, 3].map(idOf));
    const reversed = { op: 'gte', args: [scalar('100ms'), field('span', 'duration')] };
    expect(await byFilter({ op: 'and', args: [{ call: service }, { call: reversed }] })).toEqual([idOf(0)]);
    expect(await byFilter({ op: 'eq', args: [{ attr: { key: 'n' } }, scalar('1')] })).toEqual([idOf(1)]);
    expect(await byFilter({ op: 'eq', args: [field('span', 'status'), scalar('error')] })).toEqual([idOf(4)]);
    const n = { attr: { key: 'n' } };
    const either = { op: 'or', args: [{ call: slow }, { call: { op: 'eq', args: [n, scalar('0')] } }] };
    expect(await byFilter(either)).toEqual([4, 3, 0].map(idOf));
    expect(await byFilter({ op: 'in', args: [n, { list: { values: ['1', '2'] } }] })).toEqual([2, 1].map(idOf));
    expect(await byFilter({ op: 'exists', args: [n] })).toHaveLength(5);
    expect(await byFilter({ op: 'exists', args: [{ attr: { key: 'none' } }] })).toEqual([]);
    const both = { op: 'and', args: [{ call: either }, { call: { op: 'exists', args: [n] } }] };
    expect(await byFilter(both)).toEqual([idOf(0)]);
  });

  it.each([
    ['query.serviceName=a', 'query.startTimeMin and query.startTimeMax are required'],
    [`${times}&query.searchDepth=0`, 'search depth must be greater than 0'],
    [
      `${times}&query.searchDepth=x`,
      'malformed parameter query.searchDepth: strconv.ParseInt: parsing "x": invalid syntax',
    ],
    [`${times}&query.durationMin=5`, 'malformed parameter query.durationMin: time: missing unit in duration "5"'],
    [`${times}&query.duration_max=x`, 'malformed parameter query.duration_max: time: invalid duration "x"'],
    [`${times}&query.attributes={"a":1}`, 'malformed parameter query.attributes: the value of "a" must be a string'],
    [`${times}&query.attributes=x`, expect.stringContaining('malformed parameter query.attributes: ')],
    [
      'query.startTimeMin=2026-01-01T01:00:00Z&query.startTimeMax=2026-01-01T00:00:00Z',
      'query.startTimeMin must be before query.startTimeMax',
    ],
    ['query.startTimeMin=2026-02-30T00:00:00Z&query.startTimeMax=x', expect.stringContaining('2026-02-30')],
    [
      `${times}&query.filter={"op":"not","args":[]}`,
      'malformed parameter query.filter: filter: operator "not" is not supported here',
    ],
    [`${times}&query.filter={"op":"eq","args":[{}]}`, 'malformed parameter query.filter: filter argument is empty'],
    [
      `${times}&query.serviceName=a&query.filter={"op":"eq","args":[{"attr":{"key":"k"}},{"scalar":{"value":"v"}}]}`,
      'query.filter cannot be combined with other conditions: express them in the filter',
    ],
  ])('refuses "%s"', async (query, message) => {
    for (const path of ['traces', 'trace-summaries']) {
      const reply = await get(`/api/v3/${path}?${query}`);
      expect(reply.status).toBe(400);
      expect(reply.json).toEqual(failed(400, message));
    }
  });

  it('reads any parameters or refuses them', () => {
    const names = [
      'serviceName',
      'startTimeMin',
      'start_time_max',
      'searchDepth',
      'durationMin',
      'attributes',
      'filter',
    ];
    const value = fc.oneof(
      fc.string(),
      fc.json(),
      fc.date().map(String),
      fc.constantFrom(
        '2026-01-01T00:00:00Z',
        '9999-12-31T23:59:59.999999999-23:59',
        '0000-01-01T00:00:00Z',
        '1h',
        '-1',
      ),
    );
    const pair = fc.tuple(
      fc.constantFrom(...names).map((name) => `query.${name}`),
      value,
    );
    fc.assert(
      fc.property(fc.array(pair), (pairs) => {
        try {
          const search = parseV3Search(new URLSearchParams(pairs));
          expect(search.limit).toBeLessThanOrEqual(1500);
          expect(search.range.toNs).toBeLessThan(2n ** 63n);
        } catch (error) {
          expect(error).toMatchObject({ name: 'BadInput', status: 400 });
        }
      }),
      { numRuns: 3000 },
    );
    const term: fc.Arbitrary<unknown> = fc.letrec((tie) => ({
      call: fc.record({
        op: fc.constantFrom('and', 'or', 'eq', 'gt', 'lte', 'in', 'exists', 'some', ''),
        args: fc.array(fc.oneof({ depthSize: 'small' }, tie('atom'), fc.record({ call: tie('call') }))),
      }),
      atom: fc.oneof(
        fc.jsonValue(),
        fc.record({ field: fc.record({ name: fc.constantFrom('duration', 'name'), level: fc.constant('span') }) }),
        fc.record({ scalar: fc.record({ value: fc.constantFrom('1s', 'x'), type: fc.string() }) }),
        fc.record({ attr: fc.record({ key: fc.string() }) }),
        fc.record({ list: fc.record({ values: fc.array(fc.string()) }) }),
      ),
    })).call;
    fc.assert(
      fc.property(term, (filter) => {
        try {
          expect(conditionsOfFilter(parseFilterJson(JSON.stringify(filter)))).toBeInstanceOf(Array);
        } catch (error) {
          expect(error).toMatchObject({ name: 'BadInput' });
        }
      }),
      { numRuns: 2000 },
    );
  });

  it('refuses more conditions than can be looked up', () => {
    const values = Array.from({ length: 101 }, (_, i) => String(i));
    const many = { op: 'in', args: [{ attr: { key: 'k' } }, { list: { values } }] };
    expect(() => conditionsOfFilter(parseFilterJson(JSON.stringify(many)))).toThrow('101 conditions, more than 100');
    const attributes = JSON.stringify(Object.fromEntries(values.map((key) => [key, 'v'])));
    const asked = new URLSearchParams([...new URLSearchParams(times), ['query.attributes', attributes]]);
    expect(() => parseV3Search(asked)).toThrow('more than 100 tags');
  });

  it('refuses a filter nested without end', () => {
    const nested = `${'{"op":"and","args":[{"call":'.repeat(5000)}{}${'}]}'.repeat(5000)}`;
    expect(() => parseFilterJson(nested)).toThrow('nested more than 32 deep');
  });

  it('reads times to the nanosecond in any zone', () => {
    expect(instantOf('1970-01-01T00:00:00.000000001Z')).toBe(1n);
    expect(instantOf('1970-01-01T01:00:00+01:00')).toBe(0n);
    expect(instantOf('1969-12-31T23:59:59.5Z')).toBe(-500_000_000n);
  });
});

describe('summaries', () => {
  it('say root, times, spans, errors and orphans', async () => {
    const { json } = await get(`/api/v3/trace-summaries?${times}&query.serviceName=back&query.searchDepth=1`);
    const start = testEpochNs + 4_000_000_000n;
    expect(json).toEqual({
      summaries: [
        {
          traceId: idOf(4),
          rootServiceName: 'front',
          rootOperationName: 'GET /',
          minStartTimeUnixNano: String(start),
          maxEndTimeUnixNano: String(start + 500_000_000n),
          spanCount: 3,
          errorSpanCount: 1,
          orphanSpanCount: 0,
          services: [
            { name: 'back', spanCount: 2, errorSpanCount: 1 },
            { name: 'front', spanCount: 1, errorSpanCount: 0 },
          ],
        },
      ],
    });
  });

  it('count a span whose parent did not arrive, and are an empty list where nothing is found', async () => {
    const { json } = await get(`/api/v3/trace-summaries?${times}&query.serviceName=lost`);
    expect(json).toMatchObject({ summaries: [{ orphanSpanCount: 1, rootServiceName: '' }] });
    const none = await get(`/api/v3/trace-summaries?${times}&query.serviceName=nobody`);
    expect([none.status, none.json]).toEqual([200, { summaries: [] }]);
  });
});
