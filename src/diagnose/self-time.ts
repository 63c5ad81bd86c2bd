/** What a span did itself, whoever waited for it. */
import type { Trace } from '../model/trace.ts';

/** Of each row, its duration minus the union of its children's intervals clipped to it, in ns. */
export function selfTimes(trace: Trace): Float64Array {
  const self = trace.durationNs.slice();
  // Rows come in preorder and siblings by start, so each parent meets its children in order of start.
  const coveredTo = trace.startNs.slice();
  for (let row = 0; row < trace.count; row++) {
    const up = trace.parent[row] ?? -1;
    if (up < 0) continue;
    const from = Math.max(trace.startNs[row] ?? 0, coveredTo[up] ?? 0);
    const parentEnd = (trace.startNs[up] ?? 0) + (trace.durationNs[up] ?? 0);
    const to = Math.min((trace.startNs[row] ?? 0) + (trace.durationNs[row] ?? 0), parentEnd);
    if (to <= from) continue;
    self[up] = (self[up] ?? 0) - (to - from);
    coveredTo[up] = to;
  }
  return self;
}
