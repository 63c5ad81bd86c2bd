import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Database } from './database.ts';
import { migrate } from './migrate.ts';
import { openTestStore, type TestStore } from './open-test-store.ts';
import { migrations } from './schema.ts';

let store: TestStore;
beforeAll(async () => {
  store = await openTestStore();
});
afterAll(() => store.stop());

const next = {
  id: 900,
  name: 'two tables',
  statements: ['a', 'b'].map((t) => `CREATE TABLE IF NOT EXISTS ${t} (x UInt8) ENGINE = MergeTree ORDER BY x`),
};

test('applied migrations are noted and not applied again', async () => {
  expect(await store.database.select({ sql: 'SELECT id, name FROM migrations ORDER BY id' })).toEqual(
    migrations.map(({ id, name }) => ({ id, name })),
  );
  expect(await migrate(store.database)).toEqual([]);
});

test('a migration that was cut short is done again, whole', async () => {
  let commands = 0;
  const cutShort: Database = {
    ...store.database,
    state: 'ready',
    command: (sql, params) => {
      // The first creates the table of migrations; the crash comes between the two statements.
      commands += 1;
      return commands === 3 ? Promise.reject(new Error('power cut')) : store.database.command(sql, params);
    },
  };
  await expect(migrate(cutShort, { migrations: [...migrations, next] })).rejects.toThrow('power cut');
  expect(await store.database.select({ sql: `SELECT name FROM system.tables WHERE name IN ('a', 'b')` })).toEqual([
    { name: 'a' },
  ]);
  expect(await migrate(store.database, { migrations: [...migrations, next] })).toEqual([900]);
  expect(
    await store.database.select({ sql: `SELECT name FROM system.tables WHERE name IN ('a', 'b') ORDER BY name` }),
  ).toEqual([{ name: 'a' }, { name: 'b' }]);
});

test('a store that is newer than the program is refused', async () => {
  await migrate(store.database, { migrations: [...migrations, next] });
  await expect(migrate(store.database)).rejects.toThrow(/written by a newer Ariane \(migration 900 "two tables"/);
});
