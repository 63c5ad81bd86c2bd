/**
 * The figures of Jaeger's Monitor tab, which Jaeger asks of a Prometheus behind a span metrics connector, from stored spans: at each
 * step what happened in the window before it. Pure.
 */
import { bucketRange, type CallCell, type CallSeries } from '../../query/call-series.ts';

export interface Windows {
  /** Steps, of one slice each; the window of step n ends with slice n. */
  readonly steps: number;
  /** Slices in one window. */
  readonly slices: number;
  readonly windowSeconds: number;
}

export interface Point {
  readonly step: number;
  readonly value: number;
}

export type Figure =
  | { readonly kind: 'calls' }
  | { readonly kind: 'errors' }
  | { readonly kind: 'latency'; readonly quantile: number };

/**
 * Calls in calls a second, errors as a share of calls (0 to 1), latencies in ms. A step whose window has no call has no point.
 * The slices before the first step are those of its window: cell slice `slices - 1` is step 0.
 */
export function pointsOf(series: CallSeries, figure: Figure, windows: Windows): Point[] {
  const { steps, slices, windowSeconds } = windows;
  const window = new Window();
  const points: Point[] = [];
  let entering = 0;
  let leaving = 0;
  const { cells } = series;
  for (let step = 0; step < steps; step++) {
    const last = step + slices - 1;
    for (let cell = cells[entering]; cell !== undefined && cell.slice <= last; cell = cells[++entering]) {
      window.add(cell, 1);
    }
    for (let cell = cells[leaving]; cell !== undefined && cell.slice < step; cell = cells[++leaving]) {
      window.add(cell, -1);
    }
    if (window.calls > 0) points.push({ step, value: valueOf(window, figure, windowSeconds) });
  }
  return points;
}

function valueOf(window: Window, figure: Figure, windowSeconds: number): number {
  switch (figure.kind) {
    case 'calls':
      return window.calls / windowSeconds;
    case 'errors':
      return window.errors / window.calls;
    case 'latency':
      return window.quantileNs(figure.quantile) / 1e6;
  }
}

class Window {
  calls = 0;
  errors = 0;
  /** Calls by bucket of duration. */
  private readonly buckets: number[] = [];

  add({ bucket, calls, errors }: CallCell, sign: 1 | -1): void {
    this.calls += sign * calls;
    this.errors += sign * errors;
    this.buckets[bucket] = (this.buckets[bucket] ?? 0) + sign * calls;
  }

  /** Within its bucket a rank is taken as evenly spread, as Prometheus' histogram_quantile does. */
  quantileNs(quantile: number): number {
    const rank = quantile * this.calls;
    let below = 0;
    let [from, to] = [0, 0];
    for (const [bucket, calls = 0] of this.buckets.entries()) {
      if (calls === 0) continue;
      ({ fromNs: from, toNs: to } = bucketRange(bucket));
      if (below + calls >= rank) return from + (to - from) * ((rank - below) / calls);
      below += calls;
    }
    return to;
  }
}
