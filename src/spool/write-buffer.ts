/**
 * Where appended records are laid out before they are written. The same memory then serves a reader that keeps up, so on
 * the healthy way a record's bytes are copied once, written once and never read back.
 */
import { encodeRecord, recordHeaderBytes, type SpoolRecord } from './format.ts';

const chunkBytes = 256 * 1024;

export class WriteBuffer {
  #chunk: Buffer = Buffer.alloc(0);
  #at = 0;
  #slices: { chunk: Buffer; from: number; to: number }[] = [];
  readonly #receivers = new Map<string, Buffer>();

  /** Lays a record out and gives it as a reader will see it, with its size on disk. */
  add(record: SpoolRecord): { record: SpoolRecord; size: number } {
    const receiver = this.#encodeReceiver(record.receiver);
    const size = recordHeaderBytes + receiver.length + record.bytes.length;
    const { chunk, from } = this.#room(size);
    const to = encodeRecord(chunk, from, record, receiver);
    const last = this.#slices.at(-1);
    if (last?.chunk === chunk && last.to === from) last.to = to;
    else this.#slices.push({ chunk, from, to });
    const { seq, receivedMs, count } = record;
    const bytes = chunk.subarray(to - record.bytes.length, to);
    return { record: { seq, receiver: record.receiver, receivedMs, count, bytes }, size };
  }

  /** All that was added since the last call, in order. */
  take(): Buffer[] {
    const buffers = this.#slices.map(({ chunk, from, to }) => chunk.subarray(from, to));
    this.#slices = [];
    return buffers;
  }

  // Memory is not used again: readers hold views into it, and only the garbage collector knows until when.
  #room(size: number): { chunk: Buffer; from: number } {
    if (size > chunkBytes / 4) return { chunk: Buffer.allocUnsafeSlow(size), from: 0 };
    if (size > this.#chunk.length - this.#at) {
      this.#chunk = Buffer.allocUnsafeSlow(chunkBytes);
      this.#at = 0;
    }
    const from = this.#at;
    this.#at += size;
    return { chunk: this.#chunk, from };
  }

  #encodeReceiver(id: string): Buffer {
    let encoded = this.#receivers.get(id);
    if (encoded === undefined) {
      encoded = Buffer.from(id);
      this.#receivers.set(id, encoded);
    }
    return encoded;
  }
}
