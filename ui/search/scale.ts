/** The scatter plot's axes, pure: time → x, duration → y and back, and which ticks to draw. */

export interface Box {
  readonly left: number;
  readonly top: number;
  readonly right: number;
  readonly bottom: number;
}

export interface Scale {
  readonly startMs: number;
  readonly endMs: number;
  readonly minNs: number;
  readonly maxNs: number;
  readonly isLog: boolean;
  readonly box: Box;
}

/** A duration axis that holds every duration: from 0 when they are alike, logarithmic when the longest is 40 times the shortest. */
export function makeScale(durationsNs: readonly number[], startMs: number, endMs: number, box: Box): Scale {
  // One span of no duration must not stretch a logarithmic axis down to nothing.
  const known = durationsNs.filter((ns) => ns > 0);
  const longest = Math.max(1000, ...known);
  const shortest = Math.max(1000, Math.min(longest, ...known));
  const isLog = longest / shortest > 40;
  return {
    startMs,
    endMs: Math.max(endMs, startMs + 1),
    minNs: isLog ? shortest / 1.25 : 0,
    maxNs: longest * (isLog ? 1.25 : 1.08),
    isLog,
    box,
  };
}

/**
 * From where the time axis runs: the part of the range that holds what was found, and a little before. An answer that was cut at
 * its limit says nothing about the time before its oldest trace.
 */
export function axisStartMs(oldestMs: number, startMs: number, endMs: number): number {
  const least = (endMs - startMs) / 40;
  return Math.max(startMs, endMs - Math.max(least, (endMs - oldestMs) * 1.03));
}

export function xOf({ startMs, endMs, box }: Scale, ms: number): number {
  return box.left + ((ms - startMs) / (endMs - startMs)) * (box.right - box.left);
}

export function yOf({ minNs, maxNs, isLog, box }: Scale, ns: number): number {
  const share = isLog
    ? Math.log(Math.max(ns, minNs) / minNs) / Math.log(maxNs / minNs)
    : (ns - minNs) / (maxNs - minNs);
  return box.bottom - Math.max(0, Math.min(1, share)) * (box.bottom - box.top);
}

export function msAt({ startMs, endMs, box }: Scale, x: number): number {
  return startMs + share(x, box.left, box.right) * (endMs - startMs);
}

export function nsAt({ minNs, maxNs, isLog, box }: Scale, y: number): number {
  const up = 1 - share(y, box.top, box.bottom);
  return isLog ? minNs * (maxNs / minNs) ** up : minNs + up * (maxNs - minNs);
}

/** Round durations to label, at least `gap` px apart: 1, 2, 5 of each power of ten. */
export function durationTicks(scale: Scale, gap: number): readonly number[] {
  if (scale.isLog) {
    const ticks: number[] = [];
    for (let power = 3; power <= 14; power++) {
      for (const digit of [1, 2, 5]) {
        const ns = digit * 10 ** power;
        if (ns >= scale.minNs && ns <= scale.maxNs) ticks.push(ns);
      }
    }
    const tens = ticks.filter((ns) => Math.log10(ns) % 1 === 0);
    return (
      [ticks, ticks.filter((ns) => !String(ns).startsWith('2')), tens, tens.filter((_, i) => i % 2 === 0)].find((t) =>
        t.every((ns, i) => i === 0 || yOf(scale, t[i - 1] ?? 0) - yOf(scale, ns) >= gap),
      ) ?? []
    );
  }
  const most = Math.max(1, Math.floor((scale.box.bottom - scale.box.top) / gap));
  const step = roundStep(scale.maxNs / most);
  return Array.from({ length: Math.floor(scale.maxNs / step) + 1 }, (_, i) => i * step);
}

const minute = 60e3;
const stepsMs = [1, 2, 5, 10, 20, 50, 100, 200, 500, 1e3, 2e3, 5e3, 10e3, 15e3, 30e3].concat(
  [1, 2, 5, 10, 15, 30, 60, 120, 180, 360, 720, 1440, 2880, 10_080].map((minutes) => minutes * minute),
);

/** Round moments to label, at least `gap` px apart, on the person's clock (`offsetMs`: local time minus UTC). */
export function timeTicks(scale: Scale, gap: number, offsetMs: number): readonly number[] {
  const most = Math.max(1, Math.floor((scale.box.right - scale.box.left) / gap));
  const least = (scale.endMs - scale.startMs) / most;
  const step = stepsMs.find((ms) => ms >= least) ?? Math.ceil(least / 86_400e3) * 86_400e3;
  const ticks: number[] = [];
  for (let at = Math.ceil((scale.startMs + offsetMs) / step) * step - offsetMs; at <= scale.endMs; at += step)
    ticks.push(at);
  return ticks;
}

/** A Go duration with three significant digits, for the address: `350ms`, `1.24s`. */
export function durationParam(ns: number): string {
  const rounded = Number(Math.max(1, ns).toPrecision(3));
  for (const [unit, size] of [
    ['s', 1e9],
    ['ms', 1e6],
    ['us', 1e3],
  ] as const) {
    if (rounded >= size) return `${Number((rounded / size).toPrecision(3))}${unit}`;
  }
  return `${Math.round(rounded)}ns`;
}

function share(at: number, from: number, to: number): number {
  return Math.max(0, Math.min(1, (at - from) / Math.max(1, to - from)));
}

function roundStep(least: number): number {
  const power = 10 ** Math.floor(Math.log10(Math.max(1, least)));
  return ([1, 2, 5].find((digit) => digit * power >= least) ?? 10) * power;
}
