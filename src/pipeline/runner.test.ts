import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { manualClock } from '../base/clock.ts';
import { silentLog } from '../base/log.ts';
import type { Batch } from '../model/batch.ts';
import { openSpool, type Spool } from '../spool/spool.ts';
import { Runner } from './runner.ts';

let root: string;

beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), 'runner-'));
});

afterAll(async () => {
  await rm(root, { recursive: true });
});

/** One life of the process: a spool, its runner, and the batches that two exporters hold and have not answered for. */
interface Life {
  readonly spool: Spool;
  readonly runner: Runner;
  readonly held: { batch: Batch; answer: (fails: boolean) => void }[];
}

const receivers = { a: ['x', 'y'], b: ['y'] } as const;

async function live(dir: string, onFinished: (batch: Batch) => void): Promise<Life> {
  const clock = manualClock();
  const spool = await openSpool({
    dir,
    maxBytes: 1 << 24,
    segmentBytes: 600,
    tailBytes: 300,
    fsync: 'interval',
    clock,
    log: silentLog,
    bootId: 'this-boot',
  });
  const held: Life['held'] = [];
  const routes = Object.entries(receivers).map(([pipeline, ids]) => ({
    pipeline,
    receivers: new Set<string>(ids),
    ready: () => undefined,
    first: {
      consume: (batch: Batch) =>
        new Promise<void>((resolve, reject) => {
          held.push({
            batch,
            answer(fails) {
              onFinished(batch);
              if (fails) reject(new Error('never'));
              else resolve();
            },
          });
        }),
    },
  }));
  const options = { signal: 'traces', maxInFlightBytes: 400, log: silentLog, clock, countDropped: () => {} } as const;
  const runner = new Runner({ ...options, cursor: spool.cursor(), routes });
  runner.start();
  return { spool, runner, held };
}

async function settle(): Promise<void> {
  for (let i = 0; i < 3; i++) await new Promise((resolve) => setImmediate(resolve));
}

const step = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.record({
      do: fc.constant('append' as const),
      receiver: fc.constantFrom('x', 'y'),
      size: fc.nat(150),
    }),
  },
  { weight: 4, arbitrary: fc.record({ do: fc.constant('answer' as const), which: fc.nat(), fails: fc.boolean() }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('save' as const) }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('crash' as const) }) },
);

test('whatever finishes, crashes and is replayed in whatever order: every record reaches its exporters, and the cursor passes none that is unfinished', async () => {
  let runs = 0;
  await fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: 5, maxLength: 60 }), async (steps) => {
      const dir = join(root, `${++runs}`);
      const expected = new Map<number, readonly string[]>();
      const finished = new Set<string>();
      const onFinished = (batch: Batch) => {
        for (const part of batch.parts) finished.add(`${batch.pipeline} ${part.seq}`);
      };
      const isFinished = (seq: number) => expected.get(seq)?.every((pipeline) => finished.has(`${pipeline} ${seq}`));
      const checkCursor = (seq: number) => {
        for (let s = 1; s <= seq; s++) expect(isFinished(s), `the cursor at ${seq} passed ${s}`).toBe(true);
      };
      let life = await live(dir, onFinished);
      for (const s of steps) {
        switch (s.do) {
          case 'append': {
            const bytes = Buffer.alloc(s.size);
            const seq = await life.spool.append({ receiver: s.receiver, receivedMs: 0, count: 1, bytes });
            expected.set(seq, s.receiver === 'x' ? ['a'] : ['a', 'b']);
            break;
          }
          case 'answer':
            for (const { answer } of life.held.splice(s.which % (life.held.length || 1), 1)) answer(s.fails);
            break;
          case 'save':
            await life.spool.save();
            break;
          case 'crash':
            await life.spool.cursor().close(); // its file only: nothing is saved
            life = await live(dir, onFinished);
            checkCursor(life.spool.cursor().seq);
            break;
        }
        await settle();
        checkCursor(life.spool.cursor().seq);
      }
      const deadline = performance.now() + 5000;
      while (life.spool.cursor().seq < expected.size) {
        if (performance.now() > deadline) throw new Error(`stuck at ${life.spool.cursor().seq} of ${expected.size}`);
        for (const { answer } of life.held.splice(0)) answer(false);
        await settle();
      }
      expect([...expected.keys()].every(isFinished)).toBe(true);
      expect(life.spool.spooledCount).toBe(0);
      await life.runner.stop(0);
      await life.spool.close();
    }),
    { numRuns: 60 },
  );
}, 60_000);

test('reading waits while a processor asks for it, and goes on when it is ready', async () => {
  const dir = join(root, 'ready');
  const clock = manualClock();
  const spool = await openSpool({ dir, maxBytes: 1 << 24, fsync: 'interval', clock, log: silentLog });
  const got: number[] = [];
  let open = () => {};
  let wait: Promise<void> | undefined = new Promise((resolve) => {
    open = () => {
      wait = undefined;
      resolve();
    };
  });
  const route = {
    pipeline: 'traces',
    receivers: new Set(['otlp']),
    ready: () => wait,
    first: { consume: async (batch: Batch) => void got.push(...batch.parts.map((part) => part.seq)) },
  };
  const options = { signal: 'traces', maxInFlightBytes: 1000, log: silentLog, clock, countDropped: () => {} } as const;
  const runner = new Runner({ ...options, cursor: spool.cursor(), routes: [route] });
  runner.start();
  for (let i = 0; i < 5; i++)
    await spool.append({ receiver: 'otlp', receivedMs: 0, count: 1, bytes: Buffer.alloc(10) });
  await settle();
  expect(got).toEqual([]);
  open();
  await settle();
  expect(got).toEqual([1, 2, 3, 4, 5]);
  await runner.stop(0);
  await spool.close();
});
