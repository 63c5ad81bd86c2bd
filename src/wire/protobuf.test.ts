import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { BadInput } from '../base/errors.ts';
import { ProtoReader, ProtoWriter } from './protobuf.ts';

describe('protobuf primitives', () => {
  it('read back what was written, to the last bit', () => {
    fc.assert(
      fc.property(
        fc.bigInt({ min: -(2n ** 63n), max: 2n ** 64n - 1n }),
        fc.nat(),
        fc.double(),
        fc.string({ unit: 'binary' }),
        fc.uint8Array({ maxLength: 5000 }),
        (big, small, double, text, bytes) => {
          const written = new ProtoWriter()
            .varintField(1, big)
            .varintField(2, small)
            .fixed64Field(3, big)
            .doubleField(4, double)
            .messageField(5, (w) => w.stringField(1, text).messageField(2, (inner) => inner.bytesField(3, bytes)))
            .fixed32Field(6, small)
            .finish();
          const r = new ProtoReader(written);
          expect([r.key(), r.varint64()]).toEqual([8, BigInt.asUintN(64, big)]);
          expect([r.key(), r.varint()]).toEqual([16, small]);
          expect([r.key(), r.fixed64()]).toEqual([25, BigInt.asUintN(64, big)]);
          expect([r.key(), r.double()]).toEqual([33, double]);
          expect(r.key()).toBe(42);
          const inner = r.message();
          inner.key();
          expect(inner.string()).toBe(Buffer.from(text).toString());
          inner.key();
          const innermost = inner.message();
          innermost.key();
          expect([...innermost.bytes()]).toEqual([...bytes]);
          expect([r.key(), r.fixed32()]).toEqual([53, small]);
          expect(r.hasMore).toBe(false);
        },
      ),
    );
  });

  it('any bytes at all are walked to the end or refused as bad input', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 300 }), (bytes) => {
        const r = new ProtoReader(bytes);
        try {
          while (r.hasMore) r.skip(r.key());
        } catch (error) {
          expect(error).toBeInstanceOf(BadInput);
        }
      }),
      { numRuns: 2000 },
    );
  });

  it('says at which byte it broke off', () => {
    expect(() => new ProtoReader(Uint8Array.of(0x0a, 5, 1)).skip(new ProtoReader(Uint8Array.of(0x0a)).key())).toThrow(
      BadInput,
    );
    const r = new ProtoReader(Uint8Array.of(0x0a, 5, 1));
    r.key();
    expect(() => r.bytes()).toThrow('malformed protobuf at byte 2: expected 5 bytes, got 1 left');
  });
});
