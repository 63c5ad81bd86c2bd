/**
 * The thread: at every instant exactly one visible row owns the time (the span that owns that piece of the critical
 * path, or the row that hides it), and the thread is that step function. Pure layout; drawing is elsewhere.
 */
import type { Path } from '../../src/diagnose/critical-path.ts';

/** ns from the trace's base, as in `Trace`. */
export interface TimeRange {
  readonly startNs: number;
  readonly endNs: number;
}

/** One horizontal piece: from pixel column `x0` up to, without, `x1`, in visible row `index`. */
export interface ThreadRun {
  readonly x0: number;
  readonly x1: number;
  readonly index: number;
  readonly isInferred: boolean;
}

/** At most one run per pixel column, however many pieces the path has: in each column, the row that owns most of it. */
export function threadRuns(path: Path, indexOf: Int32Array, range: TimeRange, width: number): ThreadRun[] {
  const columns = ownersOfColumns(path, indexOf, range, width);
  const runs: ThreadRun[] = [];
  for (let x = 0; x < width; x++) {
    const index = columns.index[x] ?? -1;
    if (index < 0) continue;
    const isInferred = columns.inferred[x] === 1;
    const last = runs.at(-1);
    if (last !== undefined && last.x1 === x && last.index === index && last.isInferred === isInferred) {
      runs[runs.length - 1] = { ...last, x1: x + 1 };
    } else runs.push({ x0: x, x1: x + 1, index, isInferred });
  }
  return runs;
}

/**
 * Without excursions too short to see: where the thread leaves a row for less than `leastPx` columns and comes back, it
 * stays. Forty calls in a row are then a line and not a comb.
 */
export function calmRuns(runs: readonly ThreadRun[], leastPx: number): ThreadRun[] {
  const calm: ThreadRun[] = [];
  for (const run of runs) {
    const last = calm.at(-1);
    const before = calm.at(-2);
    const isBack =
      before?.index === run.index && last?.x1 === run.x0 && before.x1 === last.x0 && last.x1 - last.x0 < leastPx;
    if (isBack) calm.splice(-2, 2, { ...before, x1: run.x1, isInferred: before.isInferred && run.isInferred });
    else calm.push(run);
  }
  return calm;
}

function ownersOfColumns(path: Path, indexOf: Int32Array, range: TimeRange, width: number) {
  const index = new Int32Array(width).fill(-1);
  const inferred = new Uint8Array(width);
  const nsPerColumn = (range.endNs - range.startNs) / width;
  if (!(nsPerColumn > 0)) return { index, inferred };

  // What each row owns of the column at hand. Pieces come in order of time, so one column is open at a time.
  let open = -1;
  const owned = new Map<number, number>();
  let best = 0;
  for (let i = firstEndingAfter(path, range.startNs); i < path.count; i++) {
    const start = Math.max(path.fromNs[i] ?? 0, range.startNs);
    const end = Math.min(path.toNs[i] ?? 0, range.endNs);
    if ((path.fromNs[i] ?? 0) >= range.endNs) break;
    if (end <= start) continue;
    const owner = indexOf[path.row[i] ?? -1] ?? -1;
    if (owner < 0) continue;
    const first = Math.min(width - 1, Math.floor((start - range.startNs) / nsPerColumn));
    const last = Math.min(width - 1, Math.max(first, Math.ceil((end - range.startNs) / nsPerColumn) - 1));
    for (let x = first; x <= last; x++) {
      if (x !== open) {
        open = x;
        best = 0;
        owned.clear();
      }
      const columnStart = range.startNs + x * nsPerColumn;
      const ns = Math.min(end, columnStart + nsPerColumn) - Math.max(start, columnStart);
      const total = (owned.get(owner) ?? 0) + Math.max(ns, Number.MIN_VALUE);
      owned.set(owner, total);
      if (total > best) {
        best = total;
        index[x] = owner;
        inferred[x] = path.inferred[i] ?? 0;
      }
    }
  }
  return { index, inferred };
}

/** ns of the path that each visible row owns or hides. */
export function ownedByVisible(path: Path, indexOf: Int32Array, visibleCount: number): Float64Array {
  const owned = new Float64Array(visibleCount);
  for (let i = 0; i < path.count; i++) {
    const index = indexOf[path.row[i] ?? -1] ?? -1;
    if (index >= 0) owned[index] = (owned[index] ?? 0) + (path.toNs[i] ?? 0) - (path.fromNs[i] ?? 0);
  }
  return owned;
}

/** How thick the thread runs in a row that owns `share` of the whole: 2 px below 1 %, 4 px to 10 %, 6 px above. */
export function threadWidth(share: number): 2 | 4 | 6 {
  if (share < 0.01) return 2;
  return share <= 0.1 ? 4 : 6;
}

/** What of the thread lies above or below the rows on the screen: how much time, and the row that owns most of it. */
export function threadOutside(
  owned: Float64Array,
  from: number,
  to: number,
): { ns: number; index: number } | undefined {
  let ns = 0;
  let index = -1;
  for (let i = from; i < to; i++) {
    const own = owned[i] ?? 0;
    ns += own;
    if (own > 0 && (index < 0 || own > (owned[index] ?? 0))) index = i;
  }
  return index < 0 ? undefined : { ns, index };
}

/** One line of the thread told as a list: neighbours of one row joined, short ones gathered. */
export interface ThreadStep {
  /** The visible row that owns most of it. */
  readonly index: number;
  readonly ns: number;
  /** Visible rows gathered here. */
  readonly rows: number;
}

/** The thread as a list for narrow screens and for the keyboard, in order of time. Pieces under `leastNs` gather. */
export function threadSteps(path: Path, indexOf: Int32Array, leastNs: number): ThreadStep[] {
  const pieces: { index: number; ns: number }[] = [];
  for (let i = 0; i < path.count; i++) {
    const index = indexOf[path.row[i] ?? -1] ?? -1;
    const ns = (path.toNs[i] ?? 0) - (path.fromNs[i] ?? 0);
    const last = pieces.at(-1);
    if (last !== undefined && last.index === index) last.ns += ns;
    else if (index >= 0) pieces.push({ index, ns });
  }
  const steps: ThreadStep[] = [];
  let gathered = new Map<number, number>();
  const closeGathered = () => {
    if (gathered.size > 0) steps.push(stepOf(gathered));
    gathered = new Map();
  };
  for (const { index, ns } of pieces) {
    if (ns < leastNs) gathered.set(index, (gathered.get(index) ?? 0) + ns);
    else {
      closeGathered();
      steps.push({ index, ns, rows: 1 });
    }
  }
  closeGathered();
  return steps;
}

function stepOf(gathered: ReadonlyMap<number, number>): ThreadStep {
  const [most] = [...gathered].sort((a, b) => b[1] - a[1]);
  const ns = [...gathered.values()].reduce((sum, one) => sum + one, 0);
  return { index: most?.[0] ?? -1, ns, rows: gathered.size };
}

function firstEndingAfter(path: Path, ns: number): number {
  let low = 0;
  let high = path.count;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((path.toNs[middle] ?? 0) > ns) high = middle;
    else low = middle + 1;
  }
  return low;
}
