import { expect, test } from 'vitest';
import { manualClock } from '../../base/clock.ts';
import { silentLog } from '../../base/log.ts';
import { createMetrics } from '../../base/metrics.ts';
import { type Batch, countOf } from '../../model/batch.ts';
import { batch } from './batch.ts';

function setUp(yaml: Record<string, unknown> = {}) {
  const clock = manualClock();
  const sent: Batch[] = [];
  let answer: (batch: Batch) => Promise<void> = async () => {};
  const context = { id: 'batch', log: silentLog, metrics: createMetrics(), clock };
  const next = {
    consume(batch: Batch) {
      sent.push(batch);
      return answer(batch);
    },
  };
  const processor = batch.create(batch.config.parse(yaml, 'processors.batch'), context, next);
  let seq = 0;
  const give = (...counts: number[]) =>
    processor.consume({
      signal: 'traces',
      pipeline: 'traces',
      parts: counts.map((count) => ({ bytes: Buffer.of(1), count, receivedMs: 5, seq: ++seq })),
    });
  return { clock, sent, processor, give, answerWith: (a: typeof answer) => (answer = a) };
}

const turn = () => new Promise((resolve) => setImmediate(resolve));

test('small batches wait for the timeout and go as one, each part with its own seq', async () => {
  const { clock, sent, give } = setUp();
  const taken = Promise.all([give(1), give(2, 3)]);
  clock.advance(199);
  await turn();
  expect(sent).toEqual([]);
  clock.advance(1);
  await taken;
  expect(sent.map((b) => b.parts.map((p) => [p.seq, p.count]))).toEqual([
    [
      [1, 1],
      [2, 2],
      [3, 3],
    ],
  ]);
});

test('a full batch goes at once, and the next one has its own timeout', async () => {
  const { clock, sent, give } = setUp({ send_batch_size: 10 });
  await give(6, 5);
  expect(sent.map(countOf)).toEqual([11]);
  const late = give(1);
  clock.advance(200);
  await late;
  expect(sent.map(countOf)).toEqual([11, 1]);
});

test('no batch exceeds send_batch_max_size, but a single larger request goes alone', async () => {
  const { clock, sent, give } = setUp({ send_batch_size: 10, send_batch_max_size: 10 });
  const taken = give(4, 4, 4, 25, 3);
  clock.advance(200);
  await taken;
  expect(sent.map((b) => b.parts.map((p) => p.count))).toEqual([[4, 4], [4], [25], [3]]);
});

test('a batch is taken only when all that it went into is taken', async () => {
  const { sent, give, answerWith } = setUp({ send_batch_size: 1 });
  const answers: (() => void)[] = [];
  answerWith(() => new Promise((resolve) => answers.push(resolve)));
  let isTaken = false;
  void give(1, 1).then(() => (isTaken = true));
  await turn();
  expect(sent.length).toBe(2);
  answers[1]?.();
  await turn();
  expect(isTaken).toBe(false);
  answers[0]?.();
  await turn();
  expect(isTaken).toBe(true);
});

test('a refusal reaches those whose parts were in the batch, and nobody else', async () => {
  const { give, answerWith } = setUp({ send_batch_size: 2 });
  answerWith(async (b) => {
    if (b.parts[0]?.seq === 1) throw new Error('never');
  });
  const [a, b, c, d] = await Promise.allSettled([give(1), give(1), give(1), give(1)]);
  expect([a, b, c, d].map((r) => r?.status)).toEqual(['rejected', 'rejected', 'fulfilled', 'fulfilled']);
});

test('timeout 0 sends at once, and stop sends what waits', async () => {
  const eager = setUp({ timeout: '0s' });
  await eager.give(1);
  expect(eager.sent.length).toBe(1);

  const { sent, give, processor } = setUp();
  const taken = give(1);
  await processor.stop();
  await taken;
  await processor.stop();
  expect(sent.length).toBe(1);
});

test('a maximum below the size is refused with its path', () => {
  expect(() => setUp({ send_batch_max_size: 10 })).toThrow('processors.batch.send_batch_max_size: expected at least');
});
