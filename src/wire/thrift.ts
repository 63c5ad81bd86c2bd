/**
 * Reading Apache Thrift without generated code: the compact protocol
 * (https://github.com/apache/thrift/blob/master/doc/specs/thrift-compact-protocol.md) and the binary one
 * (https://github.com/apache/thrift/blob/master/doc/specs/thrift-binary-protocol.md). Bytes come from outside: every read is
 * bounds-checked, nesting is limited, and no length or count is believed that the bytes left cannot hold.
 */
import { BadInput } from '../base/errors.ts';

/** Types as the binary protocol numbers them; the compact one is translated. */
export const thriftType = {
  stop: 0,
  bool: 2,
  byte: 3,
  double: 4,
  i16: 6,
  i32: 8,
  i64: 10,
  string: 11,
  struct: 12,
  map: 13,
  set: 14,
  list: 15,
} as const;

const maxDepth = 32;

/** What a client calls: the head of a message. */
export interface ThriftCall {
  readonly name: string;
  /** 1 call, 2 reply, 3 exception, 4 oneway. */
  readonly type: number;
}

/**
 * A cursor over one value. A struct is read as
 *
 *     reader.enter();
 *     for (let key = reader.field(); key !== 0; key = reader.field()) {
 *       if (key === 0x1a) …                    // field 1, an i64 (type a)
 *       else reader.skip(key & 15);
 *     }
 *
 * where a key is `id << 4 | type`, so that in hex its last digit is the type. Throws `BadInput` with the offset.
 */
export abstract class ThriftReader {
  /** Of the last `i64`, both halves signed. */
  high = 0;
  low = 0;
  /** Of the last `list`. */
  itemType = 0;
  pos = 0;
  protected readonly buffer: Buffer;
  protected depth = 0;

  constructor(bytes: Uint8Array) {
    this.buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
  }

  abstract message(): ThriftCall;
  /** The next field's key, or 0 at the end of the struct. */
  abstract field(): number;
  /** The number of items of a list or set; `itemType` is theirs. */
  abstract list(): number;
  abstract bool(): boolean;
  abstract i16(): number;
  abstract i32(): number;
  abstract double(): number;
  /** Into `high` and `low`. */
  abstract i64(): void;
  /** Where the string or binary ends that begins at `pos`. */
  protected abstract textEnd(): number;
  protected abstract skipMap(): void;

  /** The number of items of a list or set that must hold items of this type. */
  listOf(type: number): number {
    const at = this.pos;
    const count = this.list();
    if (count > 0 && this.itemType !== type) throw this.malformed(at, `items of type ${type}`, String(this.itemType));
    return count;
  }

  /** Into a struct. */
  enter(): void {
    if (++this.depth > maxDepth) throw this.malformed(this.pos, `values nested at most ${maxDepth} deep`, 'more');
  }

  /** The last i64 as a number; beyond 2^53 it loses low bits. */
  get number(): number {
    return this.high * 4294967296 + (this.low >>> 0);
  }

  get bigint(): bigint {
    const { number } = this;
    if (number >= -9007199254740991 && number <= 9007199254740991) return BigInt(number);
    return (BigInt(this.high) << 32n) | BigInt(this.low >>> 0);
  }

  /** The last i64 as the 16 hex digits of an id. */
  get hex(): string {
    return hex32(this.high) + hex32(this.low);
  }

  string(): string {
    const end = this.textEnd();
    const start = this.pos;
    this.pos = end;
    return this.buffer.toString('utf8', start, end);
  }

  /** A view: who keeps it keeps the whole message, unless copied. */
  binary(): Buffer {
    const end = this.textEnd();
    const start = this.pos;
    this.pos = end;
    return this.buffer.subarray(start, end);
  }

