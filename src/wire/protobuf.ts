/**
 * Reading and writing the protobuf wire format (https://protobuf.dev/programming-guides/encoding/) without generated code.
 * Every read is bounds-checked: bytes come from outside.
 */
import { BadInput } from '../base/errors.ts';

export const wireType = { varint: 0, fixed64: 1, bytes: 2, startGroup: 3, endGroup: 4, fixed32: 5 } as const;

// A byte order mark is part of the text: a key may hold one.
const text = new TextDecoder('utf-8', { ignoreBOM: true });

/** A cursor over one message. `fieldAt` and friends throw `BadInput` naming the offset. */
export class ProtoReader {
  readonly buffer: Uint8Array;
  pos: number;
  end: number;

  constructor(buffer: Uint8Array, pos = 0, end = buffer.length) {
    this.buffer = buffer;
    this.pos = pos;
    this.end = end;
  }

  get hasMore(): boolean {
    return this.pos < this.end;
  }

  /** The next field's key: `number << 3 | wireType`. */
  key(): number {
    const at = this.pos;
    const key = this.varint();
    if (key > 0xffffffff || key >>> 3 === 0) throw malformed(at, 'a field number', String(Math.floor(key / 8)));
    return key;
  }

  /** A varint up to 64 bits as a number; above 2^53 it loses low bits (use `varint64` where that matters). */
  varint(): number {
    const { buffer } = this;
    let byte = this.byte();
    if (byte < 0x80) return byte;
    let value = byte & 0x7f;
    let factor = 128;
    for (let i = 1; i < 10; i++) {
      byte = this.pos < this.end ? (buffer[this.pos++] ?? 0) : this.byte();
      value += (byte & 0x7f) * factor;
      if (byte < 0x80) return value;
      factor *= 128;
    }
    throw malformed(this.pos, 'a varint of at most 10 bytes', 'a longer one');
  }

  /** All 64 bits, as an unsigned bigint. */
  varint64(): bigint {
    let value = 0n;
    for (let shift = 0n; shift < 70n; shift += 7n) {
      const byte = this.byte();
      value |= BigInt(byte & 0x7f) << shift;
      if (byte < 0x80) return BigInt.asUintN(64, value);
    }
    throw malformed(this.pos, 'a varint of at most 10 bytes', 'a longer one');
  }

  fixed32(): number {
    const at = this.take(4);
    return new DataView(this.buffer.buffer, this.buffer.byteOffset + at, 4).getUint32(0, true);
  }

  fixed64(): bigint {
    const at = this.take(8);
    return new DataView(this.buffer.buffer, this.buffer.byteOffset + at, 8).getBigUint64(0, true);
  }

  double(): number {
    const at = this.take(8);
    return new DataView(this.buffer.buffer, this.buffer.byteOffset + at, 8).getFloat64(0, true);
  }

  /** A length-delimited value as a view, not a copy. */
  bytes(): Uint8Array {
    const at = this.take(this.varint());
    return this.buffer.subarray(at, this.pos);
  }

  string(): string {
    return text.decode(this.bytes());
  }

  /** A reader over an embedded message, and past it. */
  message(): ProtoReader {
    const length = this.varint();
    const at = this.take(length);
    return new ProtoReader(this.buffer, at, at + length);
  }

  /** Past a field's value. Groups are skipped whole, to a depth of 100. */
  skip(key: number, depth = 0): void {
    switch (key & 7) {
      case wireType.varint:
        this.varint();
        return;
      case wireType.fixed64:
        this.take(8);
        return;
      case wireType.bytes:
        this.take(this.varint());
        return;
      case wireType.fixed32:
        this.take(4);
        return;
      case wireType.startGroup: {
        if (depth >= 100) throw malformed(this.pos, 'groups nested at most 100 deep', 'more');
        for (;;) {
          const inner = this.key();
          if ((inner & 7) === wireType.endGroup) {
            if (inner >>> 3 !== key >>> 3) throw malformed(this.pos, `the end of group ${key >>> 3}`, `${inner >>> 3}`);
            return;
          }
          this.skip(inner, depth + 1);
        }
      }
      default:
        throw malformed(this.pos, 'a wire type of 0 to 3 or 5', String(key & 7));
    }
  }

  /** Steps over `length` bytes and gives where they began. */
  take(length: number): number {
    const at = this.pos;
    if (length > this.end - at) throw malformed(at, `${length} bytes`, `${this.end - at} left`);
    this.pos = at + length;
    return at;
  }

  private byte(): number {
    if (this.pos >= this.end) throw malformed(this.pos, 'another byte', 'the end');
    return this.buffer[this.pos++] ?? 0;
  }
}

