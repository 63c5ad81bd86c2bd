/** Which row a trace's duration is read from, when there are several roots or none arrived. */
import { spanFlag, type Trace } from '../model/trace.ts';

export interface Roots {
  /** The row whose duration is explained; -1 for an empty trace. */
  readonly chosen: number;
  /** The other rows without a parent in the trace, in order of rows. */
  readonly others: readonly number[];
}

/**
 * A real root (it names no parent) goes before an orphan or a cut loop: they are only pieces. Among equals the longest is
 * what somebody waited for; among equally long ones the earliest.
 */
export function findRoots(trace: Trace): Roots {
  const roots: number[] = [];
  let chosen = -1;
  for (let row = 0; row < trace.count; row += Math.max(1, trace.size[row] ?? 1)) {
    roots.push(row);
    if (chosen < 0 || isBetterRoot(trace, row, chosen)) chosen = row;
  }
  return { chosen, others: roots.filter((row) => row !== chosen) };
}

function isBetterRoot(trace: Trace, a: number, b: number): boolean {
  const realA = isReal(trace, a);
  if (realA !== isReal(trace, b)) return realA;
  const longer = (trace.durationNs[a] ?? 0) - (trace.durationNs[b] ?? 0);
  return longer > 0 || (longer === 0 && (trace.startNs[a] ?? 0) < (trace.startNs[b] ?? 0));
}

function isReal(trace: Trace, row: number): boolean {
  return ((trace.flags[row] ?? 0) & (spanFlag.orphan | spanFlag.loop)) === 0;
}
