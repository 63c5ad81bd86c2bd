import fc from 'fast-check';
import { expect, test } from 'vitest';
import { hasSeq, lastSeq, rangesOf } from './seq-ranges.ts';

test('ranges say exactly which numbers are in them, in the fewest pairs', () => {
  expect(rangesOf([7, 2, 1, 3, 3])).toEqual([
    [1, 3],
    [7, 7],
  ]);
  fc.assert(
    fc.property(fc.array(fc.integer({ min: 1, max: 60 })), (seqs) => {
      const ranges = rangesOf(seqs);
      for (let seq = 0; seq <= 61; seq++) expect(hasSeq(ranges, seq)).toBe(seqs.includes(seq));
      expect(lastSeq(ranges)).toBe(Math.max(0, ...seqs));
      for (let i = 1; i < ranges.length; i++) expect(ranges[i]?.[0]).toBeGreaterThan((ranges[i - 1]?.[1] ?? 0) + 1);
    }),
  );
});
