import { spawn } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { manualClock } from '../../base/clock.ts';
import { Overloaded } from '../../base/errors.ts';
import { silentLog } from '../../base/log.ts';
import { type EmbeddedEngine, openEmbedded } from './embedded.ts';
import { EngineError, isPermanent } from './engine-error.ts';

let dataDir: string;
let engine: EmbeddedEngine;
beforeEach(async () => {
  dataDir = mkdtempSync(join(tmpdir(), 'ariane-embedded-'));
  engine = await openEmbedded({ dataDir, log: silentLog });
});
afterEach(async () => {
  await engine.stop();
  rmSync(dataDir, { recursive: true, force: true });
});

const one = { sql: 'SELECT 1 AS x' };

function killEngine(): void {
  if (engine.pid !== undefined) process.kill(engine.pid, 'SIGKILL');
}

async function until(isTrue: () => boolean): Promise<void> {
  while (!isTrue()) await new Promise((resolve) => setTimeout(resolve, 5));
}

test('an engine that is killed is replaced, and what it acknowledged is there', async () => {
  const { database } = engine;
  await database.command(
    `CREATE TABLE kept (id UInt64) ENGINE = MergeTree ORDER BY id SETTINGS fsync_after_insert = 1`,
  );
  const path = join(dataDir, 'ids.native');
  writeFileSync(
    path,
    await database.selectBytes({ sql: 'SELECT toUInt64(number) AS id FROM numbers(1000)', format: 'Native' }),
  );
  await database.insertFile({ table: 'kept', columns: ['id'], path, token: 't' });
  const first = engine.pid;
  killEngine();
  await until(() => database.state === 'restarting');
  // Asked while there is none, answered by the next.
  expect(await database.select({ sql: 'SELECT count() AS n FROM kept' })).toEqual([{ n: '1000' }]);
  expect(database.state).toBe('ready');
  expect(engine.pid).not.toBe(first);
});

test('blocks repeated after kills in the middle of their inserts are there exactly once', async () => {
  const { database } = engine;
  await database.command(`CREATE TABLE counted (day Date, id UInt64, text String, INDEX by_text text TYPE text(tokenizer = 'array')) ENGINE = MergeTree
    PARTITION BY day ORDER BY id SETTINGS non_replicated_deduplication_window = 1000, fsync_after_insert = 1, fsync_part_directory = 1`);
  const path = (block: number) => join(dataDir, `${block}.native`);
  const blocks = Array.from({ length: 5 }, (_, block) => block);
  for (const block of blocks) {
    const sql = `SELECT toDate(20000 + number % 5) AS day, {block:UInt64} * 20000 + number AS id, hex(randomString(20)) AS text FROM numbers(20000)`;
    writeFileSync(path(block), await database.selectBytes({ sql, params: { block }, format: 'Native' }));
  }
  let kills = 0;
  for (const block of blocks) {
    for (let tries = 0; ; tries++) {
      // Each block meets one kill, a little later than the one before.
      const timer = tries === 0 ? setTimeout(killEngine, block * 12) : undefined;
      try {
        await database.insertFile({
          table: 'counted',
          columns: ['day', 'id', 'text'],
          path: path(block),
          token: `block-${block}`,
        });
        clearTimeout(timer);
        break;
      } catch (error) {
        expect(isPermanent(error)).toBe(false);
        kills += 1;
      }
    }
  }
  expect(kills).toBeGreaterThan(1);
  expect(await database.select({ sql: 'SELECT count() AS n, uniqExact(id) AS ids FROM counted' })).toEqual([
    { n: '100000', ids: '100000' },
  ]);
}, 60_000);

test('a query under way when the engine dies is refused as unavailable, and so is an insert, not for good', async () => {
  const asked = engine.database.select({
    sql: 'SELECT count() FROM numbers(100000000000) WHERE sipHash64(number) = 5',
  });
  setTimeout(killEngine, 50);
  const error: unknown = await asked.catch((e: unknown) => e);
  expect(error).toBeInstanceOf(Overloaded);
  expect(error).toMatchObject({ reason: 'unavailable' });
  expect(isPermanent(error)).toBe(false);
});

test('a request waits for a new engine only so long', async () => {
  const clock = manualClock();
  const other = mkdtempSync(join(tmpdir(), 'ariane-embedded-'));
  // Its clock stands still, so that no new engine is ever started.
  const stuck = await openEmbedded({ dataDir: other, log: silentLog, clock, patienceMs: 3_000 });
  if (stuck.pid !== undefined) process.kill(stuck.pid, 'SIGKILL');
  await until(() => stuck.database.state === 'restarting');
  const started = stuck.database.select(one).catch((e: unknown) => e);
  let isSettled = false;
  void started.then(() => (isSettled = true));
  await new Promise((resolve) => setTimeout(resolve, 20));
  expect(isSettled).toBe(false);
  // Past the patience in one step: the new engine, started on the way, is not there yet.
  clock.advance(3_000);
  expect(await started).toMatchObject({ name: 'Overloaded', reason: 'unavailable' });
  await stuck.stop();
  rmSync(other, { recursive: true, force: true });
});

