import { expect, it } from 'vitest';
import {
  defaultRange,
  explicitRange,
  parseLast,
  parseRange,
  rangeBounds,
  rangeParams,
  rangeReaching,
} from './range.ts';

const of = (query: string) => parseRange(new URLSearchParams(query));

it('reads a range from an address, and the last hour from one without', () => {
  expect(of('')).toEqual(defaultRange);
  expect(of('last=15m')).toEqual({ kind: 'last', text: '15m', ms: 900_000 });
  expect(of('start=1700000000000000&end=1700000060000000')).toEqual({
    kind: 'between',
    startUs: 1_700_000_000_000_000,
    endUs: 1_700_000_060_000_000,
  });
  expect(explicitRange(new URLSearchParams('q=x'))).toBeUndefined();
});

it('takes what cannot be read as the last hour', () => {
  for (const bad of ['last=0m', 'last=1y', 'last=-5m', 'start=2&end=1', 'start=a&end=b', 'start=5'])
    expect(of(bad)).toEqual(defaultRange);
});

it('writes what it reads', () => {
  for (const query of ['last=7d', 'start=1&end=2', '']) {
    const written = new URLSearchParams();
    for (const [key, value] of Object.entries(rangeParams(of(query)))) if (value !== undefined) written.set(key, value);
    expect(written.toString()).toBe(query);
  }
});

it('ends a relative range now', () => {
  expect(rangeBounds(parseLast('1m') ?? defaultRange, 100_000)).toEqual({ startUs: 40_000_000, endUs: 100_000_000 });
});

it('reaches back to the newest data', () => {
  expect(rangeReaching(20 * 60e3)).toMatchObject({ text: '1h' });
  expect(rangeReaching(3 * 86_400e3)).toMatchObject({ text: '7d' });
  expect(rangeReaching(9.5 * 86_400e3)).toMatchObject({ text: '10d', ms: 864_000_000 });
});
