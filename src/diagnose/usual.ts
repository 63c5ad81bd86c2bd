/** What operations usually take, and how that compares with one trace. */
import type { Trace } from '../model/trace.ts';

/** Of the spans of one operation: the median duration (ns) and how many it was taken from. */
export interface Usual {
  readonly p50Ns: number;
  readonly count: number;
}

/** By `usualKey(service, operation)`. */
export type Usuals = ReadonlyMap<string, Usual>;

/** Fewer calls say nothing about what is usual. */
export const leastUsualCalls = 20;

export function usualKey(service: string, operation: string): string {
  return `${service}\u0000${operation}`;
}

/** The median of the row's operation, or undefined while too few calls are known. */
export function usualOfRow(trace: Trace, row: number, usuals: Usuals | undefined): number | undefined {
  const service = trace.services[trace.service[row] ?? 0] ?? '';
  const usual = usuals?.get(usualKey(service, trace.names[trace.name[row] ?? 0] ?? ''));
  return usual !== undefined && usual.count >= leastUsualCalls ? usual.p50Ns : undefined;
}

/**
 * What each row on the path usually owns of it: its usual minus that of its children on the path. NaN where one of them is
 * unknown, or where the children usually take more than the row itself, so that nothing can be said.
 *
 * @param own ns of the path that each row owns, @param below the same with the rows below it
 */
export function usualOwnTimes(trace: Trace, below: Float64Array, usuals: Usuals | undefined): Float64Array {
  const own = new Float64Array(trace.count).fill(Number.NaN);
  if (usuals === undefined) return own;
  const ofChildren = new Float64Array(trace.count);
  for (let row = trace.count - 1; row >= 0; row--) {
    if ((below[row] ?? 0) <= 0) continue;
    const usual = usualOfRow(trace, row, usuals) ?? Number.NaN;
    const left = usual - (ofChildren[row] ?? 0);
    if (left >= 0) own[row] = left;
    const up = trace.parent[row] ?? -1;
    if (up >= 0) ofChildren[up] = (ofChildren[up] ?? 0) + usual;
  }
  return own;
}
