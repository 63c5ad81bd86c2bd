import { describe, expect, it } from 'vitest';
import { parseDurationNs } from './duration.ts';

describe('a Go duration', () => {
  it.each([
    ['200ms', 200e6],
    ['1h30m', 5400e9],
    ['1.5s', 1.5e9],
    ['12µs', 12e3],
    ['12us', 12e3],
    ['.5s', 5e8],
    ['-2m', -120e9],
    ['0', 0],
  ])('%s is read', (text, ns) => expect(parseDurationNs(text)).toBe(ns));

  it.each(['', '5', 'ms', '5 s', '1d', '1s5', 'Infinity', '+', '1..5s'])('%j is none', (text) => {
    expect(parseDurationNs(text)).toBeUndefined();
  });
});
