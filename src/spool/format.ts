/**
 * Bytes of a spool segment. Little-endian.
 *
 *     segment  magic 8 "ARSPOOL" version | first seq f64 | crc32 of those 16 | 4 zero bytes | records…
 *     record   magic u32 | crc32 of all that follows | payload bytes u32 | count u32 | seq f64 | receivedMs f64
 *              | receiver bytes u16 | 2 zero bytes | receiver | payload
 *
 * Within a segment seqs go up by one. A seq and a time are whole numbers below 2^53, exact as f64.
 */
import { crc32 } from 'node:zlib';

/** One acknowledged request as it lies in the spool. `bytes` may be a view into a larger buffer. */
export interface SpoolRecord {
  readonly seq: number;
  /** Id of the receiver that took it, as in YAML: `otlp`, `otlp/second`. */
  readonly receiver: string;
  readonly receivedMs: number;
  /** Spans, data points or log records. */
  readonly count: number;
  readonly bytes: Uint8Array;
}

export const formatVersion = 1;
export const segmentHeaderBytes = 24;
export const recordHeaderBytes = 36;
/** A seq above this is damage, not a number that counting could reach. */
export const maxSeq = 2 ** 52;

const recordMagic = 0x43524e41; // "ANRC"
const segmentMagic = Buffer.from('ARSPOOL');

export function encodeSegmentHeader(firstSeq: number): Buffer {
  const header = Buffer.alloc(segmentHeaderBytes);
  segmentMagic.copy(header);
  header[7] = formatVersion;
  header.writeDoubleLE(firstSeq, 8);
  header.writeUInt32LE(crc32(header.subarray(0, 16)), 16);
  return header;
}

/** The version in the header, or undefined when the header is damaged. */
export function readSegmentVersion(header: Buffer): number | undefined {
  if (header.length < segmentHeaderBytes || !header.subarray(0, 7).equals(segmentMagic)) return undefined;
  return crc32(header.subarray(0, 16)) === header.readUInt32LE(16) ? header[7] : undefined;
}

/** Writes a record at `at`; `into` has room for `recordHeaderBytes + receiver.length + bytes.length`. Returns its end. */
export function encodeRecord(
  into: Buffer,
  at: number,
  record: Pick<SpoolRecord, 'seq' | 'receivedMs' | 'count' | 'bytes'>,
  receiver: Uint8Array,
): number {
  const { bytes } = record;
  const payloadAt = at + recordHeaderBytes + receiver.length;
  const end = payloadAt + bytes.length;
  into.writeUInt32LE(recordMagic, at);
  into.writeUInt32LE(bytes.length, at + 8);
  into.writeUInt32LE(record.count, at + 12);
  into.writeDoubleLE(record.seq, at + 16);
  into.writeDoubleLE(record.receivedMs, at + 24);
  into.writeUInt32LE(receiver.length, at + 32);
  into.set(receiver, at + recordHeaderBytes);
  into.set(bytes, payloadAt);
  into.writeUInt32LE(crc32(into.subarray(at + 8, end)), at + 4);
  return end;
}

export type ParsedRecord =
  | { readonly kind: 'record'; readonly record: SpoolRecord; readonly end: number }
  /** The buffer ends before the record does: `needBytes` from its start are needed to go on. */
  | { readonly kind: 'incomplete'; readonly needBytes: number }
  | { readonly kind: 'damaged'; readonly problem: string };

/** Reads the record at `at`, which must carry `expectedSeq`. The payload is a view into `buffer`. */
export function parseRecord(buffer: Buffer, at: number, expectedSeq: number): ParsedRecord {
  const available = buffer.length - at;
  if (available < recordHeaderBytes) return { kind: 'incomplete', needBytes: recordHeaderBytes };
  if (buffer.readUInt32LE(at) !== recordMagic) return { kind: 'damaged', problem: 'no record begins here' };
  const receiverBytes = buffer.readUInt32LE(at + 32);
  if (receiverBytes > 0xffff) return { kind: 'damaged', problem: 'bad receiver length' };
  const payloadAt = at + recordHeaderBytes + receiverBytes;
  const end = payloadAt + buffer.readUInt32LE(at + 8);
  if (end > buffer.length) return { kind: 'incomplete', needBytes: end - at };
  if (crc32(buffer.subarray(at + 8, end)) !== buffer.readUInt32LE(at + 4)) {
    return { kind: 'damaged', problem: 'checksum does not match' };
  }
  const seq = buffer.readDoubleLE(at + 16);
  if (seq !== expectedSeq) return { kind: 'damaged', problem: `expected record ${expectedSeq}, got ${seq}` };
  const record: SpoolRecord = {
    seq,
    receiver: buffer.toString('utf8', at + recordHeaderBytes, payloadAt),
    receivedMs: buffer.readDoubleLE(at + 24),
    count: buffer.readUInt32LE(at + 12),
    bytes: buffer.subarray(payloadAt, end),
  };
  return { kind: 'record', record, end };
}

export function segmentName(firstSeq: number): string {
  return `${String(firstSeq).padStart(16, '0')}.seg`;
}

/** The first seq that a segment's file name tells, undefined when the name is none of ours. */
export function seqOfSegmentName(name: string): number | undefined {
  const digits = /^(\d{16})\.seg$/.exec(name)?.[1];
  const seq = Number(digits);
  return digits !== undefined && seq >= 1 && seq <= maxSeq ? seq : undefined;
}
