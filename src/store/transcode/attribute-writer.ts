/** Writes attributes straight from the wire into a column of values, finding their shape on the way. */
import { readAnyValue, readKeyValue } from '../../wire/otlp-attributes.ts';
import type { Column } from './column.ts';
import { doubleText, encodeValue } from './encode-value.ts';
import { type ShapeNode, type Shapes, typeCode } from './shapes.ts';
import { type SpanBlock, ValueLists } from './span-block.ts';
import type { WireCursor } from './wire-cursor.ts';

const { s: stringType, b: boolType, i: intType, d: doubleType } = typeCode;

/** One list at a time: `begin`, `append` for each attribute, then `finish` or `forget`. */
export class AttributeWriter {
  private readonly cursor: WireCursor;
  private readonly shapes: Shapes;
  private values = new ValueLists();
  /** Undefined when there is no room for a shape with the keys so far: the list is written again by `finish`. */
  private node: ShapeNode | undefined;
  private startLength = 0;
  private startCount = 0;

  constructor(cursor: WireCursor, shapes: Shapes) {
    this.cursor = cursor;
    this.shapes = shapes;
  }

  begin(values: ValueLists): void {
    this.values = values;
    this.node = this.shapes.root;
    this.startLength = values.strings.length;
    this.startCount = values.count;
  }

  /** Takes the `KeyValue` from the cursor to `end`: its value into the column, its key into the shape. */
  append(end: number): void {
    const { cursor, node, values } = this;
    if (node === undefined) {
      cursor.pos = end;
      return;
    }
    let keyAt = 0;
    let keyLength = 0;
    let valueAt = 0;
    let valueLength = 0;
    while (cursor.pos < end) {
      const field = cursor.varint(end);
      if (field === 0x0a) {
        keyLength = cursor.length(end);
        keyAt = cursor.take(keyLength, end);
      } else if (field === 0x12) {
        valueLength = cursor.length(end);
        valueAt = cursor.take(valueLength, end);
      } else cursor.skip(field, end);
    }
    const type = this.value(valueAt, valueAt + valueLength, values.strings);
    values.count++;
    cursor.pos = end;
    this.node = this.shapes.next(node, cursor.source, keyAt, keyLength, type);
  }

  /** Ends the list and puts its shape into `column`. The list came from the message from `at` to `end`, its field with the key `field`. */
  finish(block: SpanBlock, column: Column, at: number, end: number, field: number): void {
    const { node, shapes, values } = this;
    if (node === shapes.root) column.u64(0, 0);
    else {
      const shape = node === undefined ? undefined : shapes.at(node);
      if (shape === undefined) {
        this.forget();
        this.appendInline(at, end, field);
        column.u64(0, 0);
      } else {
        block.refer(shape, block.shapes);
        column.u64(shape.low, shape.high);
      }
    }
    values.ends.u64(values.count, 0);
  }

  /** Takes back what was appended since `begin`. */
  forget(): void {
    this.values.strings.length = this.startLength;
    this.values.count = this.startCount;
  }

  /** All attributes of a message as key, type letter, value. */
  private appendInline(at: number, end: number, field: number): void {
    const { values } = this;
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

  /** Appends the text of the `AnyValue` from `at` to `end` and gives the code of its type letter. */
  private value(at: number, end: number, strings: Column): number {
    const { cursor } = this;
    const { source } = cursor;
    cursor.pos = at + 1;
    // Nearly always one plain member; all else is decoded below.
    switch (at === end ? 0 : source.getUint8(at)) {
      case 0x0a: {
        const length = cursor.length(end);
        if (cursor.pos + length !== end) break;
        strings.string(source, cursor.pos, length);
        return stringType;
      }
      case 0x18: {
        const value = cursor.varint(end);
        if (cursor.pos !== end || value > Number.MAX_SAFE_INTEGER) break;
        if (value <= 0x7fffffff) strings.digits(value);
        else strings.ascii(String(value));
        return intType;
      }
      case 0x10: {
        const value = cursor.varint(end);
        if (cursor.pos !== end || value > 1) break;
        strings.ascii(value === 1 ? 'true' : 'false');
        return boolType;
      }
      case 0x21:
        if (at + 9 !== end) break;
        strings.ascii(doubleText(source.getFloat64(at + 1, true)));
        return doubleType;
    }
    const { type, text } = encodeValue(readAnyValue(cursor.reader(at, end)));
    strings.text(text);
    return typeCode[type];
  }
}
