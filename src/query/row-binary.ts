/**
 * Reads ClickHouse's RowBinary (https://clickhouse.com/docs/interfaces/formats/RowBinary): values one after another, without
 * names or types, so the reader asks in the order of the SELECT. It is how large traces come: no JSON, int64 exact.
 */
export class RowBinaryReader {
  private readonly bytes: Buffer;
  private at = 0;

  constructor(bytes: Uint8Array) {
    this.bytes = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  get hasMore(): boolean {
    return this.at < this.bytes.length;
  }

  uint8(): number {
    return this.bytes.readUInt8(this.take(1));
  }

  uint32(): number {
    return this.bytes.readUInt32LE(this.take(4));
  }

  uint64(): bigint {
    return this.bytes.readBigUInt64LE(this.take(8));
  }

  int64(): bigint {
    return this.bytes.readBigInt64LE(this.take(8));
  }

  /** UInt64 as a number: for counts, not for hashes. */
  count(): number {
    return Number(this.uint64());
  }

  float64(): number {
    return this.bytes.readDoubleLE(this.take(8));
  }

  /** A `FixedString` of `width` bytes as lower-case hex. */
  hex(width: number): string {
    const from = this.take(width);
    return this.bytes.toString('hex', from, from + width);
  }

  text(): string {
    const length = this.length();
    const from = this.take(length);
    return this.bytes.toString('utf8', from, from + length);
  }

  list<T>(item: () => T): T[] {
    const items: T[] = [];
    for (let left = this.length(); left > 0; left--) items.push(item());
    return items;
  }

  texts(): string[] {
    return this.list(() => this.text());
  }

  /** LEB128, as lengths are written. */
  private length(): number {
    let value = 0;
    for (let factor = 1; ; factor *= 128) {
      const byte = this.uint8();
      value += (byte & 0x7f) * factor;
      if (byte < 0x80) return value;
      if (factor > 2 ** 42) throw new Error(`cannot read RowBinary at byte ${this.at}: a length of more than 7 bytes`);
    }
  }

  private take(count: number): number {
    const from = this.at;
    if (from + count > this.bytes.length) {
      throw new Error(`cannot read RowBinary: ${count} bytes wanted at ${from}, ${this.bytes.length - from} left`);
    }
    this.at = from + count;
    return from;
  }
}
