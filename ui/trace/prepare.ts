/** From the skeleton's bytes to what the page draws from. Pure: a worker runs it for a large trace, the page itself for a small one. */
import { criticalPath, type Path } from '../../src/diagnose/critical-path.ts';
import { ownPathTimes } from '../../src/diagnose/path-times.ts';
import { decodeSkeleton } from '../../src/model/skeleton.ts';
import type { Trace } from '../../src/model/trace.ts';

export interface Prepared {
  readonly trace: Trace;
  readonly path: Path;
  /** ns of the path that each row owns itself. */
  readonly ownNs: Float64Array;
}

/** Throws `BadInput` for bytes that are no skeleton. */
export function prepare(bytes: Uint8Array): Prepared {
  const trace = decodeSkeleton(bytes);
  const path = criticalPath(trace);
  return { trace, path, ownNs: ownPathTimes(trace, path) };
}

/** The buffers of the columns, which a worker gives away instead of copying. */
export function buffersOf({ trace, path, ownNs }: Prepared): ArrayBufferLike[] {
  const columns = [...Object.values(trace), ...Object.values(path), ownNs].filter((value) => ArrayBuffer.isView(value));
  return [...new Set(columns.map((column) => column.buffer))];
}
