import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { manualClock } from '../base/clock.ts';
import { Overloaded } from '../base/errors.ts';
import { silentLog } from '../base/log.ts';
import { nodeDisk } from './disk.ts';
import { openSpool, type Spool, type SpoolOptions } from './spool.ts';

let dir: string;
const opened: Spool[] = [];

beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'spool-'));
});

afterEach(async () => {
  for (const spool of opened.splice(0)) await spool.close();
  await rm(dir, { recursive: true });
});

async function open(options: Partial<SpoolOptions> = {}): Promise<Spool> {
  const spool = await openSpool({
    dir,
    maxBytes: 1 << 30,
    fsync: 'interval',
    clock: manualClock(),
    log: silentLog,
    bootId: 'this-boot',
    ...options,
  });
  opened.push(spool);
  return spool;
}

function record(text: string, count = 1) {
  return { receiver: 'otlp', receivedMs: 1_700_000_000_123, count, bytes: Buffer.from(text) };
}

async function readAll(spool: Spool): Promise<string[]> {
  const texts: string[] = [];
  while (spool.cursor().deliveredSeq < (await lastSeq(spool))) {
    for (const r of await spool.cursor().next(1 << 20)) texts.push(Buffer.from(r.bytes).toString());
  }
  return texts;
}

/** Appends a mark, so that a reader knows where the end is. */
async function lastSeq(spool: Spool): Promise<number> {
  return marks.get(spool) ?? (marks.set(spool, spool.append(record('end'))), marks.get(spool)) ?? 0;
}
const marks = new Map<Spool, Promise<number>>();

test('a record comes back as it went in, with ascending seqs', async () => {
  const spool = await open();
  expect(await Promise.all([spool.append(record('a', 3)), spool.append(record('b'))])).toEqual([1, 2]);
  const [a, b] = await spool.cursor().next(1 << 20);
  expect(a).toMatchObject({ seq: 1, receiver: 'otlp', receivedMs: 1_700_000_000_123, count: 3 });
  expect(Buffer.from(b?.bytes ?? []).toString()).toBe('b');
});

test('a reader that fell behind reads the same from disk as one that keeps up', async () => {
  const spool = await open({ tailBytes: 500, segmentBytes: 3000 });
  const texts = Array.from({ length: 200 }, (_, i) => `${i}`.repeat(20));
  for (const text of texts) await spool.append(record(text));
  expect((await readdir(dir)).length).toBeGreaterThan(3);
  expect(await readAll(spool)).toEqual([...texts, 'end']);
});

test('a record larger than every chunk comes back whole from memory and from disk', async () => {
  const big = Buffer.alloc(3 << 20, 7);
  for (const tailBytes of [8 << 20, 0]) {
    const spool = await open({ tailBytes });
    await spool.append(record('before'));
    await spool.append({ ...record(''), bytes: big });
    await spool.append(record('after'));
    const sizes: number[] = [];
    while (sizes.length < 3) for (const r of await spool.cursor().next(1)) sizes.push(r.bytes.length);
    expect(sizes).toEqual([6, big.length, 5]);
    spool.cursor().commit(spool.cursor().deliveredSeq);
    await spool.close();
  }
});

test('what was not committed is read again after a restart, what was is not, and seqs go on', async () => {
  const first = await open();
  for (const text of ['a', 'b', 'c', 'd']) await first.append(record(text, 10));
  await first.cursor().next(1 << 20);
  first.cursor().commit(2);
  expect(first.spooledCount).toBe(20);
  await first.close();

  const second = await open();
  expect(second.spooledCount).toBe(20);
  expect((await second.cursor().next(1 << 20)).map((r) => r.seq)).toEqual([3, 4]);
  expect(await second.append(record('e'))).toBe(5);
});

