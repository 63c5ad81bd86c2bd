/** Marks of a time axis at round values: 1, 2 or 5 times a power of ten ns, and not closer than asked. */
import type { TimeRange } from '../thread.ts';

export function axisTicks(range: TimeRange, width: number, leastGapPx: number): { ns: number; x: number }[] {
  const span = range.endNs - range.startNs;
  if (!(span > 0) || width <= 0) return [];
  const step = roundUp((span * leastGapPx) / width);
  const ticks: { ns: number; x: number }[] = [];
  for (let k = Math.ceil(range.startNs / step); k * step <= range.endNs; k++) {
    ticks.push({ ns: k * step, x: ((k * step - range.startNs) / span) * width });
  }
  return ticks;
}

function roundUp(least: number): number {
  const power = 10 ** Math.floor(Math.log10(least));
  return [1, 2, 5, 10].map((factor) => factor * power).find((step) => step >= least) ?? 10 * power;
}
