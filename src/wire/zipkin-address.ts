/** IP addresses from bytes to text. */

/** `10.0.0.1`, or `''` unless there are 4 bytes. */
export function ipv4Text(bytes: Uint8Array): string {
  return bytes.length === 4 ? bytes.join('.') : '';
}

/** Shortened as RFC 5952 (https://www.rfc-editor.org/rfc/rfc5952) asks: `2001:db8::1`; `''` unless there are 16 bytes. */
export function ipv6Text(bytes: Uint8Array): string {
  if (bytes.length !== 16) return '';
  const groups = Array.from({ length: 8 }, (_, i) => ((bytes[2 * i] ?? 0) << 8) | (bytes[2 * i + 1] ?? 0));
  // The first of the longest runs of two or more zeros becomes "::".
  let start = -1;
  let length = 1;
  for (let i = 0; i < 8; i++) {
    let end = i;
    while (end < 8 && groups[end] === 0) end++;
    if (end - i > length) [start, length] = [i, end - i];
    i = Math.max(i, end);
  }
  const hex = groups.map((group) => group.toString(16));
  if (start < 0) return hex.join(':');
  return `${hex.slice(0, start).join(':')}::${hex.slice(start + length).join(':')}`;
}