/** Bytes that are no protobuf. `offset` is where, counted from the beginning of the buffer. */
export class MalformedProtobuf extends BadInput {
  readonly offset: number;
  constructor(offset: number, problem: string) {
    super(`malformed protobuf at byte ${offset}: ${problem}`);
    this.offset = offset;
  }
}

/** The same refusal for every shape of malformed bytes, with its offset. */
export function malformed(offset: number, expected: string, got: string): MalformedProtobuf {
  return new MalformedProtobuf(offset, `expected ${expected}, got ${got}`);
}

/** Builds one message. Embedded messages are written in place and get their length afterwards. */
export class ProtoWriter {
  private buffer = Buffer.allocUnsafe(1024);
  private pos = 0;

  varint(value: number | bigint): this {
    let rest = typeof value === 'bigint' ? BigInt.asUintN(64, value) : value;
    if (typeof rest === 'number' && rest < 0) rest = BigInt.asUintN(64, BigInt(rest));
    this.reserve(10);
    if (typeof rest === 'number') {
      while (rest >= 0x80) {
        this.buffer[this.pos++] = (rest % 128) | 0x80;
        rest = Math.floor(rest / 128);
      }
      this.buffer[this.pos++] = rest;
      return this;
    }
    while (rest >= 0x80n) {
      this.buffer[this.pos++] = Number(rest & 0x7fn) | 0x80;
      rest >>= 7n;
    }
    this.buffer[this.pos++] = Number(rest);
    return this;
  }

  varintField(field: number, value: number | bigint): this {
    return this.varint(field * 8 + wireType.varint).varint(value);
  }

  fixed32Field(field: number, value: number): this {
    this.varint(field * 8 + wireType.fixed32).reserve(4);
    this.pos = this.buffer.writeUInt32LE(value >>> 0, this.pos);
    return this;
  }

  fixed64Field(field: number, value: bigint): this {
    this.varint(field * 8 + wireType.fixed64).reserve(8);
    this.pos = this.buffer.writeBigUInt64LE(BigInt.asUintN(64, value), this.pos);
    return this;
  }

  doubleField(field: number, value: number): this {
    this.varint(field * 8 + wireType.fixed64).reserve(8);
    this.pos = this.buffer.writeDoubleLE(value, this.pos);
    return this;
  }

  bytesField(field: number, value: Uint8Array): this {
    this.varint(field * 8 + wireType.bytes).varint(value.length);
    this.reserve(value.length);
    this.buffer.set(value, this.pos);
    this.pos += value.length;
    return this;
  }

  /** Like `bytesField`, from a part of `source` without a view of it. */
  rangeField(field: number, source: Buffer, start: number, end: number): this {
    const length = end - start;
    this.varint(field * 8 + wireType.bytes).varint(length);
    this.reserve(length);
    if (length > 64) source.copy(this.buffer, this.pos, start, end);
    else for (let i = 0; i < length; i++) this.buffer[this.pos + i] = source[start + i] ?? 0;
    this.pos += length;
    return this;
  }

  /** Fields that are encoded already, as they are. */
  raw(fields: Uint8Array): this {
    this.reserve(fields.length);
    this.buffer.set(fields, this.pos);
    this.pos += fields.length;
    return this;
  }

  stringField(field: number, value: string): this {
    const length = Buffer.byteLength(value);
    this.varint(field * 8 + wireType.bytes).varint(length);
    this.reserve(length);
    this.pos += this.buffer.write(value, this.pos);
    return this;
  }

  messageField(field: number, write: (writer: this) => void): this {
    this.varint(field * 8 + wireType.bytes).reserve(1);
    // One byte is kept for the length: enough for most messages, the others are moved.
    const start = ++this.pos;
    write(this);
    const length = this.pos - start;
    if (length < 0x80) {
      this.buffer[start - 1] = length;
      return this;
    }
    const more = lengthOfVarint(length) - 1;
    this.reserve(more);
    this.buffer.copyWithin(start + more, start, this.pos);
    this.pos = start - 1;
    this.varint(length);
    this.pos = start + more + length;
    return this;
  }

  /** The message so far, as a copy of its own. */
  finish(): Uint8Array {
    return Uint8Array.prototype.slice.call(this.buffer, 0, this.pos);
  }

  private reserve(bytes: number): void {
    if (this.pos + bytes <= this.buffer.length) return;
    const larger = Buffer.allocUnsafe(Math.max(this.buffer.length * 2, this.pos + bytes));
    this.buffer.copy(larger, 0, 0, this.pos);
    this.buffer = larger;
  }
}

function lengthOfVarint(value: number): number {
  let length = 1;
  for (let rest = value; rest >= 128; rest = Math.floor(rest / 128)) length++;
  return length;
}
