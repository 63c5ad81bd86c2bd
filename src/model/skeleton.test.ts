import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { BadInput } from '../base/errors.ts';
import { decodeSkeleton, encodeSkeleton, reverseEach } from './skeleton.ts';
import { buildTrace, type TraceRow } from './trace.ts';

const traceId = '0af7651916cd43dd8448eb211c80319c';

const rowArb: fc.Arbitrary<TraceRow> = fc.record({
  spanId: fc.integer({ min: 1, max: 40 }).map((n) => n.toString(16).padStart(16, '0')),
  parentSpanId: fc.oneof(
    fc.constant(''),
    fc.integer({ min: 1, max: 60 }).map((n) => n.toString(16).padStart(16, '0')),
  ),
  startNs: fc.bigInt({ min: -10n, max: 10n ** 18n }),
  endNs: fc.bigInt({ min: -10n, max: 10n ** 18n }),
  service: fc.constantFrom('frontend', 'order', 'été ☂', ''),
  name: fc.string({ unit: 'grapheme' }),
  kind: fc.integer({ min: 0, max: 5 }),
  flags: fc.constantFrom(0, 1, 2, 11),
});
const rowsArb = fc.uniqueArray(rowArb, { maxLength: 40, selector: (row) => row.spanId });

describe('the skeleton of a trace', () => {
  test('comes back from its bytes as it was, whatever the tree', () => {
    fc.assert(
      fc.property(rowsArb, (rows) => {
        const trace = buildTrace(traceId, rows);
        expect(decodeSkeleton(encodeSkeleton(trace))).toEqual(trace);
      }),
    );
  });

  test('takes at most 40 bytes a span, the tables of names apart', () => {
    const rows = Array.from({ length: 10_000 }, (_, i): TraceRow => {
      const id = (i + 1).toString(16).padStart(16, '0');
      const parentSpanId = i === 0 ? '' : '0000000000000001';
      const at = BigInt(i);
      return { spanId: id, parentSpanId, startNs: at, endNs: at + 5n, service: 's', name: 'n', kind: 1, flags: 0 };
    });
    expect(encodeSkeleton(buildTrace(traceId, rows)).length / rows.length).toBeLessThanOrEqual(40);
  });

  test('keeps the id of a parent that never arrived', () => {
    const orphan = { spanId: '00000000000000aa', parentSpanId: '00000000000000bb', startNs: 1n, endNs: 2n };
    const trace = buildTrace(traceId, [{ ...orphan, service: 's', name: 'n', kind: 1, flags: 0 }]);
    expect(decodeSkeleton(encodeSkeleton(trace)).missingParents).toEqual(new Map([[0, '00000000000000bb']]));
  });

  test('is read from a view into a larger buffer, as a request gives it', () => {
    const bytes = encodeSkeleton(sample());
    const larger = new Uint8Array(bytes.length + 10);
    larger.set(bytes, 3);
    expect(decodeSkeleton(larger.subarray(3, 3 + bytes.length))).toEqual(sample());
  });

  test('is refused when it is cut anywhere, or has more behind it', () => {
    const bytes = encodeSkeleton(sample());
    for (let length = 0; length < bytes.length; length++) {
      expect(() => decodeSkeleton(bytes.subarray(0, length))).toThrow(BadInput);
    }
    expect(() => decodeSkeleton(Uint8Array.of(...bytes, 0))).toThrow(BadInput);
  });

  test('is refused or sound when its bytes were changed: every index stays inside', () => {
    const clean = encodeSkeleton(sample());
    fc.assert(
      fc.property(fc.array(fc.tuple(fc.nat(clean.length - 1), fc.nat(255)), { minLength: 1, maxLength: 4 }), (hits) => {
        const bytes = Uint8Array.from(clean);
        for (const [at, value] of hits) bytes[at] = value;
        try {
          const trace = decodeSkeleton(bytes);
          for (let row = 0; row < trace.count; row++) {
            expect(trace.parent[row]).toBeLessThan(row);
            expect(trace.services[trace.service[row] ?? -1]).toBeDefined();
            expect(trace.names[trace.name[row] ?? -1]).toBeDefined();
            expect(row + (trace.size[row] ?? 0)).toBeLessThanOrEqual(trace.count);
          }
        } catch (error) {
          expect(error).toBeInstanceOf(BadInput);
        }
      }),
      { numRuns: 3000 },
    );
  });

  test('is refused for random bytes, and asks for no memory that they did not pay for', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 300 }), (noise) => {
        expect(() => decodeSkeleton(noise)).toThrow(BadInput);
      }),
    );
    const huge = encodeSkeleton(sample()).slice(0, 48);
    new DataView(huge.buffer).setUint32(32, 0xffffffff, true);
    expect(() => decodeSkeleton(huge)).toThrow(/its counts need at least/);
  });

  test('turns each element around on a big-endian machine', () => {
    expect(reverseEach(Uint8Array.of(1, 2, 3, 4, 5, 6, 7, 8), 4)).toEqual(Uint8Array.of(4, 3, 2, 1, 8, 7, 6, 5));
  });
});

function sample() {
  const row = (spanId: string, parentSpanId: string, startNs: bigint, service: string): TraceRow => ({
    spanId: spanId.padStart(16, '0'),
    parentSpanId: parentSpanId && parentSpanId.padStart(16, '0'),
    startNs,
    endNs: startNs + 10n,
    service,
    name: `GET /${spanId}`,
    kind: 2,
    flags: 0,
  });
  return buildTrace(traceId, [
    row('1', '', 100n, 'frontend'),
    row('2', '1', 101n, 'auth'),
    row('3', '2', 102n, 'auth'),
    row('4', '1', 103n, 'order'),
    row('5', '99', 104n, 'order'),
  ]);
}
