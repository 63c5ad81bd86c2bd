/** A segment as the spool knows it, and reading its records back by large chunks. */
import { type FileHandle, open } from 'node:fs/promises';
import { parseRecord, recordHeaderBytes, segmentHeaderBytes, type SpoolRecord } from './format.ts';

export interface Segment {
  readonly path: string;
  readonly firstSeq: number;
  /** Of the last whole record, where reading ends; `firstSeq - 1` when there is none. */
  lastSeq: number;
  /** Spans, data points or log records in it. */
  items: number;
  /** Length up to the end of the last whole record. What lies behind is no record. */
  bytes: number;
}

/** Where a reader stands: all records before `offset` were read, and held `items`. */
export interface Position {
  segment: Segment;
  offset: number;
  seq: number;
  items: number;
}

export function startOf(segment: Segment): Position {
  return { segment, offset: segmentHeaderBytes, seq: segment.firstSeq, items: 0 };
}

const chunkBytes = 1 << 20;

/** Reads forward from a position, which it moves. `segment.bytes` may grow meanwhile. */
export class SegmentReader {
  readonly position: Position;
  readonly #file: FileHandle;

  private constructor(file: FileHandle, position: Position) {
    this.#file = file;
    this.position = position;
  }

  static async open(position: Position): Promise<SegmentReader> {
    return new SegmentReader(await open(position.segment.path, 'r'), position);
  }

  /**
   * The next records: as many as lie in one chunk and in `maxBytes`, but at least one. Empty at the end. When a damaged
   * record follows, those before it come first, and `problem` says what is wrong.
   */
  async read(maxBytes: number): Promise<{ records: SpoolRecord[]; problem?: string }> {
    const { position } = this;
    const remaining = position.segment.bytes - position.offset;
    if (remaining <= 0 || position.seq > position.segment.lastSeq) return { records: [] };
    let want = Math.min(remaining, chunkBytes, Math.max(maxBytes, recordHeaderBytes));
    let buffer = await this.#chunk(want);
    let parsed = parseRecord(buffer, 0, position.seq);
    while (parsed.kind === 'incomplete') {
      if (parsed.needBytes > remaining || buffer.length < want) return { records: [], problem: 'a record is cut off' };
      want = Math.min(remaining, Math.max(parsed.needBytes, recordHeaderBytes * 4));
      buffer = await this.#chunk(want);
      parsed = parseRecord(buffer, 0, position.seq);
    }
    const records: SpoolRecord[] = [];
    let at = 0;
    while (parsed.kind === 'record') {
      records.push(parsed.record);
      at = parsed.end;
      position.seq++;
      position.items += parsed.record.count;
      if (at === buffer.length || at >= maxBytes || position.seq > position.segment.lastSeq) break;
      parsed = parseRecord(buffer, at, position.seq);
    }
    position.offset += at;
    return parsed.kind === 'damaged' ? { records, problem: parsed.problem } : { records };
  }

  async close(): Promise<void> {
    await this.#file.close();
  }

  async #chunk(bytes: number): Promise<Buffer> {
    const buffer = Buffer.allocUnsafeSlow(bytes);
    let filled = 0;
    while (filled < bytes) {
      const { bytesRead } = await this.#file.read(buffer, filled, bytes - filled, this.position.offset + filled);
      if (bytesRead === 0) break;
      filled += bytesRead;
    }
    return buffer.subarray(0, filled);
  }
}
