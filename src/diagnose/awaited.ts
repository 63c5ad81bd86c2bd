/**
 * Replies that came by way of a queue. Nobody waits for a message's consumer as a rule, so the critical path leaves it out; but a
 * caller that does nothing while the message waits and is worked on, and goes on when that is done, did wait for it.
 */
import { spanKind } from '../model/span.ts';
import type { Trace } from '../model/trace.ts';
import { criticalPath, type Path } from './critical-path.ts';
import { segmentAt } from './path-times.ts';
import { endOf, startOf } from './scene.ts';

/** The answer's way back: at most this, or a tenth of the wait. */
const replyNs = 2e6;
const mostNested = 8;
/** Of a span that only waits: a call waits for something else. */
const waitKinds: ReadonlySet<number> = new Set([spanKind.unspecified, spanKind.internal, spanKind.consumer]);

/** The path with what such consumers did in place of their caller's idle time. Its segments still sum to the root's duration. */
export function withAwaited(trace: Trace, path: Path, nested = 0): Path {
  const taken = new Map<number, number>();
  for (const row of path.notWaitedFor) {
    const at = segmentOfReply(trace, path, row);
    const rival = at < 0 ? undefined : taken.get(at);
    if (at >= 0 && (rival === undefined || endOf(trace, row) > endOf(trace, rival))) taken.set(at, row);
  }
  if (taken.size === 0 || nested >= mostNested) return path;
  const pieces: [row: number, fromNs: number, toNs: number, inferred: number][] = [];
  for (let i = 0; i < path.count; i++) {
    const [owner, from, to] = [path.row[i] ?? 0, path.fromNs[i] ?? 0, path.toNs[i] ?? 0];
    const consumer = taken.get(i);
    if (consumer === undefined) {
      pieces.push([owner, from, to, path.inferred[i] ?? 0]);
      continue;
    }
    pieces.push([owner, from, startOf(trace, consumer), 1]);
    const inside = withAwaited(trace, criticalPath(trace, { root: consumer }), nested + 1);
    for (let k = 0; k < inside.count; k++) {
      pieces.push([inside.row[k] ?? 0, inside.fromNs[k] ?? 0, inside.toNs[k] ?? 0, 1]);
    }
    pieces.push([owner, endOf(trace, consumer), to, 1]);
  }
  const kept = pieces.filter(([, from, to]) => to > from);
  const awaited = new Set(taken.values());
  return {
    ...path,
    count: kept.length,
    row: Int32Array.from(kept, ([row]) => row),
    fromNs: Float64Array.from(kept, ([, from]) => from),
    toNs: Float64Array.from(kept, ([, , to]) => to),
    inferred: Uint8Array.from(kept, ([, , , inferred]) => inferred),
    notWaitedFor: path.notWaitedFor.filter((row) => !awaited.has(row)),
  };
}

/** The caller's idle segment that the consumer `row` explains, or -1. */
function segmentOfReply(trace: Trace, path: Path, row: number): number {
  const producer = trace.parent[row] ?? -1;
  if (trace.kind[row] !== spanKind.consumer || trace.kind[producer] !== spanKind.producer) return -1;
  const at = segmentAt(path, endOf(trace, row));
  const owner = path.row[at] ?? -1;
  const sender = trace.parent[producer] ?? -1;
  // The one who sent, or who encloses the sending; or its own wait for the answer, begun after the message was out.
  const isOwnWait = trace.parent[owner] === sender && waitKinds.has(trace.kind[owner] ?? 0) && trace.size[owner] === 1;
  const isCaller = owner === producer || owner === sender || isOwnWait;
  if (at < 0 || !isCaller) return -1;
  const [from, to] = [path.fromNs[at] ?? 0, path.toNs[at] ?? 0];
  const isIdle = from <= startOf(trace, row) && from <= endOf(trace, producer) + Math.max(replyNs, (to - from) / 10);
  return isIdle && to - endOf(trace, row) <= Math.max(replyNs, (to - from) / 10) ? at : -1;
}