test('an engine that cannot start again says so, refuses at once, and is tried until it can', async () => {
  const clock = manualClock();
  const folder = mkdtempSync(join(tmpdir(), 'ariane-embedded-'));
  const first = await openEmbedded({ dataDir: folder, log: silentLog, clock });
  if (first.pid !== undefined) process.kill(first.pid, 'SIGKILL');
  await until(() => first.database.state === 'restarting');
  // Another engine takes the folder meanwhile.
  const intruder = await openEmbedded({ dataDir: folder, log: silentLog });
  const pass = () => {
    clock.advance(10_000);
    return first.database.state;
  };
  await until(() => pass() === 'failed');
  await expect(first.database.select(one)).rejects.toMatchObject({
    reason: 'unavailable',
    message: expect.stringContaining('cannot start'),
  });
  await intruder.stop();
  await until(() => pass() === 'ready');
  expect(await first.database.select(one)).toEqual([{ x: 1 }]);
  await first.stop();
  rmSync(folder, { recursive: true, force: true });
}, 60_000);

test('a second engine on the same folder is refused, with the folder and the code', async () => {
  const error: unknown = await openEmbedded({ dataDir, log: silentLog, folderPatienceMs: 0 }).catch((e: unknown) => e);
  expect(error).toBeInstanceOf(EngineError);
  expect(error).toMatchObject({ code: 76, message: `data folder ${dataDir} is in use by another process` });
  expect(await engine.database.select(one)).toEqual([{ x: 1 }]);
});

test('aborting a query kills it at once', async () => {
  const leave = new AbortController();
  const asked = engine.database.select({
    sql: 'SELECT count() FROM numbers(100000000000) WHERE sipHash64(number) = 5',
    signal: leave.signal,
  });
  setTimeout(() => leave.abort(new Error('closed')), 50);
  await expect(asked).rejects.toThrow('closed');
  for (;;) {
    const [row] = await engine.database.select<{ n: string }>({
      sql: `SELECT count() AS n FROM system.processes WHERE query LIKE 'SELECT count() FROM numbers%'`,
    });
    if (row?.n === '0') break;
  }
});

test('a query over its time is refused by the engine with its code', async () => {
  const asked = engine.database.select({
    sql: 'SELECT count() FROM numbers(100000000000) WHERE sipHash64(number) = 5',
    timeoutMs: 100,
  });
  await expect(asked).rejects.toMatchObject({ name: 'EngineError', code: 159 });
});

test('stopping leaves no process, and requests after it are refused', async () => {
  const { pid, database } = engine;
  await engine.stop();
  await engine.stop();
  expect(() => process.kill(pid ?? 0, 0)).toThrow('ESRCH');
  await expect(database.select(one)).rejects.toMatchObject({ reason: 'unavailable' });
  expect(existsSync(join(dataDir, 'engine.sock'))).toBe(false);
});

test('stopping lets what runs finish, and does not wait longer than that', async () => {
  const { database } = engine;
  const asked = database.select({ sql: 'SELECT sum(sleepEachRow(0.1)) AS n FROM numbers(4)' });
  await new Promise((resolve) => setTimeout(resolve, 100));
  const started = performance.now();
  await engine.stop();
  expect(performance.now() - started).toBeLessThan(3_000);
  expect(await asked).toEqual([{ n: '0' }]);
});

test('stopping ends what does not finish in time', async () => {
  const asked = engine.database
    .select({ sql: 'SELECT count() FROM numbers(100000000000) WHERE sipHash64(number) = 5' })
    .catch((e: unknown) => e);
  await new Promise((resolve) => setTimeout(resolve, 100));
  const started = performance.now();
  await engine.stop(300);
  expect(performance.now() - started).toBeLessThan(3_000);
  expect(await asked).toMatchObject({ name: 'Overloaded', reason: 'unavailable' });
});

test('a data folder deeper than a socket’s path may be works', async () => {
  const deep = join(dataDir, 'd'.repeat(120));
  const other = await openEmbedded({ dataDir: deep, log: silentLog });
  expect(await other.database.select(one)).toEqual([{ x: 1 }]);
  await other.stop();
});

test('the engine ends with a parent that is killed, and the folder is free for the next', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'ariane-embedded-'));
  const program = `
    import { openEmbedded } from ${JSON.stringify(new URL('../../../dist/store/engine/embedded.js', import.meta.url).href)};
    import { silentLog } from ${JSON.stringify(new URL('../../../dist/base/log.js', import.meta.url).href)};
    const engine = await openEmbedded({ dataDir: process.argv[1], log: silentLog });
    await engine.database.command('CREATE TABLE left (x UInt8) ENGINE = MergeTree ORDER BY x');
    void engine.database.select({ sql: 'SELECT count() FROM numbers(100000000000) WHERE sipHash64(number) = 5' });
    console.log(engine.pid);`;
  const parent = spawn(process.execPath, ['--input-type=module', '-e', program, folder], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const pid = await new Promise<number>((resolve) =>
    parent.stdout.once('data', (text: Buffer) => resolve(Number(text))),
  );
  process.kill(pid, 0);
  parent.kill('SIGKILL');
  const next = await openEmbedded({ dataDir: folder, log: silentLog });
  // The folder is the proof: a second engine on it is refused (above). The process itself may linger as a zombie.
  expect(next.pid).not.toBe(pid);
  expect(await next.database.select({ sql: 'SELECT count() AS n FROM left' })).toEqual([{ n: '0' }]);
  await next.stop();
  rmSync(folder, { recursive: true, force: true });
});
