import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { manualClock } from '../../base/clock.ts';
import { silentLog } from '../../base/log.ts';
import type { Span } from '../../model/span.ts';
import { readCalls } from '../../query/cohorts.ts';
import { everything } from '../../query/find-spans.ts';
import { openTestDatabase, type TestDatabase, testEpochNs, testSpan } from '../../query/test-spans.ts';
import { ask } from '../test-request.ts';
import { apiRoutes } from './routes.ts';
import type { EndpointWhy } from './types.ts';

const hour = 3_600_000;
const startMs = Number(testEpochNs / 1_000_000n);
let store: TestDatabase;

beforeAll(async () => {
  store = await openTestDatabase();
  await store.insert([...shop(), ...rare()]);
});
afterAll(() => store.stop());

/** 120 checkouts in the second hour, every eighth slow in its query, all of these for one tenant; 60 quick ones in the first. */
function shop(): Span[] {
  return Array.from({ length: 180 }, (_, i) => {
    const isSecond = i >= 60;
    const isSlow = isSecond && i % 8 === 0;
    const atMs = (isSecond ? hour : 0) + (i % 120) * 20_000;
    const traceId = (i + 1).toString(16).padStart(32, 'c');
    const noise = 1 + ((i * 37) % 11) / 100;
    const sqlMs = (isSlow ? 300 : 10) * noise;
    const root = testSpan({
      traceId,
      service: 'front',
      name: 'GET /checkout',
      atMs,
      ms: 60 * noise + sqlMs,
      attributes: { tenant: isSlow ? 'acme' : `t${i % 5}`, 'request.id': `r${i}` },
    });
    const sql = testSpan({
      traceId,
      parentSpanId: root.spanId,
      service: 'order',
      name: 'SELECT orders',
      kind: 3,
      atMs: atMs + 20,
      ms: sqlMs,
      attributes: { 'db.system.name': 'postgresql' },
      resource: { 'host.name': `h${i % 3}` },
    });
    return [root, sql];
  }).flat();
}

function rare(): Span[] {
  return [1, 2, 3].map((i) =>
    testSpan({
      traceId: i.toString(16).padStart(32, 'd'),
      service: 'rare',
      name: 'GET /rare',
      atMs: hour + i,
      ms: i * 10,
    }),
  );
}

const never = () => Promise.reject(new Error('not asked here'));

function routes() {
  const demo = { state: never, start: never, stop: never, addIndex: never, remove: never };
  return apiRoutes({
    database: store.db,
    log: silentLog,
    clock: manualClock(startMs + 2 * hour),
    stats: never,
    demo,
  });
}

async function why(query: string): Promise<EndpointWhy> {
  const reply = await ask(routes(), `/api/why?${query}`);
  expect([reply.status, reply.text.slice(0, 300)]).toEqual([200, expect.stringContaining('{"question"')]);
  return JSON.parse(reply.text) as EndpointWhy;
}

const second = `start=${(startMs + hour) * 1000}&end=${(startMs + 2 * hour) * 1000}`;
const first = `baselineStart=${startMs * 1000}&baselineEnd=${(startMs + hour) * 1000 - 1}`;

describe('GET /api/why?service&operation', () => {
  it('names the cause, what the slow ones share, and evidence; the causes add up', async () => {
    const answer = await why(`service=front&operation=GET%20%2Fcheckout&${second}`);
    expect(answer.question).toMatchObject({
      service: 'front',
      operation: 'GET /checkout',
      start_us: (startMs + hour) * 1000,
    });
    expect(answer.found).toBe('slower');
    expect(answer.calls.count).toBe(120);
    expect(answer.verdict.text).toMatch(
      /^GET \/checkout takes 3\d\d ms more than usual \(.*\): \d+ ms in order · SELECT orders, one query: 3\d\d ms instead of .*; 100% of the slow ones have tenant = acme, 0% of the usual ones\.$/,
    );
    const [cause] = answer.causes;
    expect(cause).toMatchObject({ service: 'order', operation: 'SELECT orders', kind: 'database' });
    expect(cause?.evidence[0]?.trace_id).toMatch(/^c+[0-9a-f]+$/);
    const sum = answer.causes.reduce((ns, c) => ns + c.contribution_ns, 0);
    expect(sum + answer.unexplained_ns).toBe(answer.slow.mean_ns);
  });

  it('finds the operation by itself, speaks French, and takes the last hour for granted', async () => {
    const answer = await why('service=front&lang=fr');
    expect(answer.question.operation).toBe('GET /checkout');
    expect(answer.verdict.text).toContain("de plus que d'habitude");
  });

  it('compares with another time, or the calls of a region of durations', async () => {
    const against = await why(`service=front&operation=GET%20%2Fcheckout&${second}&${first}`);
    expect(against.question.baseline_start_us).toBe(startMs * 1000);
    expect(against.usual.traces).toBe(60);
    const region = await why(`service=front&operation=GET%20%2Fcheckout&${second}&minDuration=200ms&maxDuration=1s`);
    expect(region.slow).toMatchObject({ traces: 15, sampled: 15 });
    expect(region.slow.from_ns).toBeGreaterThan(200e6);
  });

  it('says when there is too little, and shows the slowest one', async () => {
    const answer = await why(`service=rare&operation=GET%20%2Frare&${second}`);
    expect(answer).toMatchObject({ found: 'too-little', slowest: { duration_ns: 30e6 } });
    expect(answer.verdict.text).toContain('too few traces to say');
    expect(await why(`service=nobody&${second}`)).toMatchObject({
      found: 'too-little',
      calls: { count: 0 },
      causes: [],
    });
  });

  it('refuses what makes no sense, by its name', async () => {
    for (const query of [
      '',
      'service=front&minDuration=soon',
      'service=front&baselineStart=1',
      'service=front&start=x',
    ]) {
      const reply = await ask(routes(), `/api/why?${query}`);
      expect([query, reply.status]).toEqual([query, 400]);
    }
  });
});

it('a sample of calls is the same each time, and smaller than all of them when asked', async () => {
  const of = { service: 'front', operation: 'GET /checkout', range: everything, most: 20 };
  const [one, two] = await Promise.all([readCalls(store.db, of), readCalls(store.db, of)]);
  expect(one.count).toBe(180);
  expect(one.sample).toHaveLength(20);
  expect(two.sample).toEqual(one.sample);
  expect((await readCalls(store.db, { ...of, minDurationNs: 200e6 })).count).toBe(15);
  const inside = await readCalls(store.db, { ...of, service: 'order', operation: 'SELECT orders' });
  expect(inside.count).toBe(180);
});
