/**
 * The critical path: at every instant of the root exactly one span is what everything above it waits for. Walking back from
 * the end, a span waits for the child that ended last; before that child began, for the one that ended last before; what no
 * child covers is the span's own.
 */
import type { Trace } from '../model/trace.ts';
import { findRoots } from './roots.ts';
import { findWaiting, type WaitingOptions } from './waiting.ts';

export interface PathOptions extends WaitingOptions {
  /** The row to explain. Default: the root that `findRoots` chooses. */
  readonly root?: number;
}

/**
 * Segments in order of time: segment i is [fromNs[i], toNs[i]) and belongs to row[i]. They touch without overlap, lie
 * inside the root, and their lengths sum to the root's duration exactly. Times as in `Trace`.
 */
export interface Path {
  /** The row explained; -1 for an empty trace, which has no segments. */
  readonly root: number;
  readonly otherRoots: readonly number[];
  readonly count: number;
  readonly row: Int32Array;
  readonly fromNs: Float64Array;
  readonly toNs: Float64Array;
  /**
   * 1 where the owner follows from overlapping children, or from clocks that disagree by more than 1 % of the span: likely,
   * not certain. A server's span often ends some µs after its client's; that alone makes nothing uncertain.
   */
  readonly inferred: Uint8Array;
  /** Rows below the root that their parent does not wait for; of a whole subtree only its top. */
  readonly notWaitedFor: readonly number[];
  /** Rows on the path's way that were moved against their parent's clock, by ns. */
  readonly moved: readonly { readonly row: number; readonly byNs: number }[];
}

/** O(n log n), without recursion. */
export function criticalPath(trace: Trace, options: PathOptions = {}): Path {
  const roots = findRoots(trace);
  const root = options.root ?? roots.chosen;
  if (root < 0) return { ...writeSegments().read(), root, otherRoots: [], notWaitedFor: [], moved: [] };
  const waiting = findWaiting(trace, options);
  const segments = walk(trace, root, waiting.shiftNs, waiting.isDetached).read();
  const end = root + (trace.size[root] ?? 1);
  return {
    ...segments,
    root,
    otherRoots:
      options.root === undefined ? roots.others : [roots.chosen, ...roots.others].filter((row) => row !== root),
    notWaitedFor: topsOf(trace, root, end, waiting.isDetached),
    moved: onTheWay(trace, segments.row, waiting.moved),
  };
}

interface Segments extends Pick<Path, 'count' | 'row' | 'fromNs' | 'toNs' | 'inferred'> {}

function walk(trace: Trace, root: number, shiftNs: Float64Array, isDetached: Uint8Array) {
  const end = root + (trace.size[root] ?? 1);
  const rootShift = shiftNs[root] ?? 0;
  const startOf = (row: number) => (trace.startNs[row] ?? 0) + (shiftNs[row] ?? 0) - rootShift;
  const endOf = (row: number) => startOf(row) + (trace.durationNs[row] ?? 0);
  const { first, children } = childrenByEnd(trace, root, end, endOf, isDetached);
  const segments = writeSegments();

  // The open spans from the root down: each with the interval it answers for, and how far back it is explained.
  const stack = {
    row: [root],
    from: [startOf(root)],
    at: [endOf(root)],
    to: [endOf(root)],
    inferred: [0],
    next: [first[0] ?? 0],
  };
  for (let top = 0; top >= 0; ) {
    const row = stack.row[top] ?? 0;
    const from = stack.from[top] ?? 0;
    const at = stack.at[top] ?? 0;
    const inferred = stack.inferred[top] ?? 0;
    let next = stack.next[top] ?? 0;
    const last = first[row - root + 1] ?? 0;

    // Children that reach the instant `at`: the one that began first explains the most. The others, which began within its
    // time, are not needed any more, whatever comes further back.
    let child = -1;
    let rivals = 0;
    for (; next < last && endOf(children[next] ?? 0) >= at; next++) {
      const rival = children[next] ?? 0;
      if (startOf(rival) >= at) continue;
      rivals++;
      if (child < 0 || startOf(rival) < startOf(child)) child = rival;
    }
    if (child < 0 && next < last) {
      child = children[next] ?? 0;
      const latest = endOf(child);
      for (; next < last && endOf(children[next] ?? 0) === latest; next++) {
        const rival = children[next] ?? 0;
        if (startOf(rival) < latest) rivals++;
        if (startOf(rival) < startOf(child)) child = rival;
      }
    }
    stack.next[top] = next;
    if (child < 0 || at <= from || endOf(child) <= from) {
      segments.push(row, from, at, inferred);
      top--;
      continue;
    }
    const childTo = Math.min(endOf(child), at);
    const childFrom = Math.max(startOf(child), from);
    segments.push(row, childTo, at, inferred);
    stack.at[top] = childFrom;
    const cutNs = endOf(child) - childTo + (childFrom - startOf(child));
    const movedNs = Math.abs((shiftNs[child] ?? 0) - (shiftNs[row] ?? 0));
    const isOverlap = rivals > 1 || (childTo < endOf(child) && at < (stack.to[top] ?? 0));
    const isInferred = isOverlap || cutNs + movedNs > (trace.durationNs[child] ?? 0) / 100;
    top++;
    stack.row[top] = child;
    stack.from[top] = childFrom;
    stack.at[top] = childTo;
    stack.to[top] = childTo;
    stack.inferred[top] = inferred === 1 || isInferred ? 1 : 0;
    stack.next[top] = first[child - root] ?? 0;
  }
  return segments;
}

