/**
 * What real clients sent, changed at random, 100,000 times for each format: it is read or refused with `BadInput`, at once, and
 * nothing of it stays. What is read is always a request that can be kept.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { describe, expect, it } from 'vitest';
import { BadInput } from '../src/base/errors.ts';
import { inspectTraces } from '../src/wire/otlp-inspect.ts';
import { type ClientFormat, clientFormats } from './fixtures/client-formats.ts';

const mutations = 100_000;

const recorded: Record<ClientFormat, readonly string[]> = {
  agentCompact: ['jaeger-python.compact'],
  agentBinary: ['jaeger-node.binary'],
  batchBinary: ['jaeger-node.http'],
  postSpans: ['jaeger-go.post-spans'],
  zipkinV1Json: ['zipkin-node.v1.json', 'zipkin-python.v1.json'],
  zipkinV2Json: ['zipkin-node.v2.json', 'zipkin-python.v2.json'],
  zipkinProto: ['zipkin-python.v2.proto'],
  zipkinThrift: ['zipkin-node.v1.thrift'],
};

/** Numbers in [0, 1), the same for the same seed (mulberry32). */
function randomOf(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
}

/** Bytes that mean something to one format or another: ends, largest numbers, brackets, types. */
const telling = [
  0, 1, 2, 0x0a, 0x0c, 0x0f, 0x19, 0x1c, 0x22, 0x2c, 0x2d, 0x5b, 0x5d, 0x65, 0x7b, 0x7d, 0x7f, 0x80, 0xfc, 0xff,
];

function mutated(seed: Buffer, random: () => number): Buffer {
  const below = (n: number) => Math.floor(random() * n);
  let bytes = Buffer.from(seed);
  for (let left = 1 + below(4); left > 0; left--) {
    const at = below(bytes.length + 1);
    const length = below(Math.min(64, bytes.length - at + 1));
    switch (below(7)) {
      case 0:
        if (at < bytes.length) bytes[at] = (bytes[at] ?? 0) ^ (1 << below(8));
        break;
      case 1:
        if (at < bytes.length) bytes[at] = telling[below(telling.length)] ?? 0;
        break;
      case 2:
        bytes.fill(0xff, at, Math.min(bytes.length, at + 1 + below(10)));
        break;
      case 3:
        bytes = bytes.subarray(0, at);
        break;
      case 4:
        bytes = Buffer.concat([bytes.subarray(0, at), bytes.subarray(at + length)]);
        break;
      case 5:
        bytes = Buffer.concat([bytes.subarray(0, at + length), bytes.subarray(at)]);
        break;
      default:
        bytes = Buffer.concat([bytes.subarray(0, at), Buffer.from([below(256), below(256)]), bytes.subarray(at)]);
    }
  }
  return bytes;
}

setFlagsFromString('--expose-gc');
const collectGarbage = runInNewContext('gc') as () => void;

function heapBytes(): number {
  collectGarbage();
  const { heapUsed, arrayBuffers } = process.memoryUsage();
  return heapUsed + arrayBuffers;
}

/** Of five runs: the machine may be busy elsewhere. */
function leastMs(run: () => unknown): number {
  const times = Array.from({ length: 5 }, () => {
    const startedMs = performance.now();
    try {
      run();
    } catch {
      // Refused: only the time counts.
    }
    return performance.now() - startedMs;
  });
  return Math.min(...times);
}

describe.each(Object.entries(clientFormats))('%s', (format, translate) => {
  it(`changed ${mutations} times ends, refuses or reads, and leaves nothing behind`, () => {
    const seeds = recorded[format as ClientFormat].map((file) =>
      readFileSync(join(import.meta.dirname, 'fixtures', 'clients', file)),
    );
    const random = randomOf(20260101);
    let read = 0;
    let refused = 0;
    const before = heapBytes();
    for (let i = 0; i < mutations; i++) {
      const bytes = mutated(seeds[i % seeds.length] as Buffer, random);
      const startedMs = performance.now();
      try {
        const result = translate(bytes);
        const { count, rejected } = inspectTraces(result.bytes);
        if (count !== result.count || rejected.length > 0) throw new Error(`counted ${result.count}, kept ${count}`);
        if (result.bytes.length > 50 * bytes.length + 1000) throw new Error(`grew to ${result.bytes.length}`);
        read++;
      } catch (error) {
        if (!(error instanceof BadInput))
          throw new Error(`mutation ${i}: ${bytes.toString('base64')}`, { cause: error });
        refused++;
      }
      if (performance.now() - startedMs > 100) expect(leastMs(() => translate(bytes))).toBeLessThan(100);
    }
    expect(heapBytes() - before).toBeLessThan(10 * 2 ** 20);
    expect(read).toBeGreaterThan(mutations / 100);
    expect(refused).toBeGreaterThan(mutations / 100);
  }, 60_000);
});

it('a body as large as may be, of nothing but openings, is refused at once', () => {
  const mebibyte = 2 ** 20;
  const bodies: [ClientFormat, Buffer][] = [
    ['zipkinV2Json', Buffer.alloc(20 * mebibyte, '[')],
    ['zipkinV1Json', Buffer.alloc(20 * mebibyte, '[{"a":')],
    ['zipkinV2Json', Buffer.from(`[${'[],'.repeat(mebibyte)}[]]`)],
    ['batchBinary', Buffer.concat([Buffer.from([12, 0, 1]), Buffer.alloc(20 * mebibyte, Buffer.from([12, 0, 9]))])],
    // Empty spans, of one byte each.
    ['batchBinary', Buffer.concat([Buffer.from([15, 0, 2, 12, 1, 0, 0, 0]), Buffer.alloc(20 * mebibyte)])],
    ['zipkinThrift', Buffer.concat([Buffer.from([12, 1, 0, 0, 0]), Buffer.alloc(20 * mebibyte)])],
    ['postSpans', Buffer.alloc(4 * mebibyte, Buffer.from([0x0a, 0x7f]))],
    ['zipkinProto', Buffer.alloc(20 * mebibyte, Buffer.from([0x0a, 0]))],
  ];
  for (const [format, body] of bodies) {
    expect(() => clientFormats[format](body), format).toThrow(BadInput);
    expect(
      leastMs(() => clientFormats[format](body)),
      format,
    ).toBeLessThan(1000);
  }
});
