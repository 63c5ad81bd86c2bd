/**
 * Patterns by which the slow calls differ from the usual ones as a whole. Each takes time of both cohorts alike, so that what it
 * explains is still a difference of means, and every ns has one owner.
 */
import { childrenOf, endOf, isCall, startOf } from '../scene.ts';
import type { Place } from '../places.ts';
import { findQueueWaits } from '../patterns/queue.ts';
import { findRetry } from '../patterns/retry.ts';
import { isOneByOne, longestOf, siblingsBelow, totalNs } from '../siblings.ts';
import { mean } from '../statistics.ts';
import type { CauseKind } from '../verdict-types.ts';
import type { Seen } from './observe.ts';

export interface Rollup {
  readonly kind: Extract<CauseKind, 'n-plus-one' | 'retry' | 'serial-calls' | 'new-call' | 'queue'>;
  /** The place that is named as the cause. */
  readonly at: number;
  /** What one call gives to it: rows whose subtrees it takes, and segments of the path. */
  take(seen: Seen): Taken;
}

export interface Taken {
  readonly tops: readonly number[];
  readonly segments: readonly number[];
}

export interface Cohorts {
  readonly slow: readonly Seen[];
  readonly usual: readonly Seen[];
}

/** In the order in which they are tried: what is taken is not taken again. */
export function findRollups(cohorts: Cohorts, places: readonly Place[]): Rollup[] {
  return [
    ...queueWaits(cohorts),
    ...retries(cohorts),
    ...serialCalls(cohorts, places),
    ...nPlusOnes(cohorts, places),
    ...newCalls(cohorts, places),
  ];
}

/** Of the slow calls so many must show a pattern before it can be the cause. */
const leastPrevalence = 0.25;

function shareOf(cohort: readonly Seen[], has: (seen: Seen) => boolean): number {
  return cohort.length === 0 ? 0 : cohort.filter(has).length / cohort.length;
}

function isOfTheSlow({ slow, usual }: Cohorts, has: (seen: Seen) => boolean): boolean {
  const share = shareOf(slow, has);
  return share >= leastPrevalence && shareOf(usual, has) <= share / 3;
}

/** Waits of both cohorts: there is always some. */
function queueWaits({ slow, usual }: Cohorts): Rollup[] {
  const waits = new Map([...slow, ...usual].map((seen) => [seen, findQueueWaits(seen)] as const));
  const consumers = new Set(
    Array.from(waits, ([seen, claims]) => claims.map((claim) => seen.place[claim.at[0] ?? 0] ?? -1)).flat(),
  );
  return Array.from(
    consumers,
    (at): Rollup => ({
      kind: 'queue',
      at,
      take: (seen) => ({
        tops: [],
        segments: (waits.get(seen) ?? [])
          .filter((claim) => seen.place[claim.at[0] ?? 0] === at)
          .flatMap((claim) => claim.gaps()),
      }),
    }),
  );
}

function retries(cohorts: Cohorts): Rollup[] {
  const found = new Map<Seen, ReturnType<typeof retriesIn>>();
  for (const seen of [...cohorts.slow, ...cohorts.usual]) found.set(seen, retriesIn(seen));
  const candidates = new Set(cohorts.slow.flatMap((seen) => [...(found.get(seen)?.keys() ?? [])]));
  return [...candidates]
    .filter((place) => isOfTheSlow(cohorts, (seen) => found.get(seen)?.has(place) === true))
    .map(
      (at): Rollup => ({
        kind: 'retry',
        at,
        // The one call of a usual request is what the tries are more than.
        take: (seen) => ({
          tops: seen.rowsAt.get(at) ?? [],
          segments: (found.get(seen)?.get(at) ?? []).flatMap((claim) => claim.gaps()),
        }),
      }),
    );
}

function retriesIn(seen: Seen) {
  const found = new Map<number, NonNullable<ReturnType<typeof findRetry>>[]>();
  for (const parent of parentsOfSeveral(seen)) {
    for (const group of siblingsBelow(seen, parent)) {
      const retry = findRetry(seen, group);
      const place = seen.place[group.rows[0] ?? 0] ?? -1;
      if (retry !== undefined) found.set(place, [...(found.get(place) ?? []), retry]);
    }
  }
  return found;
}

/** Rows on the path that have two children and more. */
function parentsOfSeveral({ trace, root, below }: Seen): number[] {
  const parents: number[] = [];
  for (let row = root; row < root + (trace.size[root] ?? 1); row++) {
    const first = trace.size[row + 1] ?? 0;
    if ((below[row] ?? 0) > 0 && (trace.size[row] ?? 1) > 1 + first) parents.push(row);
  }
  return parents;
}

