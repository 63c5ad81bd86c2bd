import { describe, expect, it } from 'vitest';
import { chooseCohorts, rankSum } from './cohorts.ts';
import { noisy } from '../../../test/fixtures/judge-endpoint.ts';

const calls = (durations: readonly number[]) =>
  durations.map((ms, i) => ({ traceId: String(i), startMs: i * 1000, durationNs: Math.round(ms * 1e6) }));

describe('the slow calls of an endpoint', () => {
  it('are the slowest twentieth, against the faster half', () => {
    const list = noisy(100, 400, 1).map((ms, i) => (i % 13 === 0 ? ms * 4 : ms));
    const cohorts = chooseCohorts({ calls: calls(list) });
    expect(cohorts).toMatchObject({ found: 'slower', sinceMs: undefined });
    expect([cohorts.slow.length, cohorts.usual.length]).toEqual([20, 200]);
    expect(Math.min(...cohorts.slow.map((c) => c.durationNs))).toBeGreaterThan(300e6);
  });

  it('are none where durations vary as they do every day', () => {
    const found = Array.from(
      { length: 100 },
      (_, seed) => chooseCohorts({ calls: calls(noisy(100, 300, seed + 1)) }).found,
    );
    expect(found.filter((f) => f !== 'healthy').length).toBeLessThanOrEqual(5);
  });

  it('are too few to say anything', () => {
    expect(chooseCohorts({ calls: calls(noisy(100, 29, 1)) })).toMatchObject({ found: 'too-little', needed: 10 });
    expect(chooseCohorts({ calls: [] })).toMatchObject({ found: 'too-little', slow: [], usual: [] });
  });

  it('are those since it began, against those before', () => {
    const cohorts = chooseCohorts({ calls: calls([...noisy(100, 200, 2), ...noisy(200, 200, 3)]) });
    expect(cohorts.found).toBe('slower');
    if (cohorts.found !== 'slower') return;
    expect(Math.abs((cohorts.sinceMs ?? 0) - 200_000)).toBeLessThan(5_000);
    expect(Math.abs(cohorts.slow.length - 200)).toBeLessThan(5);
  });

  it('may be chosen by their duration', () => {
    const list = calls([...noisy(100, 100, 4), ...noisy(300, 20, 5), ...noisy(5000, 3, 6)]);
    const cohorts = chooseCohorts({ calls: list, minDurationNs: 200e6, maxDurationNs: 1000e6 });
    expect(cohorts.slow).toHaveLength(20);
    expect(chooseCohorts({ calls: list, minDurationNs: 4000e6 })).toMatchObject({ found: 'too-little' });
  });
});

describe('against another time', () => {
  it('calls are slower by more than chance and a tenth, or not', () => {
    const before = calls(noisy(100, 100, 1));
    expect(chooseCohorts({ calls: calls(noisy(130, 100, 2)), baseline: before }).found).toBe('slower');
    expect(chooseCohorts({ calls: calls(noisy(103, 100, 3)), baseline: before }).found).toBe('healthy');
    expect(chooseCohorts({ calls: calls(noisy(60, 100, 4)), baseline: before }).found).toBe('healthy');
    expect(chooseCohorts({ calls: before, baseline: before.slice(0, 5) }).found).toBe('too-little');
  });

  it('ranks say how surely: equal populations lie at 0', () => {
    expect(rankSum([1, 2, 3], [1, 2, 3])).toBeCloseTo(0);
    expect(rankSum(noisy(120, 50, 1), noisy(100, 50, 2))).toBeGreaterThan(5);
  });
});
