/** Durations as Go writes them (https://pkg.go.dev/time#ParseDuration): `1h30m`, `1.5s`, `200ms`, `12µs`. */
const unitsNs: Record<string, number> = { ns: 1, us: 1e3, µs: 1e3, μs: 1e3, ms: 1e6, s: 1e9, m: 60e9, h: 3600e9 };

/** Nanoseconds, or undefined when `text` is no Go duration. A number without a unit is none, but `0` is. */
export function parseDurationNs(text: string): number | undefined {
  if (text === '0') return 0;
  const sign = text.startsWith('-') ? -1 : 1;
  const rest = text.replace(/^[+-]/, '');
  if (!/^(?:(?:\d+\.?\d*|\.\d+)(?:ns|us|µs|μs|ms|s|m|h))+$/.test(rest)) return undefined;
  let ns = 0;
  for (const [, number, unit] of rest.matchAll(/(\d+\.?\d*|\.\d+)(ns|us|µs|μs|ms|s|m|h)/g)) {
    ns += Number(number) * (unitsNs[unit ?? ''] ?? Number.NaN);
  }
  return Number.isFinite(ns) ? sign * Math.round(ns) : undefined;
}
