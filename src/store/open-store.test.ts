import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { openTestStore, type TestStore } from './open-test-store.ts';

let store: TestStore;
beforeAll(async () => {
  store = await openTestStore();
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
    sql: `SELECT toDate('2026-01-02') AS day, 'shop' AS service, concat('op', toString(number)) AS name, toInt64(number) AS ts FROM numbers(1000)`,
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
