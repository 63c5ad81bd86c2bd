/**
 * What a span waits for, and when its children really ran. Two clocks never agree: a child of another host may seem to lie
 * a little outside its parent. For the analysis it is moved inside, with all that is below it.
 */
import { spanKind } from '../model/span.ts';
import { spanFlag, type Trace } from '../model/trace.ts';

export interface WaitingOptions {
  /**
   * How far (ns) a child may go on after its parent of the same host and still count as waited for; ten times as far on
   * another host. Never more than half of the child itself: then it is plainly work of its own. Default: 1 ms.
   */
  readonly skewToleranceNs?: number;
  /** The host of a row, whose spans share a clock. Default: each service has a clock of its own, and so has the callee of a call. */
  readonly hostOf?: (row: number) => string;
}

export interface Waiting {
  /** ns to add to a row's start for the analysis; 0 for most. */
  readonly shiftNs: Float64Array;
  /** 1 where the parent does not wait for the row. */
  readonly isDetached: Uint8Array;
  /** Rows that were moved against their parent's clock, and by how much (ns, signed). */
  readonly moved: readonly { readonly row: number; readonly byNs: number }[];
}

export const defaultSkewToleranceNs = 1e6;

/** Decides for every row at once; parents come before children, so one pass does. */
export function findWaiting(trace: Trace, options: WaitingOptions = {}): Waiting {
  const tolerance = options.skewToleranceNs ?? defaultSkewToleranceNs;
  const shiftNs = new Float64Array(trace.count);
  const isDetached = new Uint8Array(trace.count);
  const moved: { row: number; byNs: number }[] = [];
  for (let row = 0; row < trace.count; row++) {
    const up = trace.parent[row] ?? -1;
    if (up < 0) continue;
    if (trace.kind[up] === spanKind.producer && trace.kind[row] === spanKind.consumer) {
      isDetached[row] = 1;
      continue;
    }
    const pair = pairOf(trace, up, row, shiftNs[up] ?? 0);
    const isOtherHost = options.hostOf
      ? options.hostOf(up) !== options.hostOf(row)
      : trace.service[up] !== trace.service[row] || isCallToServer(trace, up, row);
    const shift = isOtherHost ? shiftInside(pair) : (shiftNs[up] ?? 0);
    shiftNs[row] = shift;
    if (shift !== 0 && shift !== shiftNs[up]) moved.push({ row, byNs: shift });
    const lateNs = pair.childStart + shift + pair.childNs - pair.parentEnd;
    if (lateNs > toleranceOf(pair, isOtherHost, tolerance)) isDetached[row] = 1;
  }
  return { shiftNs, isDetached, moved };
}

interface Pair {
  /** The parent where the analysis has put it. */
  readonly parentStart: number;
  readonly parentEnd: number;
  readonly parentShift: number;
  /** The child as sent. */
  readonly childStart: number;
  readonly childNs: number;
  /** Parent's duration minus child's: what the way there and back took. */
  readonly gapNs: number;
  /** A call that was answered: the caller's span ended because the callee's had. */
  readonly isAnsweredCall: boolean;
}

/** From one process to another, be it of the same service. */
function isCallToServer(trace: Trace, up: number, row: number): boolean {
  return trace.kind[up] === spanKind.client && trace.kind[row] === spanKind.server;
}

function pairOf(trace: Trace, up: number, row: number, parentShift: number): Pair {
  const parentNs = trace.durationNs[up] ?? 0;
  const childNs = trace.durationNs[row] ?? 0;
  const parentStart = (trace.startNs[up] ?? 0) + parentShift;
  return {
    parentStart,
    parentEnd: parentStart + parentNs,
    parentShift,
    childStart: trace.startNs[row] ?? 0,
    childNs,
    gapNs: parentNs - childNs,
    // A caller that failed may have given up while the callee went on.
    isAnsweredCall:
      isCallToServer(trace, up, row) && parentNs >= childNs && ((trace.flags[up] ?? 0) & spanFlag.error) === 0,
  };
}

/**
 * The shift of a child on another host. Its clock is its own: what the parent was moved by holds for it only if it fits so.
 * A child that starts before its parent proves that clocks differ. One that ends after it proves nothing, unless it is the
 * callee of an answered call; a late asynchronous child stays where it is. A callee of an answered call lies inside it, however
 * far its clock is off; no other shift exceeds the gap between the two durations: more would be a guess.
 */
function shiftInside(pair: Pair): number {
  const { parentStart, parentEnd, parentShift, childStart, childNs, gapNs, isAnsweredCall } = pair;
  const fits = (shift: number) => childStart + shift >= parentStart && childStart + shift + childNs <= parentEnd;
  if (fits(parentShift)) return parentShift;
  if (fits(0) || gapNs <= 0) return gapNs <= 0 ? parentShift : 0;
  const earlyNs = parentStart - (childStart + parentShift);
  if (earlyNs > 0) return parentShift + (isAnsweredCall ? earlyNs : Math.min(earlyNs, gapNs));
  const lateNs = childStart + parentShift + childNs - parentEnd;
  return isAnsweredCall && lateNs <= childNs ? parentShift - lateNs : parentShift;
}

/** Of the callee of an answered call a quarter may hang out: only clocks can be the reason. */
function toleranceOf(pair: Pair, isOtherHost: boolean, tolerance: number): number {
  const usual = Math.min(isOtherHost ? 10 * tolerance : tolerance, pair.childNs / 2);
  return isOtherHost && pair.isAnsweredCall ? Math.max(usual, pair.childNs / 4) : usual;
}
