/** What the path says about a row, an instant, and a whole subtree. */
import type { Trace } from '../model/trace.ts';
import type { Path } from './critical-path.ts';

/** ns of the path that each row owns itself. They sum to the root's duration. */
export function ownPathTimes(trace: Trace, path: Path): Float64Array {
  const own = new Float64Array(trace.count);
  for (let i = 0; i < path.count; i++) {
    const row = path.row[i] ?? 0;
    own[row] = (own[row] ?? 0) + ((path.toNs[i] ?? 0) - (path.fromNs[i] ?? 0));
  }
  return own;
}

/** ns of the path that each row and what is below it own together. */
export function subtreePathTimes(trace: Trace, path: Path): Float64Array {
  const times = ownPathTimes(trace, path);
  for (let row = trace.count - 1; row > 0; row--) {
    const up = trace.parent[row] ?? -1;
    if (up >= 0) times[up] = (times[up] ?? 0) + (times[row] ?? 0);
  }
  return times;
}

/** The segment that holds the instant `ns` (as in `Trace`), or -1 outside the root. */
export function segmentAt(path: Path, ns: number): number {
  let low = 0;
  let high = path.count;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((path.toNs[middle] ?? 0) > ns) high = middle;
    else low = middle + 1;
  }
  return low < path.count && (path.fromNs[low] ?? 0) <= ns ? low : -1;
}
