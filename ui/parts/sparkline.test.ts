import { expect, it } from 'vitest';
import { sparkPath } from './sparkline.tsx';

it('draws one line, breaks it at gaps and dots what stands alone', () => {
  const { line, area, points, last } = sparkPath([4, 2, null, 4, null, 0, 4], 64, 20);
  expect(line).toBe('M2 2L12 10M52 18L62 2');
  expect(area).toBe('M2 18L2 2L12 10L12 18ZM52 18L52 18L62 2L62 18Z');
  expect(points).toEqual([[32, 2]]);
  expect(last).toEqual([62, 2]);
});

it('draws nothing of nothing, and a flat line of zeros', () => {
  expect(sparkPath([null, null], 64, 20)).toEqual({ line: '', area: '', points: [], last: undefined });
  expect(sparkPath([0, 0], 64, 20).line).toBe('M2 18L62 18');
});
