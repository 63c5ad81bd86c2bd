/** Values as Go's standard library reads them, with the texts of its errors: what scripts that ask Jaeger rely on. */
import { parseDurationNs } from '../../base/duration.ts';
import { BadInput } from '../../base/errors.ts';
import { everything } from '../../query/find-spans.ts';

/** `strconv.ParseBool`. */
export function boolOf(text: string): boolean {
  if (['0', 'f', 'F', 'false', 'FALSE', 'False'].includes(text)) return false;
  if (['1', 't', 'T', 'true', 'TRUE', 'True'].includes(text)) return true;
  throw syntaxError('ParseBool', text);
}

/** `strconv.ParseInt`, decimal. */
export function intOf(text: string, bits: 32 | 64): bigint {
  if (!/^[+-]?\d+$/.test(text)) throw syntaxError('ParseInt', text);
  const value = text.length > 40 ? 2n ** 64n : BigInt(text.replace(/^\+/, ''));
  if (BigInt.asIntN(bits, value) !== value) {
    throw new BadInput(`strconv.ParseInt: parsing ${quote(text)}: value out of range`);
  }
  return value;
}

/** `strconv.ParseFloat`, without Go's hexadecimal and underscored forms. */
export function floatOf(text: string): number {
  const value = /^[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?$/.test(text) ? Number(text) : Number.NaN;
  if (Number.isNaN(value)) throw syntaxError('ParseFloat', text);
  if (!Number.isFinite(value)) throw new BadInput(`strconv.ParseFloat: parsing ${quote(text)}: value out of range`);
  return value;
}

/** `time.ParseDuration`, ns. */
export function durationOf(text: string): bigint {
  const ns = parseDurationNs(text);
  if (ns !== undefined && Math.abs(ns) < 2 ** 63) return BigInt(ns);
  const problem = /^[+-]?\d+\.?\d*$/.test(text) ? 'missing unit in duration' : 'invalid duration';
  throw new BadInput(`time: ${problem} ${quote(text)}`);
}

const rfc3339 = /^(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(?:[.,](\d+))?(Z|[+-]\d\d:\d\d)$/;

/** `time.Parse(time.RFC3339Nano, …)`: ns since the epoch, kept within an int64. */
export function instantOf(text: string): bigint {
  const [, seconds, fraction = '', zone] = rfc3339.exec(text) ?? [];
  const ms = Date.parse(`${seconds}${zone}`);
  // JavaScript takes the 30th of February for the 1st of March.
  const isDay = seconds !== undefined && new Date(`${seconds}Z`).getUTCDate() === Number(seconds.slice(8, 10));
  if (Number.isNaN(ms) || !isDay) {
    throw new BadInput(`parsing time ${quote(text)}: expected RFC 3339, such as 2026-01-31T12:00:00.5Z`);
  }
  return clampNs(BigInt(ms) * 1_000_000n + BigInt(fraction.slice(0, 9).padEnd(9, '0')));
}

/** A time within what the store can hold. */
export function clampNs(ns: bigint): bigint {
  if (ns < everything.fromNs) return everything.fromNs;
  return ns > everything.toNs ? everything.toNs : ns;
}

export function syntaxError(parser: string, text: string): BadInput {
  return new BadInput(`strconv.${parser}: parsing ${quote(text)}: invalid syntax`);
}

/** Puts `${prefix}: ` before the text of a `BadInput` that `read` throws. */
export function explaining<T>(prefix: string, read: () => T): T {
  try {
    return read();
  } catch (cause) {
    if (!(cause instanceof BadInput)) throw cause;
    throw new BadInput(`${prefix}: ${cause.message}`, { cause });
  }
}

function quote(text: string): string {
  return JSON.stringify(text.slice(0, 100));
}
