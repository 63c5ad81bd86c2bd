import { mkdir, mkdtemp, readdir, readFile, rm, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { crc32 } from 'node:zlib';
import fc from 'fast-check';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { manualClock } from '../base/clock.ts';
import { ConfigError } from '../base/errors.ts';
import { createLog } from '../base/log.ts';
import { formatVersion } from './format.ts';
import { openSpool, type Spool } from './spool.ts';

let root: string;
/** The files of a spool with 40 records in several segments, 13 of them committed. */
const files = new Map<string, Buffer>();
const texts = new Map<number, string>();
const warnings: string[] = [];
let dirs = 0;

const log = createLog({ write: (line) => warnings.push(line), level: 'warn' });

function open(dir: string): Promise<Spool> {
  const options = { dir, maxBytes: 1 << 24, segmentBytes: 1500, tailBytes: 0, bootId: 'this-boot' } as const;
  return openSpool({ ...options, fsync: 'interval', clock: manualClock(), log });
}

beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), 'spool-recover-'));
  const spool = await open(join(root, 'whole'));
  for (let i = 1; i <= 40; i++) {
    const text = `record ${i} `.repeat(1 + (i % 13));
    texts.set(i, text);
    await spool.append({ receiver: 'otlp', receivedMs: i, count: i, bytes: Buffer.from(text) });
  }
  await spool.cursor().next(1e9);
  while (spool.cursor().deliveredSeq < 13) await spool.cursor().next(1);
  spool.cursor().commit(13);
  await spool.close();
  for (const name of await readdir(join(root, 'whole'))) files.set(name, await readFile(join(root, 'whole', name)));
});

afterAll(async () => {
  await rm(root, { recursive: true });
});

async function damagedCopy(change: (name: string, bytes: Buffer) => Buffer | undefined): Promise<string> {
  const dir = join(root, `copy-${++dirs}`);
  await mkdir(dir);
  for (const [name, bytes] of files) {
    const changed = change(name, Buffer.from(bytes));
    if (changed !== undefined) await writeFile(join(dir, name), changed);
  }
  return dir;
}

/** Opens, appends one more record and reads everything. Every record must be one that was written, whole and once. */
async function readBack(dir: string): Promise<number[]> {
  const spool = await open(dir);
  try {
    const text = 'appended after the damage';
    const mark = await spool.append({ receiver: 'new', receivedMs: 1, count: 1, bytes: Buffer.from(text) });
    const seqs: number[] = [];
    while (spool.cursor().deliveredSeq < mark) {
      for (const record of await spool.cursor().next(1e9)) {
        expect(Buffer.from(record.bytes).toString()).toBe(record.seq === mark ? text : texts.get(record.seq));
        if (record.seq !== mark) expect(record).toMatchObject({ receiver: 'otlp', count: record.seq });
        seqs.push(record.seq);
      }
    }
    expect(seqs).toEqual([...new Set(seqs)].sort((a, b) => a - b));
    expect(mark).toBeGreaterThan(Math.max(0, ...seqs.slice(0, -1)));
    return seqs.slice(0, -1);
  } finally {
    await spool.close();
    await rm(dir, { recursive: true });
  }
}

const segmentNames = () => [...files.keys()].filter((name) => name.endsWith('.seg')).sort();

test('an undamaged spool gives what was not committed', async () => {
  expect(segmentNames().length).toBeGreaterThanOrEqual(3);
  const dir = await damagedCopy((_, bytes) => bytes);
  const spool = await open(dir);
  expect(spool.spooledCount).toBe(Array.from({ length: 27 }, (_, i) => i + 14).reduce((a, b) => a + b));
  await spool.close();
  expect(await readBack(dir)).toEqual(Array.from({ length: 27 }, (_, i) => i + 14));
});

