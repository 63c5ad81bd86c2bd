import { deflateRawSync, deflateSync, gzipSync } from 'node:zlib';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { BadInput } from '../base/errors.ts';
import { decompress } from './compression.ts';

const text = Buffer.from('the thread through the labyrinth '.repeat(200));
const mebibyte = 1024 * 1024;

/** Made by `zstd -c`, from a file (content size known), from a pipe (not), and with a checksum. */
const zstdGolden = {
  sized: 'KLUv/WTIGD0BANh0aGUgdGhyZWFkb3VnaCB0aGUgbGFieXJpbnQDAKBJVAdj4pJVkDRUfWs=',
  unsized: 'KLUv/QRYTQEA+HRoZSB0aHJlYWQgdGhyb3VnaCB0aGUgbGFieXJpbnQCAKBJVAcHNp00VH1r',
};

async function refusal(encoding: string, bytes: Uint8Array, maxBytes: number): Promise<BadInput> {
  try {
    await decompress(encoding, bytes, maxBytes);
  } catch (error) {
    expect(error).toBeInstanceOf(BadInput);
    if (error instanceof BadInput) return error;
  }
  throw new Error('nothing was refused');
}

/** Frames of run-length blocks: 4 bytes become 128 KiB. */
function zstdBomb(blocks: number): Uint8Array {
  const header = [0x28, 0xb5, 0x2f, 0xfd, 0x00, 0x38]; // window of 128 KiB
  const body = Array.from({ length: blocks }, (_, i) => {
    const block = (131072 << 3) | (1 << 1) | (i === blocks - 1 ? 1 : 0);
    return [block & 255, (block >> 8) & 255, (block >> 16) & 255, 0];
  });
  return Uint8Array.from([...header, ...body.flat()]);
}

