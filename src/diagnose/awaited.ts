/**
 * Replies that came by way of a queue. Nobody waits for a message's consumer as a rule, so the critical path leaves it out; but a
 * caller that does nothing while the message waits and is worked on, and goes on when that is done, did wait for it.
 */
import { spanKind } from '../model/span.ts';
import type { Trace } from '../model/trace.ts';
import { criticalPath, type Path } from './critical-path.ts';
import { segmentAt } from './path-times.ts';
import { endOf, startOf } from './scene.ts';
import { findWaiting, type WaitingOptions } from './waiting.ts';

/** The answer's way back: at most this, or a tenth of the wait. */
const replyNs = 2e6;
/** Of the whole: shorter waits are not worth the search. It bounds how many there can be. */
const leastShare = 0.01;
/** Clocks may differ by so much. */
const mostSkewNs = 100e6;
const mostNested = 8;
/** Of a span that only waits: a call waits for something else. */
const waitKinds: ReadonlySet<number> = new Set([spanKind.unspecified, spanKind.internal, spanKind.consumer]);

interface Reply {
  readonly consumer: number;
  /** Added to its times, so that they lie inside its caller's wait. */
  readonly shiftNs: number;
}

/** The path with what such consumers did in place of their caller's idle time. Its segments still sum to the root's duration. */
export function withAwaited(trace: Trace, path: Path, options: WaitingOptions = {}, nested = 0): Path {
  const candidates = path.notWaitedFor.filter((row) => isTaken(trace, row));
  if (candidates.length === 0 || nested >= mostNested) return path;
  const { shiftNs: shifts } = findWaiting(trace, options);
  const replies = new Map<number, Reply>();
  for (const row of candidates) {
    const shift = (shifts[trace.parent[row] ?? -1] ?? 0) - (shifts[path.root] ?? 0);
    const { at, shiftNs } = findReply(trace, path, row, shift);
    const rival = replies.get(at);
    if (at >= 0 && (rival === undefined || endOf(trace, row) > endOf(trace, rival.consumer))) {
      replies.set(at, { consumer: row, shiftNs });
    }
  }
  if (replies.size === 0) return path;
  const pieces: [row: number, fromNs: number, toNs: number, inferred: number][] = [];
  for (let i = 0; i < path.count; i++) {
    const [owner, from, to] = [path.row[i] ?? 0, path.fromNs[i] ?? 0, path.toNs[i] ?? 0];
    const reply = replies.get(i);
    if (reply === undefined) {
      pieces.push([owner, from, to, path.inferred[i] ?? 0]);
      continue;
    }
    const { consumer, shiftNs } = reply;
    const inside = withAwaited(trace, criticalPath(trace, { ...options, root: consumer }), options, nested + 1);
    pieces.push([owner, from, startOf(trace, consumer) + shiftNs, 1]);
    for (let k = 0; k < inside.count; k++) {
      pieces.push([inside.row[k] ?? 0, (inside.fromNs[k] ?? 0) + shiftNs, (inside.toNs[k] ?? 0) + shiftNs, 1]);
    }
    pieces.push([owner, endOf(trace, consumer) + shiftNs, to, 1]);
  }
  const kept = pieces.filter(([, from, to]) => to > from);
  const awaited = new Set(Array.from(replies.values(), ({ consumer }) => consumer));
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

function isTaken(trace: Trace, row: number): boolean {
  return trace.kind[row] === spanKind.consumer && trace.kind[trace.parent[row] ?? -1] === spanKind.producer;
}

/** The caller's idle segment that the consumer `row` explains, or -1. `shift`: what the analysis moved the sender by. */
function findReply(trace: Trace, path: Path, row: number, shift: number): { at: number; shiftNs: number } {
  const none = { at: -1, shiftNs: 0 };
  const producer = trace.parent[row] ?? -1;
  const sender = trace.parent[producer] ?? -1;
  // The one who encloses the sending, or its own wait for the answer, begun after the message was out.
  const isCaller = (owner: number) =>
    owner === sender ||
    owner === producer ||
    (trace.parent[owner] === sender && waitKinds.has(trace.kind[owner] ?? 0) && trace.size[owner] === 1);
  const sentNs = endOf(trace, producer) + shift;
  const sent = segmentAt(path, sentNs);
  const at = isCaller(path.row[sent] ?? -1) ? sent : sent + 1;
  if (sent < 0 || at >= path.count || !isCaller(path.row[at] ?? -1)) return none;
  const [from, to] = [path.fromNs[at] ?? 0, path.toNs[at] ?? 0];
  const slackNs = Math.max(replyNs, (to - from) / 10);
  const isShort = to - from < (trace.durationNs[path.root] ?? 0) * leastShare;
  if (isShort || from > sentNs + slackNs) return none;
  const [earlyNs, lateNs] = [from - startOf(trace, row) - shift, endOf(trace, row) + shift - to];
  if (earlyNs <= 0 && lateNs <= 0) return -lateNs <= slackNs ? { at, shiftNs: shift } : none;
  // Outside by a little, though there is room for it inside: the clocks of two hosts.
  const roomNs = to - from - (trace.durationNs[row] ?? 0);
  const isSkew =
    roomNs >= 0 && Math.max(earlyNs, lateNs) <= mostSkewNs && trace.service[row] !== trace.service[producer];
  return isSkew ? { at, shiftNs: shift + (earlyNs > 0 ? earlyNs : -lateNs) } : none;
}
