import fc from 'fast-check';
import { expect, test } from 'vitest';
import { arbitrarySpan } from '../../../test/arbitrary-span.ts';
import type { Span } from '../../model/span.ts';
import { encodeTraces } from '../../wire/otlp-proto.ts';
import { Dictionary } from '../transcode/dictionary.ts';
import { SpanBlock } from '../transcode/span-block.ts';
import { TraceTranscoder } from '../transcode/transcode-traces.ts';
import { splitNative } from './split-native.ts';

/** With an event and a link each, so that every block has the same columns. */
const arbitraryFullSpan = arbitrarySpan.filter(({ events, links, droppedLinks }) => {
  return events.length > 0 && links.length > 0 && droppedLinks > 0;
});

function fileOf(spans: readonly Span[]): Buffer {
  const block = new SpanBlock();
  new TraceTranscoder(new Dictionary(), 7).append(block, encodeTraces(spans), Date.UTC(2026, 6, 15));
  return Buffer.concat(block.finish().pieces);
}

test('the halves are the blocks that would have been built of the first and of the other rows', () => {
  fc.assert(
    fc.property(fc.array(arbitraryFullSpan, { minLength: 2, maxLength: 9 }), (spans) => {
      const halves = splitNative(fileOf(spans)) ?? [];
      const middle = spans.length >> 1;
      expect(halves.map(({ rows }) => rows)).toEqual([middle, spans.length - middle]);
      const [first, second] = halves.map(({ pieces }) => Buffer.concat(pieces).toString('base64'));
      expect(first).toBe(fileOf(spans.slice(0, middle)).toString('base64'));
      expect(second).toBe(fileOf(spans.slice(middle)).toString('base64'));
    }),
    { numRuns: 60, endOnFailure: true },
  );
});

test('one row cannot be halved; bytes that end early are an error', () => {
  const spans = fc.sample(arbitraryFullSpan, { numRuns: 2, seed: 1 });
  expect(splitNative(fileOf(spans.slice(0, 1)))).toBeUndefined();
  const file = fileOf(spans);
  expect(() => splitNative(file.subarray(0, file.length - 1))).toThrow(RangeError);
  expect(() => splitNative(file.subarray(0, 30))).toThrow(RangeError);
});
