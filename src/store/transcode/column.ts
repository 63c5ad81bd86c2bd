/**
 * The bytes of one column of a ClickHouse `Native` block, growing as values are put behind each other
 * (https://clickhouse.com/docs/interfaces/formats/Native). All numbers are little-endian. `length` may be set back to an
 * earlier value: what was put since then is forgotten.
 */
export class Column {
  length = 0;
  private bytes: Uint8Array<ArrayBuffer>;
  private view: DataView<ArrayBuffer>;

  constructor(capacity = 4096) {
    this.bytes = new Uint8Array(capacity);
    this.view = new DataView(this.bytes.buffer);
  }

  /** What was put, as a view: valid until the next value is put. */
  get content(): Uint8Array<ArrayBuffer> {
    return this.bytes.subarray(0, this.length);
  }

  /** The same for reading numbers; it may reach beyond `length`. */
  get source(): DataView<ArrayBuffer> {
    return this.view;
  }

  u8(value: number): void {
    if (this.length >= this.bytes.length) this.grow(1);
    this.bytes[this.length++] = value;
  }

  u16(value: number): void {
    this.reserve(2);
    this.view.setUint16(this.length, value, true);
    this.length += 2;
  }

  u32(value: number): void {
    this.reserve(4);
    this.view.setInt32(this.length, value, true);
    this.length += 4;
  }

  /** 64 bits from two halves, so that no bigint is made. */
  u64(low: number, high: number): void {
    this.reserve(8);
    this.view.setInt32(this.length, low, true);
    this.view.setInt32(this.length + 4, high, true);
    this.length += 8;
  }

  zeros(length: number): void {
    this.reserve(length);
    this.bytes.fill(0, this.length, this.length + length);
    this.length += length;
  }

  varint(value: number): void {
    let rest = value;
    while (rest >= 0x80) {
      this.u8((rest & 0x7f) | 0x80);
      rest >>>= 7;
    }
    this.u8(rest);
  }

  /** Bytes as they are. `source` must be readable for 3 bytes more: they are copied by fours, which beats a call for short ones. */
  copy(source: DataView<ArrayBuffer>, at: number, length: number): void {
    this.reserve(length + 4);
    const to = this.length;
    if (length > 512) this.bytes.set(new Uint8Array(source.buffer, source.byteOffset + at, length), to);
    else {
      const { view } = this;
      for (let i = 0; i < length; i += 4) view.setInt32(to + i, source.getInt32(at + i, true), true);
    }
    this.length = to + length;
  }

  /** A string: its length in bytes as a varint, then its bytes, as in protobuf. `source` as for `copy`. */
  string(source: DataView<ArrayBuffer>, at: number, length: number): void {
    if (length < 0x80) this.u8(length);
    else this.varint(length);
    this.copy(source, at, length);
  }

  /** A string given as bytes. */
  bytesAsString(value: Uint8Array): void {
    this.varint(value.length);
    this.reserve(value.length);
    this.bytes.set(value, this.length);
    this.length += value.length;
  }

  text(value: string): void {
    this.bytesAsString(Buffer.from(value));
  }

  /** A string of ASCII characters only, such as a number. */
  ascii(value: string): void {
    const { length } = value;
    this.varint(length);
    this.reserve(length);
    for (let i = 0; i < length; i++) this.bytes[this.length + i] = value.charCodeAt(i);
    this.length += length;
  }

  /** A string with the digits of a whole number from 0 to 2^31 - 1. */
  digits(value: number): void {
    let count = 1;
    for (let bound = 10; value >= bound && count < 10; bound *= 10) count++;
    this.u8(count);
    this.reserve(count);
    let rest = value;
    for (let at = this.length + count - 1; at >= this.length; at--) {
      const tenth = Math.floor(rest / 10);
      this.bytes[at] = 48 + rest - tenth * 10;
      rest = tenth;
    }
    this.length += count;
  }

  private reserve(bytes: number): void {
    if (this.length + bytes > this.bytes.length) this.grow(bytes);
  }

  private grow(bytes: number): void {
    const larger = new Uint8Array(Math.max(this.bytes.length * 2, this.length + bytes));
    larger.set(this.content);
    this.bytes = larger;
    this.view = new DataView(larger.buffer);
  }
}

/** A copy of `bytes` that may be the source of `Column.copy`: readable past its end. */
export function paddedView(bytes: Uint8Array): DataView<ArrayBuffer> {
  const padded = new Uint8Array(bytes.length + 4);
  padded.set(bytes);
  return new DataView(padded.buffer);
}
