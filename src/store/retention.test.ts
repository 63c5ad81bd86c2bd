import { readdirSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { manualClock } from '../base/clock.ts';
import { silentLog } from '../base/log.ts';
import type { Ballast } from './ballast.ts';
import type { Database } from './database.ts';
import { EngineError } from './engine/engine-error.ts';
import { openTestStore, type TestStore } from './open-test-store.ts';
import { chooseExpired, createRetention, type RetentionLimits } from './retention.ts';
import { createSpanTimes, dayMs, measureUsage } from './usage.ts';

const today = 20_500;
const companions = ['shapes', 'resources', 'scopes'];

let store: TestStore;
beforeEach(async () => {
  store = await openTestStore();
});
afterEach(() => store.stop());

function retention(limits: RetentionLimits, clock = manualClock(today * dayMs + 5)) {
  return createRetention({ database: store.database, table: 'spans', companions, limits, clock, log: silentLog });
}

let blocks = 0;
/** Adds spans with incompressible values, about `kib` KiB of them, all of one day. */
async function addSpans(day: number, kib: number): Promise<void> {
  const path = join(store.dataDir, `block-${++blocks}.native`);
  const columns = ['day', 'service', 'name', 'ts', 'vals'];
  const bytes = await store.database.selectBytes({
    sql: `SELECT toDate({day:UInt16}) AS day, 'shop' AS service, 'buy' AS name,
        toInt64({day:UInt16}) * 86400000000000 + number * 1000000 AS ts, [hex(randomString(256))] AS vals FROM numbers({n:UInt32})`,
    params: { day, n: kib * 4 },
    format: 'Native',
  });
  writeFileSync(path, bytes);
  await store.database.insertFile({ table: 'spans', columns, path, token: path });
}

async function spanDays(): Promise<number[]> {
  return (await measureUsage(store.database, 'spans', companions)).days.map((day) => day.day);
}

/** What the engine's folder takes on the disk, as the file system counts it. */
function bytesOnDisk(): number {
  const walk = (folder: string): number =>
    readdirSync(folder, { withFileTypes: true }).reduce((sum, entry) => {
      const path = join(folder, entry.name);
      if (entry.isDirectory()) return sum + walk(path);
      return entry.isFile() ? sum + statSync(path).blocks * 512 : sum;
    }, 0);
  for (;;) {
    try {
      return walk(join(store.dataDir, 'engine', 'store'));
    } catch {
      // A merge took a file away under the walk.
    }
  }
}

test('days past their time go, the others stay', async () => {
  for (const age of [0, 1, 2, 3]) await addSpans(today - age, 1);
  await addSpans(today + 1, 1);
  await retention({ days: 2, maxBytes: 0 }).check();
  expect(await spanDays()).toEqual([today - 1, today, today + 1]);
  await retention({ days: 0, maxBytes: 0 }).check();
  expect(await spanDays()).toHaveLength(3);
});

test('over the bytes the oldest days go until the rest fits, and the disk gets its bytes back', async () => {
  for (const age of [3, 2, 1, 0]) await addSpans(today - age, 1024);
  const before = bytesOnDisk();
  expect(before).toBeGreaterThan(4 * 2 ** 20);
  const { bytes } = await measureUsage(store.database, 'spans', companions);
  await retention({ days: 0, maxBytes: Math.ceil(bytes * 0.6) }).check();
  expect(await spanDays()).toEqual([today - 1, today]);
  expect(bytesOnDisk()).toBeLessThan(before * 0.6);
});

test('while data keep coming the disk stays within the limit', async () => {
  await addSpans(today - 1, 1024);
  const maxBytes = 3.5 * (await measureUsage(store.database, 'spans', companions)).bytes;
  const clock = manualClock(today * dayMs);
  const keep = retention({ days: 0, maxBytes }, clock);
  let largest = 0;
  for (let day = 0; day < 8; day++) {
    await addSpans(today + day, 1024);
    await keep.check();
    expect(keep.isFull()).toBe(false);
    largest = Math.max(largest, bytesOnDisk());
    clock.advance(dayMs);
  }
  // Nine days went in, each over a quarter of the limit; blocks of the file system and the tables' own files are on top.
  expect(largest).toBeLessThan(maxBytes * 1.1);
  expect(await spanDays()).toEqual([today + 5, today + 6, today + 7]);
});

test('the open day alone over the limit makes the store full, is kept, and goes when it is no longer the open one', async () => {
  const clock = manualClock(today * dayMs);
  const keep = retention({ days: 0, maxBytes: 2 ** 20 }, clock);
  await addSpans(today - 1, 512);
  await addSpans(today, 2048);
  await keep.check();
  expect(await spanDays()).toEqual([today]);
  expect(keep.isFull()).toBe(true);
  clock.advance(dayMs);
  await keep.check();
  expect(keep.isFull()).toBe(false);
  expect(await spanDays()).toEqual([]);
});

test('a day goes even when the disk has no room left for dropping it', async () => {
  await addSpans(today - 3, 1);
  let isBallastAway = false;
  // The engine's refusal on a full disk: it makes an empty part in the place of those dropped.
  const fullDisk: Database = {
    ...store.database,
    state: 'ready',
    command: (sql, params) =>
      /DROP PARTITION/.test(sql) && !isBallastAway
        ? Promise.reject(new EngineError(243, 'Cannot reserve 1.00 MiB, not enough space.'))
        : store.database.command(sql, params),
  };
  const ballast: Ballast = {
    load: async () => {},
    throwOffIfFull: async () => {},
    async without(work) {
      isBallastAway = true;
      return await work();
    },
  };
  const options = {
    table: 'spans',
    companions,
    limits: { days: 1, maxBytes: 0 },
    clock: manualClock(today * dayMs),
    log: silentLog,
  };
  await expect(createRetention({ ...options, database: fullDisk }).check()).rejects.toThrow('not enough space');
  await createRetention({ ...options, database: fullDisk, ballast }).check();
  expect(await spanDays()).toEqual([]);
});

test('shapes, resources and scopes go when no span that is left can refer to them', async () => {
  for (const age of [9, 3, 2, 1]) {
    const day = today - age;
    await store.database.command(`INSERT INTO shapes (id, day) VALUES (${age}, {day:UInt16})`, { day });
    await store.database.command(`INSERT INTO resources (id, day) VALUES (${age}, {day:UInt16})`, { day });
    await store.database.command(`INSERT INTO scopes (id, day) VALUES (${age}, {day:UInt16})`, { day });
  }
  // Seen on an old day, and again: the younger row keeps it.
  await store.database.command('INSERT INTO shapes (id, day) VALUES (9, {day:UInt16})', { day: today - 1 });
  await addSpans(today - 9, 1);
  await addSpans(today - 2, 1);
  await retention({ days: 5, maxBytes: 0 }).check();
  const left = async (table: string) =>
    (await store.database.select<{ id: string }>({ sql: `SELECT DISTINCT id FROM ${table} ORDER BY id` })).map(
      (r) => r.id,
    );
  // A span of today − 2 may have arrived the day before. The engine deletes in the background.
  for (const table of ['resources', 'scopes']) await expect.poll(() => left(table)).toEqual(['1', '2', '3']);
  await expect.poll(() => left('shapes')).toEqual(['1', '2', '3', '9']);
});

test('checks run at the start and by the clock, and none after the stop', async () => {
  const clock = manualClock(today * dayMs);
  const keep = retention({ days: 1, maxBytes: 0 }, clock);
  await addSpans(today - 1, 1);
  keep.start();
  await expect.poll(spanDays).toEqual([]);
  await addSpans(today - 1, 1);
  // The next is planned when the first is over.
  await expect
    .poll(async () => {
      clock.advance(10_000);
      return await spanDays();
    })
    .toEqual([]);
  await keep.stop();
  await addSpans(today - 1, 1);
  clock.advance(100_000);
  await new Promise((resolve) => setTimeout(resolve, 50));
  expect(await spanDays()).toEqual([today - 1]);
});

test('what is chosen never includes today or later', () => {
  const days = [1, 2, 3, 4].map((day) => ({ id: String(day), day, bytes: 10, rows: 1 }));
  const choose = (limits: RetentionLimits, now: number) =>
    chooseExpired({ bytes: 45, rows: 4, days }, limits, now).map((day) => day.day);
  expect(choose({ days: 0, maxBytes: 1 }, 3)).toEqual([1, 2]);
  expect(choose({ days: 0, maxBytes: 35 }, 9)).toEqual([1]);
  expect(choose({ days: 0, maxBytes: 45 }, 9)).toEqual([]);
  expect(choose({ days: 2, maxBytes: 0 }, 4)).toEqual([1, 2]);
  expect(choose({ days: 1, maxBytes: 1 }, 1)).toEqual([]);
});

test('oldest and newest span are followed as spans come and go, clocks far off left aside', async () => {
  const times = createSpanTimes(store.database);
  const now = async () => times(await measureUsage(store.database, 'spans', companions));
  expect(await now()).toEqual({ oldestMs: null, newestMs: null });
  const insert = (day: number, ms: number) =>
    store.database.command("INSERT INTO spans (day, service, ts) SELECT toDate({day:UInt16}), 's', {ts:Int64}", {
      day,
      ts: `${ms}000000`,
    });
  await insert(today, today * dayMs + 500);
  expect(await now()).toEqual({ oldestMs: today * dayMs + 500, newestMs: today * dayMs + 500 });
  await insert(today, today * dayMs + 700);
  await insert(today, today * dayMs + 300);
  expect(await now()).toEqual({ oldestMs: today * dayMs + 300, newestMs: today * dayMs + 700 });
  await insert(today, -9_223_372_036_854);
  await insert(today, 9_223_372_036_854);
  expect(await now()).toEqual({ oldestMs: today * dayMs + 300, newestMs: today * dayMs + 700 });
  await insert(today - 1, (today - 1) * dayMs + 7);
  await insert(today + 1, (today + 1) * dayMs);
  expect(await now()).toEqual({ oldestMs: (today - 1) * dayMs + 7, newestMs: (today + 1) * dayMs });
  await store.database.command(
    `ALTER TABLE spans DROP PARTITION ID '${(await measureUsage(store.database, 'spans', [])).days[0]?.id}'`,
  );
  expect((await now()).oldestMs).toBe(today * dayMs + 300);
});
