/** From what the store keeps of attributes (see the comment of `store/schema.ts`) back to attributes. The inverse of the transcoder. */
import type { AttributeValue, Attributes } from '../../model/attributes.ts';

/** `keys[i]` has the type letter `types[i]` and the value's text `vals[i]`. A key given twice keeps its last value. */
export function decodeAttributes(keys: readonly string[], types: string, vals: readonly string[]): Attributes {
  const attributes = new Map<string, AttributeValue>();
  for (let i = 0; i < keys.length; i++) attributes.set(keys[i] ?? '', decodeValue(types[i] ?? 's', vals[i] ?? ''));
  return attributes;
}

/** Attributes of shape 0: key, type letter, value, key, type letter, value … */
export function decodeInlineAttributes(vals: readonly string[]): Attributes {
  const attributes = new Map<string, AttributeValue>();
  for (let i = 0; i + 2 < vals.length; i += 3) {
    attributes.set(vals[i] ?? '', decodeValue(vals[i + 1] ?? 's', vals[i + 2] ?? ''));
  }
  return attributes;
}

/** One value from its type letter and text. A text that does not fit its type (no transcoder writes that) stays a string. */
export function decodeValue(type: string, text: string): AttributeValue {
  switch (type) {
    case 'b':
      return text === 'true';
    case 'i':
      return /^-?\d+$/.test(text) ? BigInt(text) : text;
    case 'd':
      return Number(text);
    case 'y':
      return bytesOf(text);
    case 'j':
      return decodeJson(text);
    case 'n':
      return null;
    default:
      return text;
  }
}

function decodeJson(text: string): AttributeValue {
  try {
    return valueOfJson(JSON.parse(text));
  } catch {
    return text;
  }
}

/** One AnyValue in OTLP JSON (https://protobuf.dev/programming-guides/json/). */
function valueOfJson(json: unknown): AttributeValue {
  if (!isMap(json)) return null;
  if (typeof json.stringValue === 'string') return json.stringValue;
  if (typeof json.boolValue === 'boolean') return json.boolValue;
  if (typeof json.intValue === 'string') return BigInt(json.intValue);
  if (json.doubleValue !== undefined) return Number(json.doubleValue);
  if (typeof json.bytesValue === 'string') return bytesOf(json.bytesValue);
  if (isMap(json.arrayValue)) return listOf(json.arrayValue.values).map(valueOfJson);
  if (isMap(json.kvlistValue)) {
    const entries = listOf(json.kvlistValue.values).filter(isMap);
    return new Map(entries.map((e) => [typeof e.key === 'string' ? e.key : '', valueOfJson(e.value)]));
  }
  return null;
}

function isMap(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null;
}

function listOf(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}

function bytesOf(base64: string): Uint8Array {
  return new Uint8Array(Buffer.from(base64, 'base64'));
}
