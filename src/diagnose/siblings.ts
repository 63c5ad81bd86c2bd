/** Calls of one name below one span: what the patterns of repetition are found in. */
import type { Trace } from '../model/trace.ts';
import { childrenOf, endOf, type Scene, startOf } from './scene.ts';

export interface Siblings {
  readonly parent: number;
  /** Two and more rows of one place, by start. */
  readonly rows: readonly number[];
}

/** The groups below `parent`. */
export function siblingsBelow(scene: Scene, parent: number): Siblings[] {
  const groups = new Map<number, number[]>();
  for (const row of childrenOf(scene.trace, parent)) {
    const group = groups.get(scene.place[row] ?? -1);
    if (group === undefined) groups.set(scene.place[row] ?? -1, [row]);
    else group.push(row);
  }
  return [...groups.values()].filter((rows) => rows.length > 1).map((rows) => ({ parent, rows }));
}

/** Two clocks' or two callbacks' worth of overlap is none. */
const sameTimeShare = 0.1;

/** Whether rows, given by start, follow one another: the time that two of them share is at most a tenth of all. */
export function isOneByOne(trace: Trace, rows: readonly number[]): boolean {
  let total = 0;
  let shared = 0;
  let reached = Number.NEGATIVE_INFINITY;
  for (const row of rows) {
    const [from, to] = [startOf(trace, row), endOf(trace, row)];
    total += to - from;
    shared += Math.max(0, Math.min(reached, to) - from);
    reached = Math.max(reached, to);
  }
  return shared <= total * sameTimeShare;
}

export function totalNs(trace: Trace, rows: readonly number[]): number {
  return rows.reduce((sum, row) => sum + (trace.durationNs[row] ?? 0), 0);
}

export function longestOf(trace: Trace, rows: readonly number[]): number {
  return rows.reduce((a, b) => ((trace.durationNs[b] ?? 0) > (trace.durationNs[a] ?? 0) ? b : a), rows[0] ?? 0);
}
