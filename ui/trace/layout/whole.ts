/**
 * The time that the page shows: the root's, and what happens around it. A wild clock or a consumer an hour later must
 * not press the request into one pixel: what lies further off than `reach` times the root's duration stays outside.
 */
import type { Trace } from '../../../src/model/trace.ts';
import type { TimeRange } from '../thread.ts';

const reach = 10;

export function wholeRange(trace: Trace, root: number): TimeRange {
  const rootStart = trace.startNs[root] ?? 0;
  const rootNs = trace.durationNs[root] ?? 0;
  const rootEnd = rootStart + rootNs;
  let startNs = rootStart;
  let endNs = rootEnd;
  for (let row = 0; row < trace.count; row++) {
    const start = trace.startNs[row] ?? 0;
    const end = start + (trace.durationNs[row] ?? 0);
    if (start < startNs && start >= rootStart - reach * rootNs) startNs = start;
    if (end > endNs && end <= rootEnd + reach * rootNs) endNs = end;
  }
  // A root of no duration still needs an axis.
  return { startNs, endNs: Math.max(endNs, startNs + 1) };
}
