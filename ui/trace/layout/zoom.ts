/** Zoom and pan of a time range inside the whole. A range never leaves the whole and never gets shorter than 10 ns. */
import type { TimeRange } from '../thread.ts';

const shortestNs = 10;

/** `factor` under 1 zooms in, keeping the instant `aroundNs` where it is. */
export function zoomRange(range: TimeRange, whole: TimeRange, factor: number, aroundNs: number): TimeRange {
  const span = range.endNs - range.startNs;
  const wholeSpan = whole.endNs - whole.startNs;
  const wanted = Math.min(wholeSpan, Math.max(Math.min(shortestNs, wholeSpan), span * factor));
  const left = span > 0 ? (aroundNs - range.startNs) / span : 0.5;
  return place(aroundNs - left * wanted, wanted, whole);
}

/** `share` of the range's own length, to the right when positive. */
export function panRange(range: TimeRange, whole: TimeRange, share: number): TimeRange {
  const span = range.endNs - range.startNs;
  return place(range.startNs + span * share, span, whole);
}

/** The range between two instants in either order. */
export function rangeBetween(a: number, b: number, whole: TimeRange): TimeRange {
  return place(Math.min(a, b), Math.max(Math.abs(b - a), Math.min(shortestNs, whole.endNs - whole.startNs)), whole);
}

export function isWhole(range: TimeRange, whole: TimeRange): boolean {
  return range.startNs <= whole.startNs && range.endNs >= whole.endNs;
}

function place(startNs: number, span: number, whole: TimeRange): TimeRange {
  const start = Math.max(whole.startNs, Math.min(startNs, whole.endNs - span));
  return { startNs: start, endNs: Math.min(whole.endNs, start + span) };
}
