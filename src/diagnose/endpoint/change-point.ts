/** Since when: the moment in a row of durations from which on they are others than before. */
import { median } from '../statistics.ts';

export interface Change {
  /** The first of the changed ones. */
  readonly at: number;
  /** Whether nearly all are slower from then on, or only more of them slow. */
  readonly isOfAll: boolean;
}

/** The supremum of a Brownian bridge exceeds this once in a thousand times: no change is found where there is none. */
const surely = 1.95;
const leastEach = 20;
const leastGrowth = 1.2;

/**
 * `durations` in order of time. Looks where the share of those above the median, or above the 90th percentile, begins to differ most
 * (a CUSUM of signs: it asks nothing of how durations are distributed). Only growth counts; undefined where there is none for sure.
 */
export function findChange(durations: readonly number[]): Change | undefined {
  if (durations.length < 2 * leastEach) return undefined;
  const sorted = durations.toSorted((a, b) => a - b);
  const at = (q: number) => sorted[Math.floor((sorted.length - 1) * q)] ?? 0;
  const ofAll = mostSplit(durations, at(0.5));
  if (ofAll !== undefined) {
    const [before, after] = [durations.slice(0, ofAll), durations.slice(ofAll)];
    if (median(after) >= median(before) * leastGrowth) return { at: ofAll, isOfAll: true };
  }
  const ofTail = mostSplit(durations, at(0.9));
  if (ofTail === undefined) return undefined;
  const slow = (part: readonly number[]) => part.filter((ns) => ns > at(0.9)).length / part.length;
  const isNew = slow(durations.slice(0, ofTail)) <= slow(durations.slice(ofTail)) / 6;
  return isNew && at(0.9) >= at(0.5) * leastGrowth ? { at: ofTail, isOfAll: false } : undefined;
}

/** Where the share above `threshold` grows most between before and after, if that is no chance. */
function mostSplit(durations: readonly number[], threshold: number): number | undefined {
  const n = durations.length;
  const share = durations.filter((ns) => ns > threshold).length / n;
  const scale = Math.sqrt(n * share * (1 - share));
  let sum = 0;
  let lowest = 0;
  let at = -1;
  durations.forEach((ns, i) => {
    sum += (ns > threshold ? 1 : 0) - share;
    if (sum < lowest && i + 1 >= leastEach && i + 1 <= n - leastEach) {
      lowest = sum;
      at = i + 1;
    }
  });
  return at > 0 && -lowest / scale > surely ? at : undefined;
}
