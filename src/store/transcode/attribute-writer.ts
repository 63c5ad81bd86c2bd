/** Writes attributes straight from the wire into a column of values, finding their shape on the way. */
import { readAnyValue, readKeyValue } from '../../wire/otlp-attributes.ts';
import { ProtoReader } from '../../wire/protobuf.ts';
import { Column } from './column.ts';
import { doubleText, encodeValue } from './encode-value.ts';
import { type ShapeNode, type Shapes, typeCode } from './shapes.ts';
import type { ValueLists } from './span-block.ts';
import type { WireCursor } from './wire-cursor.ts';

const { s: stringType, b: boolType, i: intType, d: doubleType } = typeCode;

export class AttributeWriter {
  private readonly cursor: WireCursor;
  private readonly shapes: Shapes;
  private readonly scratch = new Column(256);

  constructor(cursor: WireCursor, shapes: Shapes) {
    this.cursor = cursor;
    this.shapes = shapes;
  }

  /**
   * Takes the `KeyValue` from the cursor to `end`: appends its value, gives the node of the shape with this key.
   * Undefined says that there is no room for such a shape: the whole list is to be written again with `inline`.
   */
  append(node: ShapeNode | undefined, end: number, values: ValueLists): ShapeNode | undefined {
    const { cursor } = this;
    const { source } = cursor;
    const at = cursor.pos;
    if (node === undefined) {
      cursor.pos = end;
      return undefined;
    }
    // Nearly always: the key, then the value, each once.
    if (source.getUint8(at) !== 0x0a) return this.appendAny(node, at, end, values);
    cursor.pos = at + 1;
    const keyLength = cursor.length(end);
    const keyAt = cursor.pos;
    cursor.pos = keyAt + keyLength + 1;
    if (cursor.pos >= end || source.getUint8(cursor.pos - 1) !== 0x12) return this.appendAny(node, at, end, values);
    const valueLength = cursor.length(end);
    if (cursor.pos + valueLength !== end) return this.appendAny(node, at, end, values);
    const type = valueLength === 0 ? 0 : this.plainValue(end, values.strings);
    if (type === 0) return this.appendAny(node, at, end, values);
    values.count++;
    cursor.pos = end;
    return this.shapes.next(node, source, keyAt, keyLength, type);
  }

  /** All attributes of a message (its repeated field with the key `field`) as key, type letter, value. */
  inline(at: number, end: number, field: number, values: ValueLists): void {
    const message = this.cursor.reader(at, end);
    while (message.hasMore) {
      const key = message.key();
      if (key !== field) {
        message.skip(key);
        continue;
      }
      const [name, value] = readKeyValue(message.message());
      const { type, text } = encodeValue(value);
      for (const string of [name, type, text]) values.strings.text(string);
      values.count += 3;
    }
  }

  /** Appends the `AnyValue` from the cursor to `end` if it is one plain member, and gives its type; else 0, nothing written. */
  private plainValue(end: number, strings: Column): number {
    const { cursor } = this;
    switch (cursor.source.getUint8(cursor.pos++)) {
      case 0x0a: {
        const length = cursor.length(end);
        if (cursor.pos + length !== end) return 0;
        strings.string(cursor.source, cursor.pos, length);
        return stringType;
      }
      case 0x18: {
        const value = cursor.varint(end);
        if (cursor.pos !== end || value > Number.MAX_SAFE_INTEGER) return 0;
        if (value <= 0x7fffffff) strings.digits(value);
        else strings.ascii(String(value));
        return intType;
      }
      case 0x10: {
        const value = cursor.varint(end);
        if (cursor.pos !== end || value > 1) return 0;
        strings.ascii(value === 1 ? 'true' : 'false');
        return boolType;
      }
      case 0x21: {
        if (cursor.pos + 8 !== end) return 0;
        strings.ascii(doubleText(cursor.source.getFloat64(cursor.pos, true)));
        return doubleType;
      }
      default:
        return 0;
    }
  }

  /** Any other `KeyValue`, decoded: arrays, maps, bytes, nothing, negative and huge integers, fields in odd order. */
  private appendAny(node: ShapeNode, at: number, end: number, values: ValueLists): ShapeNode | undefined {
    const { cursor, scratch } = this;
    const reader = cursor.reader(at, end);
    let key: Uint8Array = noBytes;
    let value: Uint8Array = noBytes;
    while (reader.hasMore) {
      const field = reader.key();
      if (field === 0x0a) key = reader.bytes();
      else if (field === 0x12) value = reader.bytes();
      else reader.skip(field);
    }
    const { type, text } = encodeValue(readAnyValue(new ProtoReader(value)));
    values.strings.text(text);
    values.count++;
    cursor.pos = end;
    scratch.length = 0;
    scratch.bytesAsString(key);
    return this.shapes.next(node, scratch.source, scratch.length - key.length, key.length, typeCode[type]);
  }
}

const noBytes = new Uint8Array(0);
