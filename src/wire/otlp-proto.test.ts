import fc from 'fast-check';
import { expect, test } from 'vitest';
import { BadInput } from '../base/errors.ts';
import type { AttributeValue } from '../model/attributes.ts';
import { arbitrarySpan as span } from '../../test/arbitrary-span.ts';
import { writeAnyValue } from './otlp-attributes.ts';
import { maxValueDepth } from './otlp-inspect.ts';
import { decodeTraces, encodeTraces } from './otlp-proto.ts';
import { ProtoWriter } from './protobuf.ts';

test('what is encoded decodes to the same spans', () => {
  fc.assert(
    fc.property(fc.array(span, { maxLength: 4 }), (spans) => {
      expect(decodeTraces(encodeTraces(spans))).toEqual(spans);
    }),
    { numRuns: 300, endOnFailure: true },
  );
});

test('bytes changed, cut or doubled at random decode or are bad input, nothing else', () => {
  const change = fc.record({ at: fc.nat(), byte: fc.nat(255) });
  const mutated = fc
    .tuple(fc.array(span, { minLength: 1, maxLength: 3 }), fc.array(change, { maxLength: 8 }), fc.nat())
    .map(([spans, changes, cut]) => {
      const bytes = encodeTraces(spans);
      for (const { at, byte } of changes) bytes[at % bytes.length] = byte;
      return bytes.subarray(0, cut % 3 === 0 ? cut % bytes.length : bytes.length);
    });
  fc.assert(
    fc.property(fc.oneof(mutated, fc.uint8Array({ maxLength: 200 })), (bytes) => {
      try {
        decodeTraces(bytes);
      } catch (error) {
        expect(error).toBeInstanceOf(BadInput);
      }
    }),
    { numRuns: 2000, endOnFailure: true },
  );
});

test('neighbours of one resource and scope share their messages, and stay in order', () => {
  const [a, b] = fc.sample(fc.tuple(span, span), { numRuns: 1, seed: 1 })[0] ?? [];
  if (a === undefined || b === undefined) throw new Error('no sample');
  const shared = { ...b, resource: a.resource, scope: a.scope };
  const decoded = decodeTraces(encodeTraces([a, shared, b, a]));
  expect(decoded).toEqual([a, shared, b, a]);
  expect(decoded[0]?.resource).toBe(decoded[1]?.resource);
  expect(decoded[1]?.resource).not.toBe(decoded[2]?.resource);
});

test('two requests one after the other are one request', () => {
  const [a, b] = fc.sample(span, { numRuns: 2, seed: 2 });
  if (a === undefined || b === undefined) throw new Error('no sample');
  expect(decodeTraces(Buffer.concat([encodeTraces([a]), encodeTraces([b])]))).toEqual([a, b]);
});

test('unknown fields are skipped, and a resource may come after its spans, in pieces', () => {
  const writer = new ProtoWriter();
  const keyValue = (key: string, value: string) => (w: ProtoWriter) => {
    w.varintField(77, 1).stringField(1, key);
    w.messageField(2, (v) => v.varintField(99, 5).stringField(1, value));
  };
  writer.varintField(1000, 7).messageField(1, (spans) => {
    spans.messageField(2, (scope) => {
      scope.messageField(2, (s) => {
        s.bytesField(1, new Uint8Array(16).fill(1)).bytesField(2, new Uint8Array(8).fill(2)).stringField(200, 'later');
      });
    });
    spans.messageField(1, (r) => r.messageField(1, keyValue('service.name', 'shop')));
    spans.messageField(1, (r) => r.messageField(1, keyValue('host.name', 'node-1')));
  });
  const [only] = decodeTraces(writer.finish());
  expect(only?.spanId).toBe('0202020202020202');
  expect(only?.resource.service).toBe('shop');
  expect([...(only?.resource.attributes ?? [])]).toEqual([
    ['service.name', 'shop'],
    ['host.name', 'node-1'],
  ]);
});

function spanWithIds(traceId: number, spanId: number, parentId = 0): Uint8Array {
  const writer = new ProtoWriter();
  writer.messageField(1, (r) =>
    r.messageField(2, (s) =>
      s.messageField(2, (w) => {
        w.bytesField(1, new Uint8Array(traceId).fill(0xab)).bytesField(2, new Uint8Array(spanId).fill(0xcd));
        w.bytesField(4, new Uint8Array(parentId));
      }),
    ),
  );
  return writer.finish();
}

test('a 64-bit trace id gets zeros in front; a parent of zeros is no parent', () => {
  const [only] = decodeTraces(spanWithIds(8, 8, 8));
  expect(only?.traceId).toBe('0000000000000000abababababababab');
  expect(only?.parentSpanId).toBe('');
});

test('a span with impossible ids is told and left out, or refused when nobody listens', () => {
  const reasons: string[] = [];
  for (const bytes of [spanWithIds(0, 8), spanWithIds(16, 7), spanWithIds(16, 8, 3)]) {
    expect(() => decodeTraces(bytes)).toThrow(BadInput);
    expect(decodeTraces(bytes, (reason) => reasons.push(reason))).toEqual([]);
  }
  expect(reasons).toEqual([
    'a trace id has 16 bytes, got 0',
    'a span id has 8 bytes, got 7',
    'a parent span id has 8 bytes, got 3',
  ]);
});

test(`values nest up to ${maxValueDepth} levels and no deeper`, () => {
  const nested = (levels: number): AttributeValue => (levels === 1 ? 1n : [nested(levels - 1)]);
  const bytesOf = (levels: number) => {
    const writer = new ProtoWriter();
    writer.messageField(1, (r) =>
      r.messageField(1, (res) =>
        res.messageField(1, (kv) => kv.stringField(1, 'k').messageField(2, (w) => writeAnyValue(w, nested(levels)))),
      ),
    );
    return writer.finish();
  };
  expect(decodeTraces(bytesOf(maxValueDepth))).toEqual([]);
  expect(() => decodeTraces(bytesOf(maxValueDepth + 1))).toThrow('deeper than 32');
});
