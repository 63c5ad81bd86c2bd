/**
 * Bars as runs of device pixels, at most one per column, so that a span with 50,000 children draws as fast as one
 * with two. Own work is solid, time that children cover is a tint, measured waiting is hatched.
 */
import { spanKind } from '../../../src/model/span.ts';
import type { Trace } from '../../../src/model/trace.ts';
import type { TimeRange } from '../thread.ts';

export interface BarRun {
  readonly x0: number;
  readonly x1: number;
  readonly kind: 'own' | 'covered' | 'waiting';
}

/** The bar of one span. Nothing when it lies outside `range`. */
export function spanBar(trace: Trace, row: number, range: TimeRange, width: number): BarRun[] {
  const scale = scaleOf(range, width);
  const start = trace.startNs[row] ?? 0;
  const end = start + (trace.durationNs[row] ?? 0);
  const bar = scale.pixels(start, end);
  if (bar === undefined) return [];
  const x0 = bar.x0;
  const x1 = bar.x1;
  // Per column of the bar, in columns: how much of it children cover.
  const covered = new Float64Array(x1 - x0);
  let until = start;
  const last = row + (trace.size[row] ?? 1);
  for (let child = row + 1; child < last; child += trace.size[child] ?? 1) {
    const from = Math.max(trace.startNs[child] ?? 0, until);
    const to = Math.min((trace.startNs[child] ?? 0) + (trace.durationNs[child] ?? 0), end);
    if (to <= from) continue;
    until = to;
    addCover(covered, scale.x(from) - x0, scale.x(to) - x0);
  }
  const own = isRemoteCall(trace, row) ? 'waiting' : 'own';
  const runs: BarRun[] = [];
  for (let x = x0; x < x1; x++) pushRun(runs, x, (covered[x - x0] ?? 0) > 0.5 ? 'covered' : own);
  return runs;
}

/** Ticks for the members of a group: each at least one column, with a gap before it where there is room for one. */
export function groupTicks(trace: Trace, rows: readonly number[], range: TimeRange, width: number): BarRun[] {
  const scale = scaleOf(range, width);
  const runs: BarRun[] = [];
  for (const row of rows) {
    const start = trace.startNs[row] ?? 0;
    const bar = scale.pixels(start, start + (trace.durationNs[row] ?? 0));
    if (bar === undefined) continue;
    const last = runs.at(-1);
    if (last === undefined || bar.x0 > last.x1) runs.push({ ...bar, kind: 'own' });
    else if (bar.x1 - last.x1 >= 3) runs.push({ x0: last.x1 + 1, x1: bar.x1, kind: 'own' });
    else if (bar.x1 > last.x1) runs[runs.length - 1] = { ...last, x1: bar.x1 };
  }
  return runs;
}

/** Waiting between the end of a producer and the start of its consumer, in columns; undefined when there is none. */
export function queueGap(trace: Trace, row: number, range: TimeRange, width: number): BarRun | undefined {
  const from = queuedSince(trace, row);
  const gap = from === undefined ? undefined : scaleOf(range, width).pixels(from, trace.startNs[row] ?? 0);
  return gap && { ...gap, kind: 'waiting' };
}

/** When the message that a consumer took was sent, ns; undefined for other spans and for one taken at once. */
export function queuedSince(trace: Trace, row: number): number | undefined {
  const up = trace.parent[row] ?? -1;
  if (up < 0 || trace.kind[row] !== spanKind.consumer || trace.kind[up] !== spanKind.producer) return undefined;
  const sent = (trace.startNs[up] ?? 0) + (trace.durationNs[up] ?? 0);
  return sent < (trace.startNs[row] ?? 0) ? sent : undefined;
}

/** A call whose callee's span is there too: what the callee does not cover was spent on the way. */
function isRemoteCall(trace: Trace, row: number): boolean {
  const last = row + (trace.size[row] ?? 1);
  if (trace.kind[row] !== spanKind.client) return false;
  for (let child = row + 1; child < last; child += trace.size[child] ?? 1) {
    if (trace.kind[child] === spanKind.server) return true;
  }
  return false;
}

function scaleOf(range: TimeRange, width: number) {
  const perNs = width / Math.max(range.endNs - range.startNs, Number.MIN_VALUE);
  const x = (ns: number) => (ns - range.startNs) * perNs;
  return {
    x,
    /** Whole columns of [start, end], at least one, clipped to the picture. */
    pixels(start: number, end: number): { x0: number; x1: number } | undefined {
      if (end < range.startNs || start > range.endNs) return undefined;
      const x0 = Math.min(width - 1, Math.max(0, Math.round(x(start))));
      const x1 = Math.min(width, Math.max(x0 + 1, Math.round(x(end))));
      return { x0, x1 };
    },
  };
}

function addCover(covered: Float64Array, from: number, to: number): void {
  const first = Math.max(0, Math.floor(from));
  const last = Math.min(covered.length - 1, Math.ceil(to) - 1);
  for (let x = first; x <= last; x++) {
    covered[x] = (covered[x] ?? 0) + Math.min(to, x + 1) - Math.max(from, x);
  }
}

function pushRun(runs: BarRun[], x: number, kind: BarRun['kind']): void {
  const last = runs.at(-1);
  if (last !== undefined && last.kind === kind && last.x1 === x) runs[runs.length - 1] = { ...last, x1: x + 1 };
  else runs.push({ x0: x, x1: x + 1, kind });
}
