/** What if this part were faster: a trace played again with the same order and the same overlaps of siblings. */
import type { Trace } from '../model/trace.ts';
import { findWaiting } from './waiting.ts';
import { childrenOf, endOf, startOf } from './scene.ts';

/**
 * The root's duration (ns) if each row's own time were multiplied by `factorOf(row)`. A child begins as long after its start or
 * after the sibling that ended last before it as it did; a span ends as long after its last child as it did.
 */
export function replay(trace: Trace, root: number, factorOf: (row: number) => number): number {
  if (root < 0) return 0;
  const { shiftNs, isDetached } = findWaiting(trace);
  const took = new Float64Array(trace.count);
  for (let row = root + (trace.size[root] ?? 1) - 1; row >= root; row--) {
    const factor = factorOf(row);
    const from = startOf(trace, row);
    const to = endOf(trace, row);
    const shift = shiftNs[row] ?? 0;
    const children = childrenOf(trace, row)
      .filter((child) => isDetached[child] === 0)
      .map((child) => {
        const start = Math.max(from, startOf(trace, child) + (shiftNs[child] ?? 0) - shift);
        const ns = trace.durationNs[child] ?? 0;
        const end = Math.min(to, start + ns);
        // Of a child that goes on a little after its parent only what lies inside counts.
        const newNs = ns === 0 ? 0 : ((took[child] ?? 0) * Math.max(0, end - start)) / ns;
        return { start, end, newNs, newEnd: 0 };
      })
      .sort((a, b) => a.start - b.start || a.end - b.end);
    const byEnd = children.toSorted((a, b) => a.end - b.end);
    let before = { end: from, newEnd: from };
    let next = 0;
    for (const child of children) {
      // What ended before this one began was played already: it began earlier still.
      for (let one = byEnd[next]; one !== undefined && one !== child && one.end <= child.start; one = byEnd[++next]) {
        before = one;
      }
      child.newEnd = before.newEnd + (child.start - before.end) * factor + child.newNs;
    }
    // The span goes on when all it waits for have ended; what came last says how long after.
    const last = byEnd.at(-1) ?? before;
    const reached = byEnd.reduce((latest, { newEnd }) => Math.max(latest, newEnd), last.newEnd);
    took[row] = reached - from + (to - last.end) * factor;
  }
  return took[root] ?? 0;
}