test('whatever bytes are damaged, opening works and no record is wrong', async () => {
  const names = [...files.keys()];
  const damage = fc.oneof(
    fc.record({ kind: fc.constant('flip'), name: fc.constantFrom(...names), at: fc.nat(), bit: fc.nat(7) }),
    fc.record({ kind: fc.constant('cut'), name: fc.constantFrom(...names), at: fc.nat() }),
    fc.record({ kind: fc.constant('zero'), name: fc.constantFrom(...names), at: fc.nat(), length: fc.nat(4096) }),
    fc.record({
      kind: fc.constant('random'),
      name: fc.constantFrom(...names),
      bytes: fc.uint8Array({ maxLength: 300 }),
    }),
    fc.record({
      kind: fc.constant('append'),
      name: fc.constantFrom(...names),
      bytes: fc.uint8Array({ maxLength: 300 }),
    }),
    fc.record({ kind: fc.constant('missing'), name: fc.constantFrom(...names) }),
  );
  type Damage = typeof damage extends fc.Arbitrary<infer T> ? T : never;
  const apply = (bytes: Buffer, d: Damage): Buffer | undefined => {
    if ('bit' in d && bytes.length > 0) {
      const at = d.at % bytes.length;
      bytes[at] = (bytes[at] ?? 0) ^ (1 << d.bit);
      return bytes;
    }
    const at = 'at' in d ? d.at % (bytes.length + 1) : 0;
    if ('length' in d) return bytes.fill(0, at, Math.min(at + d.length, bytes.length));
    if ('at' in d) return bytes.subarray(0, at);
    if ('bytes' in d) return d.kind === 'append' ? Buffer.concat([bytes, d.bytes]) : Buffer.from(d.bytes);
    return undefined;
  };
  await fc.assert(
    fc.asyncProperty(fc.array(damage, { minLength: 1, maxLength: 4 }), async (damages) => {
      const dir = await damagedCopy((name, bytes) =>
        damages.filter((d) => d.name === name).reduce<Buffer | undefined>((b, d) => b && apply(b, d), bytes),
      );
      await readBack(dir);
    }),
    { numRuns: 300 },
  );
}, 60_000);

test('a flipped bit in the middle loses the rest of its segment only, and says so', async () => {
  const [, second = '', third = ''] = segmentNames();
  const dir = await damagedCopy((name, bytes) => {
    if (name === second) bytes[bytes.length - 1] = (bytes.at(-1) ?? 0) ^ 1;
    return bytes;
  });
  const kept = await readBack(dir);
  const lost = Array.from({ length: 27 }, (_, i) => i + 14).filter((seq) => !kept.includes(seq));
  expect(lost).toEqual([Number.parseInt(third, 10) - 1]);
  expect(warnings.some((line) => line.includes('cannot be read and is lost'))).toBe(true);
});

test('a cut tail is cut for good, and its seqs are not given again', async () => {
  const last = segmentNames().at(-1) ?? '';
  const dir = await damagedCopy((name, bytes) => (name === last ? bytes.subarray(0, bytes.length - 3) : bytes));
  const spool = await open(dir);
  expect(spool.lostBytes).toBeGreaterThan(0);
  await spool.close();
  const again = await open(dir);
  expect(again.lostBytes).toBe(0);
  expect(await again.append({ receiver: 'otlp', receivedMs: 1, count: 1, bytes: Buffer.of(1) })).toBeGreaterThan(
    2 ** 30,
  );
  await again.close();
});

test('a lost state file means that everything on disk is read again', async () => {
  const kept = await readBack(await damagedCopy((name, bytes) => (name === 'state' ? undefined : bytes)));
  expect(kept.length).toBeGreaterThanOrEqual(27);
  expect(kept.at(-1)).toBe(40);
});

test('files of another format version are refused with a clear sentence', async () => {
  const [first = ''] = segmentNames();
  const segments = await damagedCopy((name, bytes) => {
    if (name !== first) return bytes;
    bytes[7] = formatVersion + 1;
    bytes.writeUInt32LE(crc32(bytes.subarray(0, 16)), 16);
    return bytes;
  });
  await expect(open(segments)).rejects.toThrow(ConfigError);
  await expect(open(segments)).rejects.toThrow(/written in format 2, this Ariane reads format 1/);

  const text = JSON.stringify({ version: 9, whatever: true });
  const state = `${crc32(text).toString(16).padStart(8, '0')} ${text}\n`;
  const dir = await damagedCopy((name, bytes) => (name === 'state' ? Buffer.from(state) : bytes));
  await expect(open(dir)).rejects.toThrow(/written in format 9/);
});

test('a segment cut to nothing, and a stray file, do no harm', async () => {
  const dir = await damagedCopy((_, bytes) => bytes);
  await truncate(join(dir, segmentNames().at(-1) ?? ''), 0);
  await writeFile(join(dir, 'notes.txt'), 'mine');
  const kept = await readBack(dir);
  expect(kept.length).toBeGreaterThan(10);
});
