/** Trace ids are 32 lower-case hex digits, span ids 16, as W3C trace context writes them (https://www.w3.org/TR/trace-context/). */

/** An id or the beginning of one, as a person pastes it: any case, blanks around. Undefined when it cannot be one. */
export type TraceIdQuery = { kind: 'exact'; traceId: string } | { kind: 'prefix'; prefix: string };

/**
 * 32 digits are exact; 16 are a 64-bit id (padded with zeros on the left), 17 to 31 are one whose leading zeros were
 * dropped *or* a prefix; 6 and more digits are a prefix. What is ambiguous comes in the order in which to try.
 */
export function parseTraceIdQuery(text: string): readonly TraceIdQuery[] {
  const hex = text.trim().toLowerCase().replaceAll('-', '');
  if (!/^[0-9a-f]{1,32}$/.test(hex)) return [];
  const padded: TraceIdQuery = { kind: 'exact', traceId: hex.padStart(32, '0') };
  if (hex.length === 32) return [padded];
  return hex.length >= 6 ? [padded, { kind: 'prefix', prefix: hex }] : [padded];
}

export function isTraceId(text: string): boolean {
  return /^[0-9a-f]{32}$/.test(text);
}

export function isSpanId(text: string): boolean {
  return /^[0-9a-f]{16}$/.test(text);
}