test('segments are deleted only when the cursor past them is on disk, and the listener hears it', async () => {
  const spool = await open({ segmentBytes: 1000, tailBytes: 0 });
  for (let i = 0; i < 50; i++) await spool.append(record('x'.repeat(100)));
  const saved: number[] = [];
  spool.onSaved((_, seq) => saved.push(seq));
  const before = await segmentsOnDisk();
  while (spool.cursor().deliveredSeq < 50) await spool.cursor().next(1 << 20);
  spool.cursor().commit(50);
  expect(await segmentsOnDisk()).toBe(before);
  expect(saved).toEqual([]);
  await spool.save();
  expect(saved).toEqual([50]);
  expect(await segmentsOnDisk()).toBe(1); // the active one
});

async function segmentsOnDisk(): Promise<number> {
  return (await readdir(dir)).filter((name) => name.endsWith('.seg')).length;
}

test('the limit refuses retryably, and there is room again when the reader went on', async () => {
  const spool = await open({ maxBytes: 100_000 });
  const refused = expect.objectContaining({ name: 'Overloaded', reason: 'full' });
  let taken = 0;
  const fill = async () => {
    for (;;) {
      await spool.append(record('x'.repeat(1000)));
      taken++;
    }
  };
  await expect(fill()).rejects.toEqual(refused);
  expect(taken).toBeGreaterThan(80);
  while (spool.cursor().deliveredSeq < taken) await spool.cursor().next(1 << 20);
  spool.cursor().commit(taken);
  await spool.save();
  expect(spool.spooledBytes).toBe(0);
  await expect(fill()).rejects.toEqual(refused);
  expect(taken).toBeGreaterThan(160);
});

test('a full disk refuses, keeps what it had, and recovers', async () => {
  let room = 5000;
  const noSpace = Object.assign(new Error('no space left on device'), { code: 'ENOSPC' });
  const disk = {
    ...nodeDisk,
    writeSync(fd: number, buffers: readonly Uint8Array[], position: number) {
      const bytes = Buffer.concat(buffers);
      nodeDisk.writeSync(fd, [bytes.subarray(0, Math.min(room, bytes.length))], position);
      room -= bytes.length;
      if (room < 0) {
        room = 0;
        throw noSpace;
      }
    },
  };
  const spool = await open({ disk });
  const results = [];
  for (let i = 0; i < 100; i++) results.push(await spool.append(record('y'.repeat(100))).catch((e: unknown) => e));
  const taken = results.filter((r) => typeof r === 'number').length;
  expect(taken).toBeGreaterThan(20);
  expect(results.at(-1)).toBeInstanceOf(Overloaded);
  room = 1e6;
  expect(await spool.append(record('late'))).toBe(taken + 1);
  await spool.close();

  const again = await open();
  expect(again.lostBytes).toBe(0);
  expect(again.spooledCount).toBe(taken + 1);
});

test('fsync always acknowledges only after the sync, many appends with one', async () => {
  let syncs = 0;
  let writesBeforeSync = 0;
  const disk = {
    ...nodeDisk,
    async sync(fd: number) {
      await nodeDisk.sync(fd);
      syncs++;
    },
    async write(fd: number, buffers: readonly Uint8Array[], position: number) {
      await nodeDisk.write(fd, buffers, position);
      writesBeforeSync = syncs;
    },
  };
  const spool = await open({ disk, fsync: 'always' });
  await Promise.all(Array.from({ length: 100 }, (_, i) => spool.append(record(`${i}`))));
  expect(writesBeforeSync).toBe(0);
  expect(syncs).toBe(1);
});

test('the interval syncs a second after the first write', async () => {
  const clock = manualClock();
  let synced: (() => void) | undefined;
  const done = new Promise<void>((resolve) => {
    synced = resolve;
  });
  const disk = { ...nodeDisk, sync: (fd: number) => nodeDisk.sync(fd).then(() => synced?.()) };
  const spool = await open({ clock, disk });
  await spool.append(record('a'));
  clock.advance(1000);
  await done;
});

test('after another boot seqs leap, for the lost tail may have been stored under its seqs', async () => {
  const first = await open();
  await first.append(record('a'));
  await first.close();
  const second = await open({ bootId: 'next-boot' });
  expect(await second.append(record('b'))).toBeGreaterThan(2 ** 30);
  expect(await readAll(second)).toEqual(['a', 'b', 'end']);
});
