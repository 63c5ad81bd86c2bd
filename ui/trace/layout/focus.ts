/**
 * Focus: which spans of a large trace are worth a row before anybody asks. Owners of at least 0.5 % of the critical
 * path, the first 50 errors, what is kept by name (the culprit, matches of a search), and the ancestors of all these.
 */
import { spanFlag, type Trace } from '../../../src/model/trace.ts';

const leastShareOfPath = 0.005;
const mostErrors = 50;

/** 1 for each row in focus. `ownNs`: ns of the critical path that each row owns. */
export function focusRows(trace: Trace, ownNs: Float64Array, keep: Iterable<number>): Uint8Array {
  const inFocus = new Uint8Array(trace.count);
  const mark = (row: number) => {
    for (let up = row; up >= 0 && inFocus[up] === 0; up = trace.parent[up] ?? -1) inFocus[up] = 1;
  };
  if (trace.count > 0) mark(0);
  const pathNs = ownNs.reduce((sum, ns) => sum + ns, 0);
  for (let row = 0; row < trace.count; row++) {
    if ((ownNs[row] ?? 0) >= pathNs * leastShareOfPath && (ownNs[row] ?? 0) > 0) mark(row);
  }
  for (const row of firstErrors(trace)) mark(row);
  for (const row of keep) if (row >= 0 && row < trace.count) mark(row);
  return inFocus;
}

function firstErrors(trace: Trace): number[] {
  const errors: number[] = [];
  for (let row = 0; row < trace.count; row++) if (((trace.flags[row] ?? 0) & spanFlag.error) !== 0) errors.push(row);
  return errors.sort((a, b) => (trace.startNs[a] ?? 0) - (trace.startNs[b] ?? 0)).slice(0, mostErrors);
}
