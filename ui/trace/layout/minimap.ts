/**
 * The minimap's picture as pixels: every visible row is a hairline at its height, each column showing the service that
 * was drawn there last. 100,000 spans are two passes over typed arrays, no drawing call each.
 */
import type { Trace } from '../../../src/model/trace.ts';
import type { TimeRange } from '../thread.ts';

/** 0 where nothing is, else 1 + the service's place in `trace.services`. Row-major, `width` × `height`. */
export function minimapPixels(
  trace: Trace,
  indexOf: Int32Array,
  visibleCount: number,
  whole: TimeRange,
  width: number,
  height: number,
): Uint32Array {
  const pixels = new Uint32Array(width * height);
  const perNs = width / Math.max(whole.endNs - whole.startNs, Number.MIN_VALUE);
  // A few rows get a few pixels each with a gap below; many share one.
  const pitch = pitchOf(visibleCount, height);
  const thickness = Math.max(1, Math.floor(pitch * 0.5));
  for (let row = 0; row < trace.count; row++) {
    const start = trace.startNs[row] ?? 0;
    const x0 = Math.min(width - 1, Math.max(0, Math.floor((start - whole.startNs) * perNs)));
    const x1 = Math.min(
      width,
      Math.max(x0 + 1, Math.ceil((start + (trace.durationNs[row] ?? 0) - whole.startNs) * perNs)),
    );
    const top = Math.min(height - thickness, Math.floor((indexOf[row] ?? 0) * pitch));
    const value = 1 + (trace.service[row] ?? 0);
    for (let y = top; y < top + thickness; y++) pixels.fill(value, y * width + x0, y * width + x1);
  }
  return pixels;
}

/** Where visible row `index` lies in a minimap of this height. */
export function minimapY(index: number, visibleCount: number, height: number): number {
  return (index + 0.5) * pitchOf(visibleCount, height);
}

function pitchOf(visibleCount: number, height: number): number {
  return Math.min(height / 6, height / Math.max(visibleCount, 1));
}
