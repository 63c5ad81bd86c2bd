/** A disk that is really full: a small tmpfs, where one can be mounted (root). `spool.test.ts` does the same by injected errors. */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { readdir, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { manualClock } from '../base/clock.ts';
import { silentLog } from '../base/log.ts';
import { openSpool, type Spool } from './spool.ts';

const dir = mkdtempSync(join(tmpdir(), 'spool-full-'));
const isMounted = spawnSync('mount', ['-t', 'tmpfs', '-o', 'size=1m', 'ariane-test', dir]).status === 0;

afterAll(() => {
  if (isMounted) spawnSync('umount', [dir]);
  rmSync(dir, { recursive: true });
});

function open(): Promise<Spool> {
  return openSpool({ dir, maxBytes: 1 << 30, fsync: 'interval', clock: manualClock(), log: silentLog });
}

async function fill(spool: Spool): Promise<number> {
  for (let taken = 0; ; taken++) {
    try {
      await spool.append({ receiver: 'otlp', receivedMs: 0, count: 1, bytes: Buffer.alloc(10_000, taken) });
    } catch (error) {
      expect(error).toMatchObject({ name: 'Overloaded', reason: 'full', message: 'spool: the disk is full' });
      return taken;
    }
  }
}

async function readAll(spool: Spool, count: number): Promise<void> {
  for (let read = 0; read < count; ) {
    for (const record of await spool.cursor().next(1e6)) {
      expect(record.bytes.every((byte) => byte === record.bytes[0])).toBe(true);
      read++;
    }
  }
  spool.cursor().commit(spool.cursor().deliveredSeq);
  expect(spool.spooledCount).toBe(0);
}

if (isMounted) {
  test('a full disk refuses retryably; what was taken is read, freed without any room to spare, and there is room again', async () => {
    const spool = await open();
    const first = await fill(spool);
    expect(first).toBeGreaterThan(80);
    await readAll(spool, first);
    await spool.save();
    expect((await readdir(dir)).filter((name) => name.endsWith('.seg'))).toEqual([]);
    const second = await fill(spool);
    expect(second).toBeGreaterThan(80);
    await spool.close();

    const again = await open();
    expect(again.spooledCount).toBe(second);
    await readAll(again, second);
    await again.close();
  });

  test('it starts on a full disk, and gives what it has', async () => {
    const spool = await open();
    await spool.append({ receiver: 'otlp', receivedMs: 0, count: 1, bytes: Buffer.of(5) });
    await spool.close();
    await writeFile(join(dir, 'filler'), Buffer.alloc(2 << 20)).catch(() => {});
    const again = await open();
    expect(
      await again
        .append({ receiver: 'otlp', receivedMs: 0, count: 1, bytes: Buffer.alloc(5000) })
        .catch(() => 'refused'),
    ).toBe('refused');
    await readAll(again, 1);
    await again.close();
  });
} else {
  test('no tmpfs can be mounted here: the full disk is only simulated', () => expect(isMounted).toBe(false));
}