/** Calls that run together in the usual requests, and after one another in the slow ones. */
function serialCalls(cohorts: Cohorts, places: readonly Place[]): Rollup[] {
  const parentPlaces = new Set(
    cohorts.usual.flatMap((seen) => parentsOfSeveral(seen).map((row) => seen.place[row] ?? -1)),
  );
  return [...parentPlaces].flatMap((at): Rollup[] => {
    const together = placesTogether(cohorts.usual, at);
    if (together.size < 2) return [];
    const callsOf = (seen: Seen, parent: number) =>
      childrenOf(seen.trace, parent).filter((row) => together.has(seen.place[row] ?? -1));
    const overlap = (cohort: readonly Seen[]) =>
      mean(cohort.flatMap((seen) => (seen.rowsAt.get(at) ?? []).map((row) => overlapOf(seen, callsOf(seen, row)))));
    const isLost = (seen: Seen) =>
      (seen.rowsAt.get(at) ?? []).some((row) => {
        const calls = callsOf(seen, row);
        return calls.length >= 2 && isOneByOne(seen.trace, calls);
      });
    if (places[at] === undefined || overlap(cohorts.usual) < 0.2 || !isOfTheSlow(cohorts, isLost)) return [];
    return [
      {
        kind: 'serial-calls',
        at,
        // Together they take as long as the longest, which so stays with its own operation.
        take: (seen) => ({
          segments: [],
          tops: (seen.rowsAt.get(at) ?? []).flatMap((row) => {
            const calls = callsOf(seen, row);
            const longest = longestOf(seen.trace, calls);
            return calls.filter((call) => call !== longest);
          }),
        }),
      },
    ];
  });
}

/** The places below `at` whose calls ran, for most of their time, beside another such call in most of the requests. */
function placesTogether(cohort: readonly Seen[], at: number): Set<number> {
  const counts = new Map<number, { together: number; all: number }>();
  for (const seen of cohort) {
    for (const parent of seen.rowsAt.get(at) ?? []) {
      const calls = childrenOf(seen.trace, parent).filter((row) => isCall(seen.trace, row));
      if (calls.length < 2 || calls.length > 200) continue;
      for (const row of calls) {
        const place = seen.place[row] ?? -1;
        const count = counts.get(place) ?? { together: 0, all: 0 };
        counts.set(place, count);
        count.all++;
        const isBeside = calls.some(
          (other) => other !== row && sharedNs(seen, row, other) > 0.5 * shorterNs(seen, row, other),
        );
        if (isBeside) count.together++;
      }
    }
  }
  return new Set(Array.from(counts).flatMap(([place, { together, all }]) => (together > all * 0.7 ? [place] : [])));
}

function sharedNs({ trace }: Seen, a: number, b: number): number {
  return Math.min(endOf(trace, a), endOf(trace, b)) - Math.max(startOf(trace, a), startOf(trace, b));
}

function shorterNs({ trace }: Seen, a: number, b: number): number {
  return Math.min(trace.durationNs[a] ?? 0, trace.durationNs[b] ?? 0);
}

/** How much of the calls' time is saved by running together, 0..1. */
function overlapOf({ trace }: Seen, calls: readonly number[]): number {
  const total = totalNs(trace, calls);
  if (total === 0) return 0;
  let covered = 0;
  let reached = Number.NEGATIVE_INFINITY;
  for (const row of calls) {
    covered += Math.max(0, endOf(trace, row) - Math.max(reached, startOf(trace, row)));
    reached = Math.max(reached, endOf(trace, row));
  }
  return 1 - covered / total;
}

/** Calls (with all below them) that the usual requests do not make: a cold cache, a fallback. */
function newCalls(cohorts: Cohorts, places: readonly Place[]): Rollup[] {
  const isNew = places.map((_, place) => {
    const usual = shareOf(cohorts.usual, (seen) => seen.rowsAt.has(place));
    const slow = shareOf(cohorts.slow, (seen) => seen.rowsAt.has(place));
    return slow >= leastPrevalence && usual <= slow / 5 && usual <= 0.1;
  });
  return isNew.flatMap((is, at): Rollup[] => {
    const parent = places[at]?.parent ?? -1;
    if (!is || parent < 0 || isNew[parent] === true) return [];
    return [{ kind: 'new-call', at, take: (seen) => ({ tops: seen.rowsAt.get(at) ?? [], segments: [] }) }];
  });
}

/** More calls of one kind below one span than usual, one after another. */
function nPlusOnes(cohorts: Cohorts, places: readonly Place[]): Rollup[] {
  return places.flatMap((_, at): Rollup[] => {
    const usual = mean(cohorts.usual.map((seen) => callsEach(seen, at)));
    const isMore = (seen: Seen) => {
      const rows = seen.rowsAt.get(at) ?? [];
      return callsEach(seen, at) >= Math.max(4, 2 * usual) && isOneByOne(seen.trace, rows);
    };
    if (!isOfTheSlow(cohorts, isMore)) return [];
    return [{ kind: 'n-plus-one', at, take: (seen) => ({ tops: seen.rowsAt.get(at) ?? [], segments: [] }) }];
  });
}

/** Calls at a place for each span that makes them. */
export function callsEach({ trace, rowsAt }: Seen, at: number): number {
  const rows = rowsAt.get(at) ?? [];
  return rows.length === 0 ? 0 : rows.length / new Set(rows.map((row) => trace.parent[row])).size;
}
