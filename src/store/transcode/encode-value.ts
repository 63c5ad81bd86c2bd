/** One attribute value as the store keeps it: a type letter and a text (see the comment of `store/schema.ts`). */
import { type AttributeType, type AttributeValue, type Attributes, typeOfAttribute } from '../../model/attributes.ts';

export function encodeValue(value: AttributeValue): { type: AttributeType; text: string } {
  return { type: typeOfAttribute(value), text: textOf(value) };
}

/** A whole list of attributes, as a row of a dictionary table keeps it. */
export function encodeAttributes(attributes: Attributes): { keys: string[]; types: string; vals: string[] } {
  const encoded = [...attributes.values()].map(encodeValue);
  return {
    keys: [...attributes.keys()],
    types: encoded.map((v) => v.type).join(''),
    vals: encoded.map((v) => v.text),
  };
}

function textOf(value: AttributeValue): string {
  if (value === null) return '';
  if (typeof value === 'number') return doubleText(value);
  if (value instanceof Uint8Array) return base64(value);
  if (typeof value === 'object') return JSON.stringify(jsonOf(value));
  return String(value);
}

/** JavaScript's shortest form reads back exactly; only the sign of zero needs care. */
export function doubleText(value: number): string {
  return Object.is(value, -0) ? '-0' : String(value);
}

/** An AnyValue in OTLP JSON, where every leaf says its type. */
function jsonOf(value: AttributeValue): unknown {
  if (value === null) return {};
  if (typeof value === 'string') return { stringValue: value };
  if (typeof value === 'boolean') return { boolValue: value };
  if (typeof value === 'bigint') return { intValue: value.toString() };
  if (typeof value === 'number') return { doubleValue: jsonDouble(value) };
  if (value instanceof Uint8Array) return { bytesValue: base64(value) };
  if (value instanceof Map) {
    return { kvlistValue: { values: [...value].map(([key, v]) => ({ key, value: jsonOf(v) })) } };
  }
  return { arrayValue: { values: [...(value as readonly AttributeValue[])].map(jsonOf) } };
}

/** JSON has no NaN and no infinity, and drops the sign of zero: these are strings, as protobuf's JSON does for the first two. */
function jsonDouble(value: number): number | string {
  return Number.isFinite(value) && !Object.is(value, -0) ? value : doubleText(value);
}

function base64(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('base64');
}
