import { expect, it } from 'vitest';
import { findChange } from './change-point.ts';
import { noisy } from '../../../test/fixtures/judge-endpoint.ts';

it('finds since when all are slower, to within a few calls', () => {
  const change = findChange([...noisy(100, 120, 1), ...noisy(180, 80, 2)]);
  expect(change?.isOfAll).toBe(true);
  expect(Math.abs((change?.at ?? 0) - 120)).toBeLessThan(4);
});

it('finds since when some are slow', () => {
  const some = noisy(100, 150, 4).map((ns, i) => (i % 4 === 0 ? ns * 5 : ns));
  const change = findChange([...noisy(100, 200, 3), ...some]);
  expect(change?.isOfAll).toBe(false);
  expect(Math.abs((change?.at ?? 0) - 200)).toBeLessThan(8);
});

it('finds nothing in noise, in too few, and where it got faster', () => {
  const found = Array.from({ length: 200 }, (_, seed) => findChange(noisy(100, 200, seed + 10))).filter(Boolean);
  expect(found.length).toBeLessThanOrEqual(2);
  expect(findChange(noisy(100, 30, 1))).toBeUndefined();
  expect(findChange([...noisy(180, 100, 5), ...noisy(100, 100, 6)])).toBeUndefined();
});
