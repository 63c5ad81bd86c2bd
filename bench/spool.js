/**
 * CPU that the spool costs, in this process and its threads: appending, and reading back what was appended.
 * `npm run build:server && node bench/spool.js` prints one JSON line.
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { systemClock } from '../dist/base/clock.js';
import { silentLog } from '../dist/base/log.js';
import { openSpool } from '../dist/spool/spool.js';

const perTick = 20; // requests that arrive in one turn of the event loop on a busy server

const result = {};
for (const [name, size, count] of [
  ['300B', 300, 100_000],
  ['134KB', 134_000, 3_000],
]) {
  result[`append_${name}_alone_us`] = await least(() => append(size, count / 4, 1));
  result[`append_${name}_us`] = await least(() => append(size, count, perTick));
  result[`read_back_${name}_us`] = await least(() => readBack(size, count / 2));
}
process.stdout.write(`${JSON.stringify({ bench: 'spool', node: process.version, ...result })}\n`);

/** Of three runs: what else the machine does only adds. */
async function least(run) {
  return Math.min(await run(), await run(), await run());
}

/** CPU µs per append, a reader that keeps up included. `together` of them arrive at once. */
async function append(size, count, together) {
  return await withSpool(async (spool) => {
    const reading = readAll(spool, count + 1000);
    const bytes = Buffer.alloc(size, 1);
    const send = async (n) => {
      for (let sent = 0; sent < n; sent += together) {
        const acks = Array.from({ length: together }, () =>
          spool.append({ receiver: 'otlp', receivedMs: Date.now(), count: 1, bytes }),
        );
        await Promise.all(acks);
      }
    };
    await send(1000);
    const cost = await measure(() => send(count));
    await reading;
    return cost / count;
  });
}

/** CPU µs per record read from the segments, checksums verified. */
async function readBack(size, count) {
  return await withSpool(
    async (spool) => {
      const bytes = Buffer.alloc(size, 1);
      for (let sent = 0; sent < count; sent += 100) {
        await Promise.all(
          Array.from({ length: 100 }, () => spool.append({ receiver: 'otlp', receivedMs: 1, count: 1, bytes })),
        );
      }
      return (await measure(() => readAll(spool, count))) / count;
    },
    { tailBytes: 0 },
  );
}

async function readAll(spool, count) {
  const cursor = spool.cursor();
  let read = 0;
  while (read < count) {
    const records = await cursor.next(4 << 20);
    read += records.length;
    cursor.commit(records.at(-1).seq);
  }
}

async function withSpool(run, options = {}) {
  const dir = await mkdtemp(join(tmpdir(), 'bench-spool-'));
  const spool = await openSpool({
    dir,
    maxBytes: 4 * 2 ** 30,
    fsync: 'interval',
    clock: systemClock,
    log: silentLog,
    ...options,
  });
  try {
    return Number((await run(spool)).toFixed(2));
  } finally {
    await spool.close();
    await rm(dir, { recursive: true });
  }
}

async function measure(run) {
  const before = process.cpuUsage();
  await run();
  const { user, system } = process.cpuUsage(before);
  return user + system;
}
