/** Days since 1970, as ClickHouse's `Date` counts them. */

// A day has 2^16 × this many nanoseconds, so that its number is exact without 64-bit integers.
const nsOfDayBy65536 = 86_400e9 / 65_536;

/** The day of a time in ns given as two halves of 32 bits; `high` is signed, so that days before 1970 are negative. */
export function dayOfNs(low: number, high: number): number {
  return Math.floor((high * 65_536 + (low >>> 16)) / nsOfDayBy65536);
}

export function dayOfMs(ms: number): number {
  return Math.floor(ms / 86_400_000);
}
