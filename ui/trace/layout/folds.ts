/**
 * Folding: five or more siblings of one service and name become one row, "SELECT orders ×40". A fold never hides an
 * error or the culprit: such siblings stay out of it.
 */
import { spanFlag, type Trace } from '../../../src/model/trace.ts';

const leastSiblings = 5;

/** Siblings in order: a number is a span alone, a list is a fold (at the place of its first member). */
export type Folded = number | readonly number[];

export function foldSiblings(trace: Trace, siblings: readonly number[], mustShow: RowSet): readonly Folded[] {
  if (siblings.length < leastSiblings) return siblings;
  const groups = new Map<number, number[]>();
  for (const row of siblings) {
    if (mustShow.hasBelow(row)) continue;
    const key = (trace.service[row] ?? 0) * trace.names.length + (trace.name[row] ?? 0);
    const group = groups.get(key);
    if (group === undefined) groups.set(key, [row]);
    else group.push(row);
  }
  const foldOf = new Map<number, readonly number[]>();
  for (const group of groups.values()) {
    if (group.length >= leastSiblings) for (const row of group) foldOf.set(row, group);
  }
  if (foldOf.size === 0) return siblings;
  return siblings.flatMap((row): Folded[] => {
    const fold = foldOf.get(row);
    if (fold === undefined) return [row];
    return fold[0] === row ? [fold] : [];
  });
}

/** A set of rows that can say in one step whether a subtree holds any of them. */
export interface RowSet {
  has(row: number): boolean;
  /** Whether `row` or a descendant is in the set. */
  hasBelow(row: number): boolean;
}

export function rowSet(trace: Trace, isIn: (row: number) => boolean): RowSet {
  // before[i] = members above row i; a subtree is a run of rows, so a difference counts it.
  const before = new Int32Array(trace.count + 1);
  for (let row = 0; row < trace.count; row++) before[row + 1] = (before[row] ?? 0) + (isIn(row) ? 1 : 0);
  const count = (from: number, to: number) => (before[to] ?? 0) - (before[from] ?? 0);
  return {
    has: (row) => count(row, row + 1) > 0,
    hasBelow: (row) => count(row, row + (trace.size[row] ?? 1)) > 0,
  };
}

export function isError(trace: Trace, row: number): boolean {
  return ((trace.flags[row] ?? 0) & spanFlag.error) !== 0;
}

/** ns of wall time that the spans cover together: overlapping ones count once. `rows` in order of their start. */
export function coveredNs(trace: Trace, rows: readonly number[]): number {
  let covered = 0;
  let until = Number.NEGATIVE_INFINITY;
  for (const row of rows) {
    const start = trace.startNs[row] ?? 0;
    const end = start + (trace.durationNs[row] ?? 0);
    if (end > until) {
      covered += end - Math.max(start, until);
      until = end;
    }
  }
  return covered;
}
