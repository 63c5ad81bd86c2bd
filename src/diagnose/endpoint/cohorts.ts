/** Which calls of an endpoint are the slow ones, and with which they are compared. */
import { mean, median, quantile } from '../statistics.ts';
import { findChange } from './change-point.ts';

/** One call, before its trace is read. */
export interface Call {
  readonly traceId: string;
  readonly startMs: number;
  readonly durationNs: number;
}

export interface CohortQuestion {
  /** A sample of the calls asked about. */
  readonly calls: readonly Call[];
  /** What to compare with: calls of another time. Default: the faster half of `calls`. */
  readonly baseline?: readonly Call[];
  /** ns; the slow ones are those in between. Default: the slowest twentieth. */
  readonly minDurationNs?: number | undefined;
  readonly maxDurationNs?: number | undefined;
}

export type Cohorts =
  | {
      readonly found: 'too-little';
      readonly slow: readonly Call[];
      readonly usual: readonly Call[];
      readonly needed: number;
    }
  | {
      readonly found: 'healthy';
      readonly slow: readonly Call[];
      readonly usual: readonly Call[];
      readonly lowNs: number;
      readonly highNs: number;
      /** Among themselves the durations look like those of every day; one operation may still stand out. */
      readonly isTail: boolean;
    }
  | {
      readonly found: 'slower';
      readonly slow: readonly Call[];
      readonly usual: readonly Call[];
      /** Epoch ms since when it is so, where it began inside the time asked about. */
      readonly sinceMs: number | undefined;
    };

/** Of each cohort; fewer say nothing about what they have in common. */
export const leastCalls = 10;
const tail = 0.05;

export function chooseCohorts({ calls, baseline, minDurationNs, maxDurationNs }: CohortQuestion): Cohorts {
  const inRegion = (call: Call) =>
    call.durationNs >= (minDurationNs ?? 0) && call.durationNs <= (maxDurationNs ?? Number.POSITIVE_INFINITY);
  const isRegion = minDurationNs !== undefined || maxDurationNs !== undefined;
  if (baseline !== undefined) return compared(isRegion ? calls.filter(inRegion) : calls, baseline);
  const byDuration = calls.toSorted((a, b) => a.durationNs - b.durationNs);
  if (isRegion) {
    const slow = calls.filter(inRegion);
    const usual = byDuration.filter((call) => !inRegion(call)).slice(0, Math.ceil(calls.length / 2));
    if (slow.length < leastCalls || usual.length < leastCalls) return tooLittle(slow, usual);
    return { found: 'slower', slow, usual, sinceMs: undefined };
  }
  const slowest = byDuration.slice(-Math.max(leastCalls, Math.ceil(calls.length * tail)));
  const fasterHalf = byDuration.slice(0, Math.floor(calls.length / 2));
  if (calls.length < 3 * leastCalls) return tooLittle(slowest.slice(-Math.floor(calls.length / 2)), fasterHalf);

  const inTime = calls.toSorted((a, b) => a.startMs - b.startMs);
  const change = findChange(inTime.map((call) => call.durationNs));
  const sinceMs = change === undefined ? undefined : inTime[change.at]?.startMs;
  if (change?.isOfAll === true) {
    return { found: 'slower', slow: inTime.slice(change.at), usual: inTime.slice(0, change.at), sinceMs };
  }
  const durations = byDuration.map((call) => call.durationNs);
  if (!isTail(slowest, durations)) {
    // Where half of the calls are slow, the faster half holds some of them; the fastest third does not.
    const fastest = byDuration.slice(0, Math.ceil(calls.length / 3));
    return { found: 'healthy', slow: slowest, usual: fastest, isTail: true, ...band(durations) };
  }
  return { found: 'slower', slow: slowest, usual: fasterHalf, sinceMs };
}

/** Of durations that vary as they do every day, the slowest twentieth lies about two deviations up; this is beyond chance. */
const farOut = 3.6;
/** A slowest twentieth within a quarter of the median is slow to nobody. */
const leastGrowth = 1.25;

/**
 * Whether the slow ones are more than the end of one distribution. The deviation comes from the faster calls, on which what went wrong
 * for some has no influence; of logarithms, because durations are skewed.
 */
function isTail(slowest: readonly Call[], durations: readonly number[]): boolean {
  const log = (q: number) => Math.log(Math.max(1, quantile(durations, q)));
  const deviation = Math.min((log(0.5) - log(0.1)) / 1.2816, Math.max((log(0.75) - log(0.5)) / 0.6745, 0.01));
  const slow = Math.log(Math.max(1, median(slowest.map((call) => call.durationNs))));
  return slow - log(0.5) >= Math.max(Math.log(leastGrowth), farOut * deviation);
}

/** Another time: is it slower than chance and than a tenth? */
function compared(calls: readonly Call[], baseline: readonly Call[]): Cohorts {
  if (calls.length < leastCalls || baseline.length < leastCalls) return tooLittle(calls, baseline);
  const [now, before] = [calls, baseline].map((list) => list.map((call) => call.durationNs));
  const grown = mean(now ?? []) / mean(before ?? []);
  if (grown < 1.1 || rankSum(now ?? [], before ?? []) < 3) {
    return { found: 'healthy', slow: calls, usual: baseline, isTail: false, ...band(before ?? []) };
  }
  return { found: 'slower', slow: calls, usual: baseline, sinceMs: undefined };
}

/** How many deviations the ranks of `a` lie above those of `b` (Mann and Whitney, 1947). */
export function rankSum(a: readonly number[], b: readonly number[]): number {
  const all = [...a.map((ns) => ({ ns, isA: true })), ...b.map((ns) => ({ ns, isA: false }))].sort(
    (x, y) => x.ns - y.ns,
  );
  let ranks = 0;
  for (let i = 0; i < all.length; ) {
    let end = i;
    while (all[end]?.ns === all[i]?.ns && end < all.length) end++;
    for (let k = i; k < end; k++) if (all[k]?.isA === true) ranks += (i + end + 1) / 2;
    i = end;
  }
  const u = ranks - (a.length * (a.length + 1)) / 2;
  const deviation = Math.sqrt((a.length * b.length * (a.length + b.length + 1)) / 12);
  return (u - (a.length * b.length) / 2) / deviation;
}

function band(durations: readonly number[]): { lowNs: number; highNs: number } {
  return { lowNs: Math.round(quantile(durations, 0.05)), highNs: Math.round(quantile(durations, 0.95)) };
}

function tooLittle(slow: readonly Call[], usual: readonly Call[]): Cohorts {
  return { found: 'too-little', slow, usual, needed: leastCalls };
}
