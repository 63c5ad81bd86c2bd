/** The time range on top of every page, as the address writes it: `last=1h`, or `start=…&end=…` in epoch µs. */

export type Range =
  | { readonly kind: 'last'; readonly text: string; readonly ms: number }
  | { readonly kind: 'between'; readonly startUs: number; readonly endUs: number };

export const presets = ['5m', '15m', '1h', '6h', '24h', '7d'] as const;

const unitsMs: Readonly<Record<string, number>> = { s: 1e3, m: 60e3, h: 3600e3, d: 86_400e3, w: 604_800e3 };

/** `15m`, `2d`: a whole number and one unit of s m h d w. Undefined otherwise. */
export function parseLast(text: string): Range | undefined {
  const [, number, unit] = /^([1-9]\d{0,5})([smhdw])$/.exec(text.trim().toLowerCase()) ?? [];
  const ms = Number(number) * (unitsMs[unit ?? ''] ?? Number.NaN);
  return Number.isFinite(ms) ? { kind: 'last', text: `${number}${unit}`, ms } : undefined;
}

export const defaultRange: Range = { kind: 'last', text: '1h', ms: 3600e3 };

/** What an address says; the last hour when it says nothing that can be read. */
export function parseRange(params: URLSearchParams): Range {
  return explicitRange(params) ?? defaultRange;
}

/** What an address says, or undefined when it says nothing. */
export function explicitRange(params: URLSearchParams): Range | undefined {
  const startUs = parseUs(params.get('start'));
  const endUs = parseUs(params.get('end'));
  if (startUs !== undefined && endUs !== undefined && startUs < endUs) return { kind: 'between', startUs, endUs };
  return parseLast(params.get('last') ?? '');
}

/** The parameters that name a range in an address: all three, so that setting them clears what was there. */
export function rangeParams(range: Range): Readonly<Record<'last' | 'start' | 'end', string | undefined>> {
  return range.kind === 'last'
    ? { last: range.text === defaultRangeText ? undefined : range.text, start: undefined, end: undefined }
    : { last: undefined, start: String(range.startUs), end: String(range.endUs) };
}

const defaultRangeText = '1h';

/** The same text for the same range. */
export function rangeKey(range: Range): string {
  return range.kind === 'last' ? range.text : `${range.startUs}-${range.endUs}`;
}

/** Epoch µs. A `last` range ends now. */
export function rangeBounds(range: Range, nowMs: number): { readonly startUs: number; readonly endUs: number } {
  return range.kind === 'between'
    ? { startUs: range.startUs, endUs: range.endUs }
    : { startUs: Math.floor((nowMs - range.ms) * 1000), endUs: Math.floor(nowMs * 1000) };
}

/** The smallest preset that reaches back to `ageMs`, or a range of whole days: "show it". */
export function rangeReaching(ageMs: number): Range {
  for (const preset of presets) {
    const range = parseLast(preset);
    if (range?.kind === 'last' && range.ms >= ageMs) return range;
  }
  const days = Math.ceil(ageMs / 86_400e3);
  return { kind: 'last', text: `${days}d`, ms: days * 86_400e3 };
}

function parseUs(text: string | null): number | undefined {
  if (text === null || !/^\d{1,16}$/.test(text)) return undefined;
  return Number(text);
}
