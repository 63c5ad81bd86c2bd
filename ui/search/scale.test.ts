import { describe, expect, it } from 'vitest';
import { axisStartMs, durationParam, durationTicks, makeScale, msAt, nsAt, timeTicks, xOf, yOf } from './scale.ts';

const box = { left: 50, top: 10, right: 1050, bottom: 160 };

describe.each([
  ['linear', [400e6, 500e6, 90e6]],
  ['logarithmic', [1e6, 500e6, 9e9]],
])('a %s axis', (name, durations) => {
  const scale = makeScale(durations, 1000, 61_000, box);

  it('holds every duration and time, and reads back what it draws', () => {
    expect(scale.isLog).toBe(name === 'logarithmic');
    for (const ns of durations) {
      expect(yOf(scale, ns)).toBeGreaterThanOrEqual(box.top);
      expect(yOf(scale, ns)).toBeLessThanOrEqual(box.bottom);
      expect(nsAt(scale, yOf(scale, ns)) / ns).toBeCloseTo(1, 6);
    }
    expect(xOf(scale, 1000)).toBe(50);
    expect(msAt(scale, xOf(scale, 31_000))).toBeCloseTo(31_000);
  });

  it('labels round durations that do not touch', () => {
    const ticks = durationTicks(scale, 24);
    expect(ticks.length).toBeGreaterThan(1);
    for (const [i, ns] of ticks.entries())
      if (i > 0) expect(yOf(scale, ticks[i - 1] ?? 0) - yOf(scale, ns)).toBeGreaterThanOrEqual(24);
  });
});

it('survives no traces, one trace and durations of 0', () => {
  for (const durations of [[], [0], [5e8], [0, 0]]) {
    const scale = makeScale(durations, 5, 5, box);
    expect(Number.isFinite(xOf(scale, 5))).toBe(true);
    for (const ns of durations) expect(yOf(scale, ns)).toBeLessThanOrEqual(box.bottom);
    expect(durationTicks(scale, 24).every(Number.isFinite)).toBe(true);
  }
});

it("labels round moments of the person's clock", () => {
  const noon = Date.UTC(2026, 0, 5, 11, 7);
  const scale = makeScale([1e9], noon, noon + 3600e3, box);
  const quarterZone = 5.75 * 3600e3;
  const ticks = timeTicks(scale, 120, quarterZone);
  expect(ticks).toHaveLength(6);
  for (const at of ticks) expect((at + quarterZone) % 600e3).toBe(0);
  const week = makeScale([1e9], noon, noon + 7 * 86_400e3, box);
  expect(timeTicks(week, 120, 0).every((at) => at % 86_400e3 === 0)).toBe(true);
});

it('begins the time axis a little before the oldest trace, inside the range, and never as a point', () => {
  expect(axisStartMs(9000, 0, 10_000)).toBe(8970);
  expect(axisStartMs(10, 0, 10_000)).toBe(0);
  expect(axisStartMs(10_000, 0, 10_000)).toBe(9750);
  expect(axisStartMs(Number.POSITIVE_INFINITY, 0, 10_000)).toBe(9750);
});

it('writes durations that the server reads', () => {
  expect([350e6, 1.2345e9, 12_300, 42, 0, 90e9].map(durationParam)).toEqual([
    '350ms',
    '1.23s',
    '12.3us',
    '42ns',
    '1ns',
    '90s',
  ]);
});