describe('decompress', () => {
  it('gives back what each codec packed', async () => {
    expect(await decompress('', text, 10_000)).toEqual(text);
    expect(await decompress('identity', text, 10_000)).toEqual(text);
    expect(await decompress('gzip', gzipSync(text), 10_000)).toEqual(text);
    expect(await decompress('GZIP', gzipSync(text), 10_000)).toEqual(text);
    expect(await decompress('deflate', deflateSync(text), 10_000)).toEqual(text);
    expect(await decompress('deflate', deflateRawSync(text), 10_000)).toEqual(text);
    for (const golden of Object.values(zstdGolden)) {
      expect(Buffer.from(await decompress('zstd', Buffer.from(golden, 'base64'), 10_000))).toEqual(text);
    }
  });

  it('reads large bodies off the main thread just the same', async () => {
    const noise = Buffer.from(Array.from({ length: 100_000 }, (_, i) => ((i * 7919) % 251) ^ (i % 13)));
    const packed = gzipSync(
      Buffer.concat([noise, Buffer.from(fc.sample(fc.uint8Array({ minLength: 50_000 }), 1)[0] ?? [])]),
    );
    expect(packed.length).toBeGreaterThan(16 * 1024);
    expect((await decompress('gzip', packed, mebibyte)).length).toBeGreaterThan(150_000);
    expect((await refusal('gzip', packed, 1000)).status).toBe(413);
    expect((await refusal('gzip', packed.subarray(0, 20_000), mebibyte)).status).toBe(400);
  });

  it('joins gzip members and zstd frames, and steps over skippable frames', async () => {
    expect(await decompress('gzip', Buffer.concat([gzipSync('a'), gzipSync('b')]), 10)).toEqual(Buffer.from('ab'));
    const frame = Buffer.from(zstdGolden.sized, 'base64');
    const skippable = Buffer.from([0x50, 0x2a, 0x4d, 0x18, 2, 0, 0, 0, 9, 9]);
    const joined = await decompress('zstd', Buffer.concat([frame, skippable, frame]), 20_000);
    expect(Buffer.from(joined)).toEqual(Buffer.concat([text, text]));
  });

  it('takes exactly the limit and refuses one byte more, in every codec', async () => {
    const packed: Record<string, Uint8Array> = {
      identity: text,
      gzip: gzipSync(text),
      deflate: deflateSync(text),
      zstd: Buffer.from(zstdGolden.unsized, 'base64'),
    };
    for (const [encoding, bytes] of Object.entries(packed)) {
      expect((await decompress(encoding, bytes, text.length)).length).toBe(text.length);
      expect((await refusal(encoding, bytes, text.length - 1)).status).toBe(413);
    }
  });

  it('stops a bomb at the limit, without the memory that it asks for', async () => {
    const zeros = Buffer.alloc(64 * mebibyte);
    const bombs: Record<string, Uint8Array> = {
      gzip: gzipSync(zeros),
      deflate: deflateSync(zeros),
      zstd: zstdBomb(4000),
    };
    for (const [encoding, bytes] of Object.entries(bombs)) {
      expect(bytes.length).toBeLessThan(mebibyte);
      const before = process.memoryUsage();
      expect((await refusal(encoding, bytes, mebibyte)).status).toBe(413);
      const after = process.memoryUsage();
      expect(after.arrayBuffers - before.arrayBuffers).toBeLessThan(20 * mebibyte);
    }
  });

  it('does not believe a zstd header about memory', async () => {
    const window2gb = Uint8Array.from([0x28, 0xb5, 0x2f, 0xfd, 0x00, 0xa8, 0x01, 0, 0]);
    const before = process.memoryUsage().arrayBuffers;
    expect((await decompress('zstd', window2gb, mebibyte)).length).toBe(0);
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(mebibyte);
    const content = Uint8Array.from([0x28, 0xb5, 0x2f, 0xfd, 0xe0, 0, 0, 0, 0, 1, 0, 0, 0, 1, 0, 0]);
    expect((await refusal('zstd', content, mebibyte)).status).toBe(413);
  });

  it('bounds the work of a zstd body made of empty blocks and frames', async () => {
    const blocks = new Uint8Array(6 + 3 * 1_000_000);
    blocks.set([0x28, 0xb5, 0x2f, 0xfd, 0x00, 0x68]);
    expect((await refusal('zstd', blocks, mebibyte)).message).toMatch(/blocks|cut off/);
    const frame = [0x28, 0xb5, 0x2f, 0xfd, 0x00, 0x68, 1, 0, 0];
    const frames = Uint8Array.from({ length: 9 * 100_000 }, (_, i) => frame[i % 9] ?? 0);
    expect((await refusal('zstd', frames, mebibyte)).message).toContain('blocks');
  });

  it('names an encoding that it does not know', async () => {
    const error = await refusal('br', text, 10);
    expect(error.status).toBe(415);
    expect(error.message).toBe('unknown encoding "br": expected identity, gzip, deflate, zstd');
  });

  it('refuses damaged bytes as bad input, and nothing else comes out', async () => {
    const packed: [string, Uint8Array][] = [
      ['gzip', gzipSync(text)],
      ['deflate', deflateSync(text)],
      ['zstd', Buffer.from(zstdGolden.sized, 'base64')],
      ['zstd', Buffer.from(zstdGolden.unsized, 'base64')],
    ];
    await fc.assert(
      fc.asyncProperty(
        fc.constantFrom(...packed),
        fc.array(fc.tuple(fc.nat(), fc.nat(255)), { maxLength: 4 }),
        fc.option(fc.nat()),
        async ([encoding, original], changes, cut) => {
          const bytes = Uint8Array.from(original);
          for (const [at, value] of changes) bytes[at % bytes.length] = value;
          const given = cut === null ? bytes : bytes.subarray(0, cut % bytes.length);
          try {
            expect((await decompress(encoding, given, 100_000)).length).toBeLessThanOrEqual(100_000);
          } catch (error) {
            expect(error).toBeInstanceOf(BadInput);
          }
        },
      ),
      { numRuns: 2000 },
    );
  });
});