  /** Past a value. */
  skip(type: number): void {
    switch (type) {
      case thriftType.bool:
        this.bool();
        return;
      case thriftType.byte:
        this.byte();
        return;
      case thriftType.double:
        this.take(8);
        return;
      case thriftType.i16:
        this.i16();
        return;
      case thriftType.i32:
        this.i32();
        return;
      case thriftType.i64:
        this.i64();
        return;
      case thriftType.string:
        this.pos = this.textEnd();
        return;
      case thriftType.struct:
        this.enter();
        for (let key = this.field(); key !== 0; key = this.field()) this.skip(key & 15);
        return;
      case thriftType.map:
        this.enter();
        this.skipMap();
        this.depth--;
        return;
      case thriftType.set:
      case thriftType.list: {
        this.enter();
        const count = this.list();
        const { itemType } = this;
        for (let i = 0; i < count; i++) this.skip(itemType);
        this.depth--;
        return;
      }
      default:
        throw this.malformed(this.pos, 'a known type', String(type));
    }
  }

  /** Steps over `length` bytes and gives where they began. */
  protected take(length: number): number {
    const at = this.pos;
    this.pos = at + this.checked(at, length);
    return at;
  }

  protected byte(): number {
    const { pos } = this;
    if (pos >= this.buffer.length) throw this.malformed(pos, 'another byte', 'the end');
    this.pos = pos + 1;
    return this.buffer[pos] ?? 0;
  }

  /** Fewer items than that many bytes fit nowhere: no count makes more work than its message is long. */
  protected checkCount(count: number, itemType: number): number {
    const least = itemType === thriftType.double ? 8 : 1;
    if (count < 0 || count * least > this.buffer.length - this.pos) {
      throw this.malformed(this.pos, `${count} items`, `${this.buffer.length - this.pos} bytes left`);
    }
    return count;
  }

  protected checked(at: number, length: number): number {
    if (length < 0 || length > this.buffer.length - at) {
      throw this.malformed(at, `${length} bytes`, `${this.buffer.length - at} left`);
    }
    return length;
  }

  /** For a required field that a struct just read does not have. Without it empty structs would be items of one byte. */
  missing(field: string): BadInput {
    return this.malformed(this.pos, field, 'none');
  }

  protected malformed(offset: number, expected: string, got: string): BadInput {
    return new BadInput(`malformed Thrift at byte ${offset}: expected ${expected}, got ${got}`);
  }
}

export class ThriftBinaryReader extends ThriftReader {
  message(): ThriftCall {
    const head = this.i32();
    // Strict messages begin with a version; old ones with the length of the name.
    if (head < 0) {
      if (head >>> 16 !== 0x8001) throw this.malformed(0, 'version 1 of the binary protocol', hex32(head));
      const name = this.string();
      this.i32();
      return { name, type: head & 0xff };
    }
    const at = this.take(head);
    const name = this.buffer.toString('utf8', at, this.pos);
    const type = this.byte();
    this.i32();
    return { name, type };
  }

  field(): number {
    const type = this.byte();
    if (type === thriftType.stop) {
      this.depth--;
      return 0;
    }
    if (type > 15) throw this.malformed(this.pos - 1, 'a known type', String(type));
    return this.i16() * 16 + type;
  }

  list(): number {
    this.itemType = this.byte();
    return this.checkCount(this.i32(), this.itemType);
  }

  bool(): boolean {
    return this.byte() !== 0;
  }

  i16(): number {
    return this.buffer.readInt16BE(this.take(2));
  }

  i32(): number {
    return this.buffer.readInt32BE(this.take(4));
  }

  i64(): void {
    const at = this.take(8);
    this.high = this.buffer.readInt32BE(at);
    this.low = this.buffer.readInt32BE(at + 4);
  }

  double(): number {
    return this.buffer.readDoubleBE(this.take(8));
  }

  protected textEnd(): number {
    const length = this.i32();
    return this.pos + this.checked(this.pos, length);
  }

  protected skipMap(): void {
    const key = this.byte();
    const value = this.byte();
    const count = this.checkCount(this.i32(), key);
    for (let i = 0; i < count; i++) {
      this.skip(key);
      this.skip(value);
    }
  }
}

/** A compact type by its number; 0 where there is none. 1 and 2 are both bool. */
const fromCompact = Uint8Array.of(0, 2, 2, 3, 6, 8, 10, 4, 11, 15, 14, 13, 12, 0, 0, 0);

