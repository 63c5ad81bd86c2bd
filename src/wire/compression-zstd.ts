/**
 * Zstandard (https://www.rfc-editor.org/rfc/rfc8878) with a hard limit on what comes out. Node 20 has no zstd, so `fzstd` decodes
 * the blocks; but it believes the frame header about memory (up to 2 GB), moves the whole window after each block and
 * recurses for each frame. So the frames and blocks are walked here first, each is given a buffer that cannot outgrow the limit,
 * and the number of blocks is bounded.
 */
import { decompress as decodeFrame } from 'fzstd';
import { BadInput } from '../base/errors.ts';
import { tooLarge } from './compression-limit.ts';

const magic = 0xfd2fb528;
const maxBlockBytes = 128 * 1024;
/** Each block may cost building its tables whatever it holds: 20 MiB need 160 blocks, a sender that flushes often some thousands. */
const maxBlocks = 4096;

/** All frames, joined. Checksums are not compared. Throws `BadInput`: 413 above `maxBytes`, 400 for corrupt data. */
export function decompressZstd(bytes: Uint8Array, maxBytes: number): Uint8Array {
  const parts: Uint8Array[] = [];
  let left = maxBytes;
  let pos = 0;
  let blocks = 0;
  while (pos < bytes.length) {
    const skippable = skippableEnd(bytes, pos);
    if (skippable !== undefined) {
      pos = skippable;
      continue;
    }
    const frame = walkFrame(bytes, pos);
    blocks += frame.blocks;
    if (blocks > maxBlocks) throw corrupt(`more than ${maxBlocks} blocks`);
    if (frame.leastBytes > left) throw tooLarge(maxBytes);
    const part = decode(bytes, pos, frame, left);
    if (part === undefined) throw tooLarge(maxBytes);
    left -= part.length;
    parts.push(part);
    pos = frame.end;
  }
  if (parts.length === 0) throw corrupt('no frame');
  return parts.length === 1 && parts[0] ? parts[0] : Buffer.concat(parts);
}

interface Frame {
  /** Where the last block's header is, where the blocks end, and where the frame ends. */
  readonly lastBlock: number;
  readonly blocksEnd: number;
  readonly end: number;
  readonly blocks: number;
  /** What its header and uncompressed blocks say must come out, and what can come out at most. */
  readonly leastBytes: number;
  readonly mostBytes: number;
  readonly contentBytes: number | undefined;
}

function walkFrame(bytes: Uint8Array, start: number): Frame {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const need = (at: number, length: number) => {
    if (at + length > bytes.length) throw corrupt(`cut off at byte ${bytes.length}`);
  };
  need(start, 6);
  if (view.getUint32(start, true) !== magic) throw corrupt(`no frame begins at byte ${start}`);
  const descriptor = bytes[start + 4] ?? 0;
  if ((descriptor & 8) !== 0) throw corrupt('a reserved bit is set');
  const isSingleSegment = (descriptor & 32) !== 0;
  const dictionaryBytes = [0, 1, 2, 4][descriptor & 3] ?? 0;
  const sizeBytes = [isSingleSegment ? 1 : 0, 2, 4, 8][descriptor >> 6] ?? 0;
  let pos = start + 5 + (isSingleSegment ? 0 : 1);
  need(pos, dictionaryBytes + sizeBytes);
  for (let i = 0; i < dictionaryBytes; i++) {
    if (bytes[pos + i] !== 0) throw corrupt('it needs a dictionary');
  }
  pos += dictionaryBytes;
  const contentBytes =
    sizeBytes === 0
      ? undefined
      : sizeBytes === 1
        ? view.getUint8(pos)
        : sizeBytes === 2
          ? view.getUint16(pos, true) + 256
          : sizeBytes === 4
            ? view.getUint32(pos, true)
            : Number(view.getBigUint64(pos, true));
  pos += sizeBytes;

  let blocks = 0;
  let leastBytes = 0;
  let mostBytes = 0;
  for (;;) {
    need(pos, 3);
    const header = view.getUint8(pos) | (view.getUint8(pos + 1) << 8) | (view.getUint8(pos + 2) << 16);
    const kind = (header >> 1) & 3;
    const size = header >> 3;
    if (kind === 3) throw corrupt(`block of a reserved kind at byte ${pos}`);
    if (size > maxBlockBytes) throw corrupt(`block larger than 128 KiB at byte ${pos}`);
    const stored = kind === 1 ? 1 : size;
    need(pos + 3, stored);
    if (kind === 2) mostBytes += maxBlockBytes;
    else {
      leastBytes += size;
      mostBytes += size;
    }
    blocks++;
    const lastBlock = pos;
    pos += 3 + stored;
    if ((header & 1) === 0) continue;
    const checksumBytes = (descriptor & 4) !== 0 ? 4 : 0;
    need(pos, checksumBytes);
    const least = Math.max(leastBytes, contentBytes ?? 0);
    return {
      lastBlock,
      blocksEnd: pos,
      end: pos + checksumBytes,
      blocks,
      leastBytes: least,
      mostBytes,
      contentBytes,
    };
  }
}

