/**
 * Attributes as OpenTelemetry has them (https://opentelemetry.io/docs/specs/otel/common/#anyvalue), each type kept:
 * int64 is a bigint (exact), double a number, bytes a Uint8Array, a map a Map, an empty value null.
 */
export type AttributeValue =
  | string
  | boolean
  | bigint
  | number
  | Uint8Array
  | null
  | readonly AttributeValue[]
  | ReadonlyMap<string, AttributeValue>;

export type Attributes = ReadonlyMap<string, AttributeValue>;

/** One letter a type, as the store keeps it beside a key. `j` is an array or a map, as JSON with typed leaves. */
export type AttributeType = 's' | 'b' | 'i' | 'd' | 'y' | 'j' | 'n';

export function typeOfAttribute(value: AttributeValue): AttributeType {
  switch (typeof value) {
    case 'string':
      return 's';
    case 'boolean':
      return 'b';
    case 'bigint':
      return 'i';
    case 'number':
      return 'd';
    case 'object':
      if (value === null) return 'n';
      return value instanceof Uint8Array ? 'y' : 'j';
  }
}

/** The value as a person reads it: `200`, `true`, `["a","b"]`; bytes as base64. */
export function attributeText(value: AttributeValue | undefined): string {
  if (value === undefined || value === null) return '';
  if (value instanceof Uint8Array) return base64(value);
  if (typeof value === 'object') return JSON.stringify(attributeJson(value));
  return String(value);
}

/** The value as plain JSON. An int64 beyond 2^53 becomes a string, bytes become base64, NaN and ±Inf become strings. */
export function attributeJson(value: AttributeValue): unknown {
  if (typeof value === 'bigint') return value >= -(2n ** 53n) && value <= 2n ** 53n ? Number(value) : value.toString();
  if (typeof value === 'number') return Number.isFinite(value) ? value : String(value);
  if (value instanceof Uint8Array) return base64(value);
  if (Array.isArray(value)) return value.map(attributeJson);
  if (value instanceof Map) return Object.fromEntries([...value].map(([k, v]) => [k, attributeJson(v)]));
  return value;
}

function base64(bytes: Uint8Array): string {
  let binary = '';
  for (const byte of bytes) binary += String.fromCharCode(byte);
  return btoa(binary);
}