export class ThriftCompactReader extends ThriftReader {
  private readonly lastIds = new Int16Array(maxDepth + 2);
  /** A bool that is a field stands in its type. */
  private fieldBool = -1;

  message(): ThriftCall {
    const protocol = this.byte();
    if (protocol !== 0x82) throw this.malformed(0, 'the compact protocol (82)', protocol.toString(16));
    const versionAndType = this.byte();
    if ((versionAndType & 0x1f) !== 1) throw this.malformed(1, 'version 1', String(versionAndType & 0x1f));
    this.varint();
    return { name: this.string(), type: versionAndType >>> 5 };
  }

  override enter(): void {
    super.enter();
    this.lastIds[this.depth] = 0;
  }

  field(): number {
    const head = this.byte();
    const compact = head & 15;
    if (compact === 0) {
      this.depth--;
      return 0;
    }
    const type = fromCompact[compact] ?? 0;
    if (type === 0) throw this.malformed(this.pos - 1, 'a known type', String(compact));
    if (type === thriftType.bool) this.fieldBool = compact === 1 ? 1 : 0;
    const delta = head >>> 4;
    const id = delta === 0 ? this.i16() : ((this.lastIds[this.depth] ?? 0) + delta) | 0;
    this.lastIds[this.depth] = id;
    return id * 16 + type;
  }

  list(): number {
    const head = this.byte();
    this.itemType = fromCompact[head & 15] ?? 0;
    const short = head >>> 4;
    return this.checkCount(short === 15 ? this.varint() : short, this.itemType);
  }

  bool(): boolean {
    const { fieldBool } = this;
    if (fieldBool < 0) return this.byte() === 1;
    this.fieldBool = -1;
    return fieldBool === 1;
  }

  i16(): number {
    return this.i32();
  }

  i32(): number {
    const zigzag = this.varint();
    return (zigzag >>> 1) ^ -(zigzag & 1);
  }

  i64(): void {
    let low = 0;
    let high = 0;
    for (let shift = 0; ; shift += 7) {
      const byte = this.byte();
      const bits = byte & 0x7f;
      if (shift < 28) low |= bits << shift;
      else if (shift === 28) {
        low |= bits << 28;
        high = bits >>> 4;
      } else high |= bits << (shift - 32);
      if (byte < 0x80) break;
      if (shift === 63) throw this.malformed(this.pos, 'a varint of at most 10 bytes', 'a longer one');
    }
    const sign = -(low & 1);
    this.low = ((low >>> 1) | (high << 31)) ^ sign;
    this.high = (high >>> 1) ^ sign;
  }

  double(): number {
    return this.buffer.readDoubleLE(this.take(8));
  }

  protected textEnd(): number {
    const length = this.varint();
    return this.pos + this.checked(this.pos, length);
  }

  protected skipMap(): void {
    const count = this.varint();
    if (count === 0) return;
    const types = this.byte();
    const key = fromCompact[types >>> 4] ?? 0;
    const value = fromCompact[types & 15] ?? 0;
    this.checkCount(count, key);
    for (let i = 0; i < count; i++) {
      this.skip(key);
      this.skip(value);
    }
  }

  /** Of 32 bits, unsigned. */
  private varint(): number {
    let value = 0;
    for (let shift = 0; shift < 35; shift += 7) {
      const byte = this.byte();
      value |= (byte & 0x7f) << shift;
      if (byte < 0x80) return value >>> 0;
    }
    throw this.malformed(this.pos, 'a varint of at most 5 bytes', 'a longer one');
  }
}

const hexOfByte = Array.from({ length: 256 }, (_, byte) => byte.toString(16).padStart(2, '0'));

function hex32(value: number): string {
  return (
    (hexOfByte[value >>> 24] ?? '') +
    (hexOfByte[(value >>> 16) & 255] ?? '') +
    (hexOfByte[(value >>> 8) & 255] ?? '') +
    (hexOfByte[value & 255] ?? '')
  );
}