/**
 * Decodes one frame into a buffer of its own, at most one block larger than `limit`. `fzstd` does not say how much it wrote, so
 * an empty block is put after the frame's last one: where it is "written" is the length. Undefined above the limit.
 */
function decode(bytes: Uint8Array, start: number, frame: Frame, limit: number): Uint8Array | undefined {
  const blocksLength = frame.blocksEnd - start;
  const padded = new Uint8Array(blocksLength + 3);
  padded.set(bytes.subarray(start, frame.blocksEnd));
  const lastAt = frame.lastBlock - start;
  padded[lastAt] = (padded[lastAt] ?? 0) & 0xfe;
  padded[blocksLength] = 1; // last, raw, 0 bytes
  const sink = new Sink(Math.min(frame.mostBytes, limit + maxBlockBytes));
  sink.limit = limit;
  try {
    decodeFrame(padded, sink);
  } catch (error) {
    if (error === overLimit) return undefined;
    throw corrupt(error instanceof Error ? error.message : String(error));
  }
  if (sink.written > limit) return undefined;
  if (sink.written > sink.length) throw corrupt('a block is larger than 128 KiB');
  if (frame.contentBytes !== undefined && sink.written !== frame.contentBytes) {
    throw corrupt(`frame header says ${frame.contentBytes} bytes, got ${sink.written}`);
  }
  return new Uint8Array(sink.buffer, 0, sink.written);
}

const overLimit = new Error('over the limit');

/** Output that watches where each block is put. Views of it are plain arrays, on which the decoder's loops stay fast. */
class Sink extends Uint8Array {
  limit = 0;
  written = 0;

  static get [Symbol.species](): Uint8ArrayConstructor {
    return Uint8Array;
  }

  /** The decoder compares its buffer with 1: without this, that joins all bytes into a string. */
  [Symbol.toPrimitive](): number {
    return Number.NaN;
  }

  /** Raw blocks come through here, the empty one at the end too. */
  override set(source: ArrayLike<number>, at = 0): void {
    this.reach(at + source.length);
    super.set(source, at);
  }

  /** Compressed blocks ask for the room from `start` on. */
  override subarray(start = 0, end = this.length): Uint8Array<ArrayBuffer> {
    this.reach(start);
    return super.subarray(start, end);
  }

  private reach(position: number): void {
    if (position > this.limit) throw overLimit;
    this.written = Math.max(this.written, position);
  }
}

/** Where a skippable frame ends, undefined when there is none. */
function skippableEnd(bytes: Uint8Array, pos: number): number | undefined {
  if (bytes.length - pos < 8) return undefined;
  const view = new DataView(bytes.buffer, bytes.byteOffset + pos, 8);
  if (view.getUint32(0, true) >>> 4 !== 0x184d2a5) return undefined;
  const end = pos + 8 + view.getUint32(4, true);
  if (end > bytes.length) throw corrupt(`cut off at byte ${bytes.length}`);
  return end;
}

function corrupt(problem: string): BadInput {
  return new BadInput(`malformed zstd: ${problem}`);
}