/** The children that each row of the subtree waits for, latest end first: row's are `children[first[row - root]]` on. */
function childrenByEnd(
  trace: Trace,
  root: number,
  end: number,
  endOf: (row: number) => number,
  isDetached: Uint8Array,
): { first: Int32Array; children: Int32Array } {
  const rows: number[] = [];
  for (let row = root + 1; row < end; row++) if (isDetached[row] === 0) rows.push(row);
  const ends = Float64Array.from(rows, endOf);
  const order = Int32Array.from(rows.keys()).sort((a, b) => (ends[b] ?? 0) - (ends[a] ?? 0) || a - b);

  const first = new Int32Array(end - root + 1);
  for (const row of rows)
    first[(trace.parent[row] ?? 0) - root + 1] = (first[(trace.parent[row] ?? 0) - root + 1] ?? 0) + 1;
  for (let i = 1; i < first.length; i++) first[i] = (first[i] ?? 0) + (first[i - 1] ?? 0);
  const filled = first.slice();
  const children = new Int32Array(rows.length);
  for (const i of order) {
    const row = rows[i] ?? 0;
    const up = (trace.parent[row] ?? 0) - root;
    const at = filled[up] ?? 0;
    children[at] = row;
    filled[up] = at + 1;
  }
  return { first, children };
}

/** Takes segments from the last to the first; gives them in order of time, neighbours of one owner joined. */
function writeSegments() {
  const rows: number[] = [];
  const from: number[] = [];
  const to: number[] = [];
  const inferred: number[] = [];
  return {
    push(row: number, fromNs: number, toNs: number, isInferred: number): void {
      if (toNs <= fromNs) return;
      const last = rows.length - 1;
      if (rows[last] === row && inferred[last] === isInferred) from[last] = fromNs;
      else {
        rows.push(row);
        from.push(fromNs);
        to.push(toNs);
        inferred.push(isInferred);
      }
    },
    read: (): Segments => ({
      count: rows.length,
      row: Int32Array.from(rows).reverse(),
      fromNs: Float64Array.from(from).reverse(),
      toNs: Float64Array.from(to).reverse(),
      inferred: Uint8Array.from(inferred).reverse(),
    }),
  };
}

function topsOf(trace: Trace, root: number, end: number, isDetached: Uint8Array): number[] {
  const tops: number[] = [];
  for (let row = root + 1; row < end; ) {
    if (isDetached[row] === 1) tops.push(row);
    row += isDetached[row] === 1 ? (trace.size[row] ?? 1) : 1;
  }
  return tops;
}

function onTheWay(trace: Trace, owners: Int32Array, moved: Path['moved']): Path['moved'] {
  if (moved.length === 0) return moved;
  const ownersBefore = new Int32Array(trace.count + 1);
  for (const row of owners) ownersBefore[row + 1] = 1;
  for (let row = 0; row < trace.count; row++)
    ownersBefore[row + 1] = (ownersBefore[row + 1] ?? 0) + (ownersBefore[row] ?? 0);
  return moved.filter(({ row }) => (ownersBefore[row + (trace.size[row] ?? 1)] ?? 0) > (ownersBefore[row] ?? 0));
}
