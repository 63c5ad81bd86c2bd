import { existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { manualClock } from '../../base/clock.ts';
import { openTestDatabase, type TestDatabase, testEpochNs, testSpan } from '../../query/test-spans.ts';
import { tracesDataJson } from '../../wire/jaeger-api-otlp.ts';
import { ask } from '../test-request.ts';
import { openArchive } from './archive.ts';
import { jaegerRoutes } from './routes.ts';

const kept = 'ca'.repeat(16);
const dir = mkdtempSync(join(tmpdir(), 'ariane-archive-'));
const folder = join(dir, 'archive');
let store: TestDatabase;

beforeAll(async () => {
  store = await openTestDatabase();
  await store.insert([
    testSpan({ traceId: kept, name: 'root', attributes: { n: 2n ** 60n } }),
    testSpan({ traceId: 'bb'.repeat(16), name: 'other' }),
  ]);
});
afterAll(async () => {
  await store.stop();
  rmSync(dir, { recursive: true });
});

async function call(method: string, address: string, body?: string, archive = openArchive(folder)) {
  const routes = jaegerRoutes({ database: store.db, clock: manualClock(Number(testEpochNs / 1_000_000n)), archive });
  const reply = await ask(routes, address, { method, ...(body !== undefined && { body }) });
  return { ...reply, json: JSON.parse(reply.text) as { data: unknown; errors: unknown } };
}

describe('the archive', () => {
  it('keeps a trace when the store drops it', async () => {
    const before = await call('GET', `/api/traces/${kept}`);
    const reply = await call('POST', `/api/archive/${kept.toUpperCase()}`);
    expect([reply.status, reply.json]).toEqual([200, { data: [], total: 0, limit: 0, offset: 0, errors: [] }]);
    await store.db.command(`ALTER TABLE spans DELETE WHERE trace_id = unhex('${kept}') SETTINGS mutations_sync = 1`);
    expect(await call('GET', `/api/traces/${kept}`)).toEqual(before);
    expect((await call('GET', `/api/traces?traceID=${kept}`)).json.data).toEqual(before.json.data);
    expect(await call('POST', `/api/archive/${kept}`)).toMatchObject({ status: 200 });
    expect(readdirSync(folder)).toEqual([`${kept}.otlp`]);
  });

  it('has nothing of a trace that nobody kept', async () => {
    const unknown = '1'.repeat(32);
    const msg = 'trace not found';
    expect(await call('GET', `/api/traces/${unknown}`)).toMatchObject({ status: 404 });
    expect((await call('POST', `/api/archive/${unknown}`)).json.errors).toEqual([{ code: 404, msg }]);
    expect((await call('POST', '/api/archive/..%2f..%2fx')).status).toBe(400);
    expect(existsSync(join(folder, `${unknown}.otlp`))).toBe(false);
  });

  it('refuses what no longer fits', async () => {
    const reply = await call('POST', `/api/archive/${kept}`, undefined, openArchive(folder, 100));
    expect(reply.status).toBe(503);
    expect(reply.text).toContain('the archive is full');
  });
});

describe('transform', () => {
  it('shows OTLP JSON as stored traces are shown, one by one', async () => {
    const spans = [testSpan({ traceId: 'ab'.repeat(16) }), testSpan({ traceId: 'cd'.repeat(16), name: 'second' })];
    const { status, json } = await call('POST', '/api/transform', JSON.stringify(tracesDataJson(spans)));
    expect(status).toBe(200);
    expect(json.data).toMatchObject([
      { traceID: 'ab'.repeat(16), spans: [{ operationName: 'GET /' }] },
      { traceID: 'cd'.repeat(16), spans: [{ operationName: 'second' }] },
    ]);
  });

  it.each(['', '{', '[]', '{"resourceSpans":[{"scopeSpans":[{"spans":[{"traceId":"x"}]}]}]}'])(
    'refuses %s',
    async (body) => {
      const { status, json } = await call('POST', '/api/transform', body);
      expect(status).toBe(400);
      expect(json.errors).toEqual([{ code: 400, msg: expect.any(String) }]);
    },
  );
});
