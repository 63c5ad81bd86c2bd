import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { manualClock } from '../base/clock.ts';
import { silentLog } from '../base/log.ts';
import { openSpool } from './spool.ts';

const child = join(import.meta.dirname, '../../test/fixtures/spool-writer.mjs');

/** Runs the writer and kills it once it acknowledged `acks` records. Gives each acknowledged seq and its length. */
async function writeAndKill(dir: string, fsync: string, acks: number): Promise<Map<number, number>> {
  const writer = spawn(process.execPath, [child, dir, fsync], { stdio: ['ignore', 'pipe', 'inherit'] });
  let output = '';
  let lines = 0;
  writer.stdout.on('data', (chunk: Buffer) => {
    output += chunk.toString();
    lines += chunk.filter((byte) => byte === 10).length;
    if (lines >= acks) writer.kill('SIGKILL');
  });
  await new Promise((resolve) => writer.on('close', resolve));
  expect(writer.signalCode).toBe('SIGKILL');
  const whole = output.slice(0, output.lastIndexOf('\n')).split('\n');
  return new Map(whole.map((line) => [Number(line.split(' ')[0]), Number(line.split(' ')[1])]));
}

test.each(['interval', 'always'])(
  'kill -9 loses nothing that was acknowledged, time after time (fsync %s)',
  async (fsync) => {
    expect(existsSync(join(import.meta.dirname, '../../dist/spool/spool.js')), 'run npm run build:server first').toBe(
      true,
    );
    const dir = await mkdtemp(join(tmpdir(), 'spool-kill-'));
    const acknowledged = new Map<number, number>();
    for (const acks of [3, 40, 200, 17, 111]) {
      for (const [seq, length] of await writeAndKill(dir, fsync, acks)) {
        expect(acknowledged.has(seq), `seq ${seq} given twice`).toBe(false);
        acknowledged.set(seq, length);
      }
    }
    expect(acknowledged.size).toBeGreaterThan(300);

    const spool = await openSpool({ dir, maxBytes: 2 ** 30, fsync: 'interval', clock: manualClock(), log: silentLog });
    const end = await spool.append({ receiver: 'end', receivedMs: 0, count: 1, bytes: Buffer.of(0) });
    const found = new Map<number, number>();
    while (spool.cursor().deliveredSeq < end) {
      for (const { seq, bytes } of await spool.cursor().next(1e6)) found.set(seq, bytes.length);
    }
    expect([...acknowledged].filter(([seq, length]) => found.get(seq) !== length)).toEqual([]);
    await spool.close();
    await rm(dir, { recursive: true });
  },
);
