import { expect, it } from 'vitest';
import { chiSquareTail, falseDiscoveryLimit, gTest, median, quantile } from './statistics.ts';

it('quantiles lie between the two nearest', () => {
  expect(median([3, 1, 2])).toBe(2);
  expect(quantile([10, 20, 30, 40, 50], 0.9)).toBeCloseTo(46);
  expect(quantile([], 0.5)).toBeNaN();
});

it('the tail of chi-square is that of the tables', () => {
  expect(chiSquareTail(3.841)).toBeCloseTo(0.05, 4);
  expect(chiSquareTail(6.635)).toBeCloseTo(0.01, 4);
  expect(chiSquareTail(0)).toBeCloseTo(1, 6);
});

it('the G-test tells a difference from chance', () => {
  expect(gTest(38, 40, 4, 100)).toBeLessThan(1e-12);
  expect(gTest(5, 40, 12, 100)).toBeGreaterThan(0.5);
  expect(gTest(0, 40, 0, 100)).toBe(1);
  expect(gTest(3, 4, 30, 100)).toBeGreaterThan(0.05);
});

it('of many comparisons only those are believed that chance does not explain', () => {
  const chance = Array.from({ length: 99 }, (_, i) => (i + 1) / 100);
  expect(falseDiscoveryLimit(chance, 0.01)).toBe(-1);
  expect(falseDiscoveryLimit([...chance, 1e-6], 0.01)).toBe(1e-6);
  expect(falseDiscoveryLimit([], 0.01)).toBe(-1);
});
