import { describe, expect, it } from 'vitest';
import { formatCount, formatDuration, formatFactor, formatShare, formatTime, narrowSpace, plural } from './format.ts';

const plain = (text: string) => text.replaceAll(narrowSpace, '_');

describe('a duration', () => {
  const cases: [number, string, string][] = [
    [350e6, '350 ms', '350_ms'],
    [1_237_000_000, '1.24 s', '1,24_s'],
    [12_000, '12 µs', '12_µs'],
    [7, '7 ns', '7_ns'],
    [0, '0 ms', '0_ms'],
    [999.6e3, '1 ms', '1_ms'],
    [999.4e6, '999 ms', '999_ms'],
    [59.96e9, '60 s', '60_s'],
    [119.6e9, '2 min', '2_min'],
    [125e9, '2 min 5 s', '2_min_5_s'],
    [3599.9e9, '1 h', '1_h'],
    [5400e9, '1 h 30 min', '1_h_30_min'],
    [3600e9 * 2400, '2,400 h', '2_400_h'],
    [-5e6, '−5 ms', '−5_ms'],
    [0.4, '0.4 ns', '0,4_ns'],
  ];
  it.each(cases)('of %d ns has three significant digits and a unit', (ns, en, fr) => {
    expect(formatDuration(ns, 'en')).toBe(en);
    expect(plain(formatDuration(ns, 'fr'))).toBe(fr);
  });
});

it('a share is a percentage that never rounds to none or all', () => {
  expect([0, 0.001, 0.7, 0.996, 1].map((s) => formatShare(s, 'en'))).toEqual(['0%', '<1%', '70%', '99%', '100%']);
  expect([0.001, 0.7].map((s) => plain(formatShare(s, 'fr')))).toEqual(['<_1_%', '70_%']);
});

it('a factor is cut, not rounded', () => {
  expect([2.79, 9.99, 12.5, 1234.9].map((x) => formatFactor(x, 'en'))).toEqual(['2.7', '9.9', '12', '1,234']);
  expect(formatFactor(2.79, 'fr')).toBe('2,7');
});

it('counts, plurals and times follow the language', () => {
  expect([formatCount(12400, 'en'), plain(formatCount(12400, 'fr'))]).toEqual(['12,400', '12_400']);
  expect([0, 1, 2].map((n) => plural(n, 'en', { one: 'a', other: 'b' }))).toEqual(['b', 'a', 'b']);
  expect([0, 1, 2].map((n) => plural(n, 'fr', { one: 'a', other: 'b' }))).toEqual(['a', 'a', 'b']);
  expect([formatTime(0, 'en', 'UTC'), formatTime(50_700_000, 'fr', 'UTC')]).toEqual(['00:00', '14:05']);
});
