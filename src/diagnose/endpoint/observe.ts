/** One call of the endpoint, with its critical path at the places of the call tree. */
import type { Trace } from '../../model/trace.ts';
import { withAwaited } from '../awaited.ts';
import { criticalPath } from '../critical-path.ts';
import type { Places } from '../places.ts';
import { type DetailOf, type Scene, sceneOf } from '../scene.ts';

export interface Observation {
  readonly trace: Trace;
  /** The row of the endpoint's own span. */
  readonly root: number;
  readonly detailOf: DetailOf;
  /** The host of a row, whose spans share a clock. Default: each service has a clock of its own. */
  readonly hostOf?: (row: number) => string;
}

/** Rows in preorder, so those of one place are in order of parents. */
export interface Seen extends Scene {
  readonly root: number;
  readonly durationNs: number;
  readonly rowsAt: ReadonlyMap<number, readonly number[]>;
}

export function observe({ trace, root, detailOf, hostOf }: Observation, places: Places): Seen {
  const clocks = hostOf === undefined ? {} : { hostOf };
  const path = withAwaited(trace, criticalPath(trace, { root, ...clocks }), clocks);
  const scene = sceneOf(trace, path, places, detailOf);
  const rowsAt = new Map<number, number[]>();
  for (let row = root; row < root + (trace.size[root] ?? 1); row++) {
    const place = scene.place[row] ?? -1;
    const rows = rowsAt.get(place);
    if (rows === undefined) rowsAt.set(place, [row]);
    else rows.push(row);
  }
  return { ...scene, root, durationNs: trace.durationNs[root] ?? 0, rowsAt };
}

/** The row by which an operation enters a trace: the longest of its name whose parent is not of that name, too. -1 when there is none. */
export function rowOfEndpoint(trace: Trace, service: string, operation: string): number {
  const s = trace.services.indexOf(service);
  const n = trace.names.indexOf(operation);
  let found = -1;
  for (let row = 0; row < trace.count; row++) {
    if (trace.service[row] !== s || trace.name[row] !== n) continue;
    if (found < 0 || (trace.durationNs[row] ?? 0) > (trace.durationNs[found] ?? 0)) found = row;
  }
  return found;
}
