/**
 * Decompression of request bodies by their Content-Encoding (https://www.rfc-editor.org/rfc/rfc9110#name-content-codings) or
 * grpc-encoding. The limit on what comes out holds *while* decompressing: a small body must not become a large one in memory
 * first (CVE-2024-36129).
 */
import { promisify } from 'node:util';
import * as zlib from 'node:zlib';
import { BadInput } from '../base/errors.ts';
import { decompressZstd } from './compression-zstd.ts';
import { tooLarge } from './compression-limit.ts';

export const encodings = ['gzip', 'deflate', 'zstd'] as const;

/** Up to here it is cheaper to decompress at once than to go through libuv's pool; what comes out is at most 1,032 times as much. */
const atOnceBytes = 16 * 1024;

/**
 * The bytes in full. `identity`, `none` or an empty name leave them as they are; `deflate` takes zlib's format and the raw one,
 * since senders disagree. Throws (or rejects with) `BadInput`: 415 for an unknown encoding, 413 above `maxBytes`, 400 for corrupt data.
 */
export function decompress(encoding: string, bytes: Uint8Array, maxBytes: number): Uint8Array | Promise<Uint8Array> {
  const name = encoding.trim().toLowerCase();
  if (name === '' || name === 'identity' || name === 'none') {
    if (bytes.length > maxBytes) throw tooLarge(maxBytes);
    return bytes;
  }
  const codec = codecs[name];
  if (codec === undefined) {
    throw new BadInput(`unknown encoding ${JSON.stringify(name)}: expected identity, ${encodings.join(', ')}`, {
      status: 415,
    });
  }
  return codec(bytes, maxBytes);
}

type Codec = (bytes: Uint8Array, maxBytes: number) => Uint8Array | Promise<Uint8Array>;

const codecs: Partial<Record<string, Codec>> = {
  gzip: viaZlib('gzip', zlib.gunzipSync, promisify<Uint8Array, zlib.ZlibOptions, Buffer>(zlib.gunzip)),
  'x-gzip': viaZlib('gzip', zlib.gunzipSync, promisify<Uint8Array, zlib.ZlibOptions, Buffer>(zlib.gunzip)),
  deflate: (bytes, maxBytes) => (hasZlibHeader(bytes) ? inflateZlib : inflateRaw)(bytes, maxBytes),
  zstd: decompressZstd,
};

const inflateZlib = viaZlib('deflate', zlib.inflateSync, promisify<Uint8Array, zlib.ZlibOptions, Buffer>(zlib.inflate));
const inflateRaw = viaZlib(
  'deflate',
  zlib.inflateRawSync,
  promisify<Uint8Array, zlib.ZlibOptions, Buffer>(zlib.inflateRaw),
);

/** RFC 1950: method 8, a window of at most 32 KiB, and a check that makes both bytes a multiple of 31. */
function hasZlibHeader(bytes: Uint8Array): boolean {
  const [method = 0, flags = 0] = bytes;
  return (method & 0x0f) === 8 && method >> 4 <= 7 && (method * 256 + flags) % 31 === 0;
}

function viaZlib(
  name: string,
  sync: (bytes: Uint8Array, options: zlib.ZlibOptions) => Buffer,
  pooled: (bytes: Uint8Array, options: zlib.ZlibOptions) => Promise<Buffer>,
): Codec {
  return (bytes, maxBytes) => {
    // zlib refuses a limit of 0; one byte more than allowed is then told apart below.
    const options = { maxOutputLength: Math.max(1, maxBytes) };
    const refusal = (error: unknown) => {
      if (error instanceof RangeError) return tooLarge(maxBytes);
      return new BadInput(`malformed ${name}: ${error instanceof Error ? error.message : String(error)}`);
    };
    if (bytes.length > atOnceBytes) {
      return pooled(bytes, options).catch((error: unknown) => Promise.reject(refusal(error)));
    }
    try {
      return sync(bytes, options);
    } catch (error) {
      throw refusal(error);
    }
  };
}
