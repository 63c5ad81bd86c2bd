/**
 * Attributes in OTLP protobuf
 * (https://github.com/open-telemetry/opentelemetry-proto/blob/main/opentelemetry/proto/common/v1/common.proto).
 */
import { BadInput } from '../base/errors.ts';
import type { AttributeValue, Attributes } from '../model/attributes.ts';
import { maxValueDepth } from './otlp-inspect.ts';
import type { ProtoReader, ProtoWriter } from './protobuf.ts';

/** One `KeyValue`. A field that is absent is its default: an empty key, an empty value. */
export function readKeyValue(reader: ProtoReader, depth = 1): [key: string, value: AttributeValue] {
  let key = '';
  let value: AttributeValue = null;
  while (reader.hasMore) {
    const field = reader.key();
    if (field === 0x0a) key = reader.string();
    else if (field === 0x12) value = readAnyValue(reader.message(), depth);
    else reader.skip(field);
  }
  return [key, value];
}

/** One `AnyValue`: of several members of its `oneof` the last one counts. Throws `BadInput` beyond `maxValueDepth`. */
export function readAnyValue(reader: ProtoReader, depth = 1): AttributeValue {
  if (depth > maxValueDepth) throw new BadInput(`an attribute nests deeper than ${maxValueDepth} levels`);
  let value: AttributeValue = null;
  while (reader.hasMore) {
    const field = reader.key();
    switch (field) {
      case 0x0a:
        value = reader.string();
        break;
      case 0x10:
        value = reader.varint64() !== 0n;
        break;
      case 0x18:
        value = BigInt.asIntN(64, reader.varint64());
        break;
      case 0x21:
        value = reader.double();
        break;
      case 0x2a:
        value = readList(reader.message(), depth + 1, readAnyValue);
        break;
      case 0x32:
        value = new Map(readList(reader.message(), depth + 1, readKeyValue));
        break;
      case 0x3a:
        value = new Uint8Array(reader.bytes());
        break;
      default:
        reader.skip(field);
    }
  }
  return value;
}

/** `ArrayValue` and `KeyValueList` are alike: field 1, repeated. */
function readList<T>(reader: ProtoReader, depth: number, read: (reader: ProtoReader, depth: number) => T): T[] {
  const items: T[] = [];
  while (reader.hasMore) {
    const field = reader.key();
    if (field === 0x0a) items.push(read(reader.message(), depth));
    else reader.skip(field);
  }
  return items;
}

/** Each attribute as a `KeyValue` in the repeated field `field`. */
export function writeAttributes(writer: ProtoWriter, field: number, attributes: Attributes): void {
  for (const [key, value] of attributes) writer.messageField(field, (w) => writeKeyValue(w, key, value));
}

function writeKeyValue(writer: ProtoWriter, key: string, value: AttributeValue): void {
  writer.stringField(1, key).messageField(2, (w) => writeAnyValue(w, value));
}

/** An int64 out of range wraps, as protobuf's own writers do. */
export function writeAnyValue(writer: ProtoWriter, value: AttributeValue): void {
  if (value === null) return;
  if (typeof value === 'string') writer.stringField(1, value);
  else if (typeof value === 'boolean') writer.varintField(2, value ? 1 : 0);
  else if (typeof value === 'bigint') writer.varintField(3, value);
  else if (typeof value === 'number') writer.doubleField(4, value);
  else if (value instanceof Uint8Array) writer.bytesField(7, value);
  else if (value instanceof Map) writer.messageField(6, (w) => writeAttributes(w, 1, value));
  else writer.messageField(5, (w) => writeArray(w, value as readonly AttributeValue[]));
}

function writeArray(writer: ProtoWriter, values: readonly AttributeValue[]): void {
  for (const value of values) writer.messageField(1, (w) => writeAnyValue(w, value));
}
