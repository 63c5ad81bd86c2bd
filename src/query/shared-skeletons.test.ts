import { expect, it } from 'vitest';
import { manualClock } from '../base/clock.ts';
import { buildTrace, type Trace } from '../model/trace.ts';
import { shareSkeletons } from './shared-skeletons.ts';

const trace = buildTrace('ab'.repeat(16), []);

function reader() {
  const reads: { signal: AbortSignal; answer: (found: Trace | undefined) => void; fail: (error: Error) => void }[] = [];
  const clock = manualClock();
  const read = shareSkeletons(
    (_, signal) => new Promise((answer, fail) => reads.push({ signal, answer, fail })),
    clock,
  );
  return { reads, clock, read };
}

const never = new AbortController().signal;

it('two who ask at once are answered by one read, and so is who asks soon after', async () => {
  const { reads, clock, read } = reader();
  const both = [read('a', never), read('a', never)];
  reads[0]?.answer(trace);
  expect(await Promise.all(both)).toEqual([trace, trace]);
  expect(await read('a', never)).toBe(trace);
  expect(reads).toHaveLength(1);
  clock.advance(1000);
  const later = read('a', never);
  expect(reads).toHaveLength(2);
  reads[1]?.answer(trace);
  await later;
});

it('a read goes on while anybody waits, and ends when all have left', async () => {
  const { reads, read } = reader();
  const [first, second] = [new AbortController(), new AbortController()];
  const answers = [read('a', first.signal), read('a', second.signal)];
  first.abort(new Error('gone'));
  await expect(answers[0]).rejects.toThrow('gone');
  expect(reads[0]?.signal.aborted).toBe(false);
  second.abort(new Error('gone too'));
  await expect(answers[1]).rejects.toThrow('gone too');
  expect(reads[0]?.signal.aborted).toBe(true);
  reads[0]?.fail(new Error('killed'));
});

it('neither a failure nor an absence is remembered', async () => {
  const { reads, read } = reader();
  const failing = read('a', never);
  reads[0]?.fail(new Error('no engine'));
  await expect(failing).rejects.toThrow('no engine');
  const absent = read('a', never);
  reads[1]?.answer(undefined);
  expect(await absent).toBeUndefined();
  void read('a', never);
  expect(reads).toHaveLength(3);
});
