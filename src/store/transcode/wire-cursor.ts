/**
 * Reads protobuf in place for the hot path. Unlike `ProtoReader` it makes no object for a message: one cursor walks the
 * whole request, and the caller knows where the message that it stands in ends.
 */
import { ProtoReader, malformed } from '../../wire/protobuf.ts';

/** Bytes kept readable behind a request, so that a cut varint or a copy by fours stays inside the buffer. */
const padding = 16;
/** Larger requests get a buffer of their own, which is not kept. */
const keptBytes = 2 ** 20;

export class WireCursor {
  pos = 0;
  source: DataView<ArrayBuffer> = new DataView(new ArrayBuffer(0));
  private bytes = new Uint8Array(0);
  private kept = new Uint8Array(0);

  /** Copies a request in: 0.02 µs a span, and every read afterwards is of one buffer with room behind the end. */
  load(bytes: Uint8Array): void {
    const needed = bytes.length + padding;
    if (needed > keptBytes) this.use(new Uint8Array(needed));
    else {
      if (this.kept.length < needed) this.kept = new Uint8Array(Math.max(needed, this.kept.length * 2));
      if (this.bytes !== this.kept) this.use(this.kept);
    }
    this.bytes.set(bytes);
    this.bytes.fill(0, bytes.length, needed);
    this.pos = 0;
  }

  /** A field's key, or a number of at most 32 bits that is kept exactly; larger ones up to 2^53. */
  varint(end: number): number {
    const byte = this.source.getUint8(this.pos++);
    if (byte < 0x80) {
      if (this.pos > end) throw cut(end);
      return byte;
    }
    return this.longVarint(byte, end);
  }

  /** The length of what follows, which is known to be there. */
  length(end: number): number {
    const length = this.varint(end);
    if (length > end - this.pos) throw malformed(this.pos, `${length} bytes`, `${end - this.pos} left`);
    return length;
  }

  /** Steps over `count` bytes and gives where they began. */
  take(count: number, end: number): number {
    const at = this.pos;
    if (count > end - at) throw malformed(at, `${count} bytes`, `${end - at} left`);
    this.pos = at + count;
    return at;
  }

  skip(key: number, end: number): void {
    if (key < 8) throw malformed(this.pos, 'a field number', '0');
    const reader = this.reader(this.pos, end);
    reader.skip(key);
    this.pos = reader.pos;
  }

  /** The careful reader over some of the bytes, for what is rare. */
  reader(at: number, end: number): ProtoReader {
    return new ProtoReader(this.bytes, at, end);
  }

  private longVarint(first: number, end: number): number {
    let value = first & 0x7f;
    let factor = 128;
    for (let i = 1; i < 10; i++) {
      const byte = this.source.getUint8(this.pos++);
      value += (byte & 0x7f) * factor;
      if (byte < 0x80) {
        if (this.pos > end) throw cut(end);
        return value;
      }
      factor *= 128;
    }
    throw malformed(this.pos, 'a varint of at most 10 bytes', 'a longer one');
  }

  private use(bytes: Uint8Array<ArrayBuffer>): void {
    this.bytes = bytes;
    this.source = new DataView(bytes.buffer);
  }
}

function cut(end: number) {
  return malformed(end, 'another byte', 'the end of the message');
}
