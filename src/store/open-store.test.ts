import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { ConfigError, describeError } from '../base/errors.ts';
import { startTestEngine } from './engine/test-engine.ts';
import { openTestStore, type TestStore } from './open-test-store.ts';

let store: TestStore;
beforeAll(async () => {
  store = await openTestStore({ retention: { days: 9, maxBytes: 2 ** 30 } });
});
afterAll(() => store.stop());

test('a new store has the tables and answers', async () => {
  const tables = await store.database.select<{ name: string }>({
    sql: 'SELECT name FROM system.tables WHERE database = currentDatabase()',
  });
  expect(tables.map((t) => t.name)).toEqual(
    expect.arrayContaining(['spans', 'shapes', 'resources', 'scopes', 'migrations']),
  );
});

test('a block file is inserted once however often its token comes', async () => {
  const bytes = await store.database.selectBytes({
    sql: `SELECT today() AS day, 'shop' AS service, concat('op', toString(number)) AS name, toInt64(number) AS ts FROM numbers(1000)`,
    format: 'Native',
  });
  const path = join(store.dataDir, 'block.native');
  writeFileSync(path, bytes);
  const insert = { table: 'spans', columns: ['day', 'service', 'name', 'ts'], path, token: 'block-1' };
  await store.database.insertFile(insert);
  await store.database.insertFile(insert);
  const rows = await store.database.select<{ n: string; last: string }>({
    sql: 'SELECT count() AS n, max(ts) AS last FROM spans WHERE service = {service:String}',
    params: { service: 'shop' },
  });
  expect(rows).toEqual([{ n: '1000', last: '999' }]);
});

test('says how much it holds', async () => {
  const dayMs = 86_400_000;
  const now = Math.floor(Date.now() / dayMs) * dayMs + 1;
  await store.database.command(
    `INSERT INTO spans (day, service, ts) SELECT toDate({day:UInt16}), 'stats', {ts:Int64}`,
    { day: Math.floor(now / dayMs), ts: `${now}000000` },
  );
  await expect
    .poll(() => store.stats(), { timeout: 5_000 })
    .toMatchObject({ state: 'ready', newestMs: now, isFull: false, retentionDays: 9 });
  const { spans, bytes, limitBytes } = await store.stats();
  expect(spans).toBeGreaterThanOrEqual(1);
  expect(bytes).toBeGreaterThan(100);
  expect(limitBytes).toBe(2 ** 30);
});

test('a second instance on the folder is refused with the process that holds it', async () => {
  await expect(openTestStore({ dataDir: store.dataDir })).rejects.toThrow(
    `data folder ${store.dataDir} is in use by process ${process.pid}`,
  );
});

test('what was stored is there at the next start, which takes a moment', async () => {
  const dataDir = mkdtempSync(join(tmpdir(), 'ariane-store-'));
  const first = await openTestStore({ dataDir });
  await first.database.command(`INSERT INTO spans (day, service, name) VALUES (today(), 'kept', 'op')`);
  await first.stop();
  await first.stop();
  const second = await openTestStore({ dataDir });
  expect(await second.database.select({ sql: 'SELECT service, name FROM spans' })).toEqual([
    { service: 'kept', name: 'op' },
  ]);
  await second.stop();
  rmSync(dataDir, { recursive: true });
});

test('the same store lies on a remote server', async () => {
  const server = await startTestEngine();
  const remote = await openTestStore({ remote: { url: server.url } });
  await remote.database.command(`INSERT INTO spans (day, service, name) VALUES (today(), 'far', 'op')`);
  expect(await remote.database.select({ sql: 'SELECT ServiceName FROM otel_traces' })).toEqual([
    { ServiceName: 'far' },
  ]);
  await remote.stop();
  await server.stop();
});

test('a server that does not answer, or refuses, is said in one sentence', async () => {
  const refusal = (url: string, password?: string) =>
    openTestStore({ remote: { url, ...(password === undefined ? {} : { password }) } }).then(
      undefined,
      (e: unknown) => e,
    );
  const nobody = await refusal('http://127.0.0.1:9');
  expect(nobody).toBeInstanceOf(ConfigError);
  expect(describeError(nobody)).toMatch(/^cannot open the store: the store does not answer: .*ECONNREFUSED/);
  const server = await startTestEngine({ password: 'right' });
  const wrong = await refusal(server.url, 'wrong');
  expect(wrong).toBeInstanceOf(ConfigError);
  expect(describeError(wrong)).toMatch(/^cannot open the store: .*password is incorrect/);
  await server.stop();
});
