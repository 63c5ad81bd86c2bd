import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Database } from '../database.ts';
import { openTestStore } from '../open-test-store.ts';
import { EngineError, engineErrorFrom, isPermanent } from './engine-error.ts';
import { openRemote } from './remote.ts';
import { startTestEngine } from './test-engine.ts';

/** One suite for what a database is, run on the embedded engine and on one reached over TCP with a password. */
const kinds: Record<string, () => Promise<{ database: Database; folder: string; stop: () => Promise<void> }>> = {
  async embedded() {
    const store = await openTestStore();
    return { database: store.database, folder: store.dataDir, stop: () => store.stop() };
  },
  async remote() {
    const engine = await startTestEngine({ password: "s'cr:et" });
    // A database of this name is not there yet.
    const remote = await openRemote({ url: engine.url, user: 'ariane', password: "s'cr:et", database: 'traces' });
    return {
      database: remote.database,
      folder: engine.folder,
      async stop() {
        await remote.stop();
        await engine.stop();
      },
    };
  },
};

describe.each(Object.entries(kinds))('a database: %s', (_, open) => {
  let database: Database;
  let folder: string;
  let stop: () => Promise<void>;
  beforeAll(async () => {
    ({ database, folder, stop } = await open());
    await database.command(
      `CREATE TABLE pets (id UInt64, name String, tags Array(String)) ENGINE = MergeTree ORDER BY id SETTINGS non_replicated_deduplication_window = 100`,
    );
  });
  afterAll(() => stop());

  /** A block file of pets with these ids. */
  async function block(name: string, sql: string): Promise<string> {
    const path = join(folder, name);
    writeFileSync(path, await database.selectBytes({ sql, format: 'Native' }));
    return path;
  }

  test('says that it is ready', () => expect(database.state).toBe('ready'));

  test('gives rows as objects, 64-bit integers as text', async () => {
    const rows = await database.select({
      sql: 'SELECT {n:UInt64} AS n, {s:String} AS s, [1, 2] AS list',
      params: { n: 2n ** 64n - 1n, s: "it's" },
    });
    expect(rows).toEqual([{ n: '18446744073709551615', s: "it's", list: [1, 2] }]);
    expect(await database.select({ sql: 'SELECT 1 WHERE 0' })).toEqual([]);
  });

  test('gives bytes of a large answer whole', async () => {
    const bytes = await database.selectBytes({ sql: 'SELECT number FROM numbers(300000)', format: 'RowBinary' });
    expect(bytes.length).toBe(2_400_000);
    expect(await database.selectBytes({ sql: 'SELECT 1 WHERE 0', format: 'RowBinary' })).toHaveLength(0);
  });

  test('inserts a file once per token, its columns by name in any order', async () => {
    const path = await block(
      'pets.native',
      `SELECT ['t'] AS tags, toUInt64(number) AS id, toString(number) AS name FROM numbers(5000)`,
    );
    const insert = { table: 'pets', columns: ['id', 'name', 'tags'], path, token: 'a' };
    await database.insertFile(insert);
    await database.insertFile(insert);
    expect(
      await database.select({
        sql: `SELECT count() AS n, uniqExact(id) AS ids, countIf(toString(id) = name) AS same FROM pets`,
      }),
    ).toEqual([{ n: '5000', ids: '5000', same: '5000' }]);
    await database.insertFile({ ...insert, token: 'b' });
    expect(await database.select({ sql: 'SELECT count() AS n FROM pets' })).toEqual([{ n: '10000' }]);
  });

  test('refuses damaged data for good, and a missing table not for good', async () => {
    const path = join(folder, 'damaged.native');
    writeFileSync(path, 'no native block at all');
    const damaged: unknown = await database
      .insertFile({ table: 'pets', columns: ['id'], path, token: 'c' })
      .catch((e: unknown) => e);
    expect(damaged).toBeInstanceOf(EngineError);
    expect(isPermanent(damaged)).toBe(true);
    const good = await block('good.native', 'SELECT toUInt64(1) AS id');
    const missing: unknown = await database
      .insertFile({ table: 'nowhere', columns: ['id'], path: good, token: 'd' })
      .catch((e: unknown) => e);
    expect(missing).toMatchObject({ name: 'EngineError', code: 60 });
    expect(isPermanent(missing)).toBe(false);
  });

  test('keeps the engine’s code and text', async () => {
    await expect(database.select({ sql: 'SELECT nope' })).rejects.toMatchObject({
      name: 'EngineError',
      code: 47,
      message: expect.stringMatching(/nope.*\(UNKNOWN_IDENTIFIER\)/s),
    });
    await expect(database.command('NONSENSE')).rejects.toMatchObject({ code: 62 });
  });

  test('a select cannot change anything', async () => {
    await expect(
      database.select({ sql: 'WITH x AS (SELECT 1 AS id) INSERT INTO pets (id) SELECT id FROM x' }),
    ).rejects.toMatchObject({
      name: 'EngineError',
    });
  });

  test('a query ends with its signal and with its time', async () => {
    const endless = 'SELECT count() FROM numbers(100000000000) WHERE sipHash64(number) = 5';
    await expect(database.select({ sql: endless, signal: AbortSignal.abort(new Error('gone')) })).rejects.toThrow(
      'gone',
    );
    await expect(database.select({ sql: endless, signal: AbortSignal.timeout(50) })).rejects.toThrow('timeout');
    await expect(database.select({ sql: endless, timeoutMs: 100 })).rejects.toMatchObject({ code: 159 });
  });
});

test('a remote server that refuses the password or is not there is told apart', async () => {
  const engine = await startTestEngine({ password: 'right' });
  await expect(openRemote({ url: engine.url, password: 'wrong' })).rejects.toMatchObject({
    name: 'EngineError',
    code: 516,
  });
  await engine.stop();
  await expect(openRemote({ url: engine.url })).rejects.toMatchObject({ name: 'Overloaded', reason: 'unavailable' });
});

test('too many parts passes, too many partitions does not', () => {
  const refusal = (text: string) => isPermanent(engineErrorFrom(new Error(text)));
  expect(
    refusal('Code: 252. DB::Exception: Too many parts (3000). Merges are processing significantly slower than inserts'),
  ).toBe(false);
  expect(refusal('Code: 252. DB::Exception: Too many partitions for single INSERT block (more than 100).')).toBe(true);
  expect(refusal('Code: 241. DB::Exception: (total) memory limit exceeded')).toBe(false);
  expect(refusal('Code: 243. DB::Exception: Cannot reserve 1.00 MiB, not enough space')).toBe(false);
  expect(refusal('Code: 33. DB::Exception: Cannot read all data')).toBe(true);
});
