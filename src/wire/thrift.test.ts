import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { BadInput } from '../base/errors.ts';
import { ThriftBinaryReader, ThriftCompactReader, type ThriftReader, thriftType } from './thrift.ts';
import { type ThriftProtocol, type ThriftValue, writeThrift, writeThriftCall } from './thrift-writer.ts';

const protocols = ['binary', 'compact'] as const;

function readerOf(protocol: ThriftProtocol, bytes: Uint8Array): ThriftReader {
  return protocol === 'binary' ? new ThriftBinaryReader(bytes) : new ThriftCompactReader(bytes);
}

/** Reads what `writeThrift` wrote, by its types alone. */
function read(reader: ThriftReader, type: number): ThriftValue {
  switch (type) {
    case thriftType.bool:
      return { bool: reader.bool() };
    case thriftType.i16:
      return { i16: reader.i16() };
    case thriftType.i32:
      return { i32: reader.i32() };
    case thriftType.i64:
      reader.i64();
      return { i64: reader.bigint };
    case thriftType.double:
      return { double: reader.double() };
    case thriftType.string:
      return { string: reader.string() };
    case thriftType.list: {
      const count = reader.list();
      const { itemType } = reader;
      return { list: Array.from({ length: count }, () => read(reader, itemType)) };
    }
    default: {
      const fields: [number, ThriftValue][] = [];
      reader.enter();
      for (let key = reader.field(); key !== 0; key = reader.field()) fields.push([key >> 4, read(reader, key & 15)]);
      return { struct: fields };
    }
  }
}

const leaf: fc.Arbitrary<ThriftValue> = fc.oneof(
  fc.record({ bool: fc.boolean() }, { noNullPrototype: true }),
  fc.record({ i16: fc.integer({ min: -32768, max: 32767 }) }, { noNullPrototype: true }),
  fc.record({ i32: fc.integer() }, { noNullPrototype: true }),
  fc.record({ i64: fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }) }, { noNullPrototype: true }),
  fc.record({ double: fc.double({ noNaN: true }) }, { noNullPrototype: true }),
  fc.record({ string: fc.string({ unit: 'grapheme', maxLength: 200 }) }, { noNullPrototype: true }),
);
const ids = fc
  .uniqueArray(fc.integer({ min: 1, max: 32767 }), { maxLength: 5 })
  .map((some) => some.sort((a, b) => a - b));
const { value } = fc.letrec<{ value: ThriftValue }>((tie) => ({
  value: fc.oneof(
    { depthSize: 'small' },
    leaf,
    fc
      .tuple(leaf, fc.integer({ min: 0, max: 20 }))
      .map(([item, count]) => ({ list: Array<ThriftValue>(count).fill(item) })),
    ids.chain((some) =>
      fc.tuple(...some.map(() => tie('value'))).map((values) => ({
        struct: values.map((each, i) => [some[i] ?? 0, each] as const),
      })),
    ),
  ),
}));
const struct = value.map((each) => ({ struct: [[1, each] as const] }));

describe.each(protocols)('Thrift %s', (protocol) => {
  it('reads what was written, and skips it to the same place', () => {
    fc.assert(
      fc.property(struct, (given) => {
        const bytes = writeThrift(protocol, given);
        const reader = readerOf(protocol, bytes);
        expect(read(reader, thriftType.struct)).toEqual(given);
        expect(reader.pos).toBe(bytes.length);
        const skipping = readerOf(protocol, bytes);
        skipping.skip(thriftType.struct);
        expect(skipping.pos).toBe(bytes.length);
      }),
    );
  });

  it('keeps 64 bits, as a bigint and as an id', () => {
    for (const i64 of [0n, -1n, 1n, -(2n ** 63n), 2n ** 63n - 1n, 2n ** 53n + 1n, 0x0123456789abcdefn]) {
      const reader = readerOf(protocol, writeThrift(protocol, { i64 }));
      reader.i64();
      expect(reader.bigint).toBe(i64);
      expect(reader.hex).toBe(BigInt.asUintN(64, i64).toString(16).padStart(16, '0'));
    }
  });

  it('reads the head of a call', () => {
    const bytes = writeThriftCall(protocol, 'emitBatch', { struct: [] });
    const reader = readerOf(protocol, bytes);
    expect(reader.message()).toEqual({ name: 'emitBatch', type: 4 });
    reader.skip(thriftType.struct);
    expect(reader.pos).toBe(bytes.length);
  });

  it('skips maps, empty ones too', () => {
    const map: ThriftValue = {
      map: [
        [{ string: 'a' }, { i32: 1 }],
        [{ string: 'b' }, { i32: 2 }],
      ],
    };
    const bytes = writeThrift(protocol, {
      struct: [
        [1, map],
        [2, { map: [] }],
        [3, { bool: true }],
      ],
    });
    const reader = readerOf(protocol, bytes);
    reader.skip(thriftType.struct);
    expect(reader.pos).toBe(bytes.length);
  });

  it('refuses every truncation, saying where', () => {
    const bytes = writeThrift(protocol, {
      struct: [
        [1, { string: 'abc' }],
        [5, { list: [{ double: 1 }, { double: 2 }] }],
        [9, { i64: -5n }],
      ],
    });
    for (let length = 0; length < bytes.length; length++) {
      const reader = readerOf(protocol, bytes.subarray(0, length));
      expect(() => reader.skip(thriftType.struct)).toThrow(/^malformed Thrift at byte \d+: expected /);
    }
  });

  it('believes no count that the bytes left cannot hold', () => {
    const head =
      protocol === 'binary' ? [15, 0, 1, 12, 0x7f, 0xff, 0xff, 0xff] : [0x19, 0xfc, 0xff, 0xff, 0xff, 0xff, 0x07];
    const reader = readerOf(protocol, Buffer.from([...head, 0, 0, 0]));
    expect(() => reader.skip(thriftType.struct)).toThrow(/items, got \d bytes left/);
  });

  it('bounds nesting', () => {
    let deep: ThriftValue = { struct: [] };
    for (let i = 0; i < 31; i++) deep = { struct: [[1, deep]] };
    readerOf(protocol, writeThrift(protocol, deep)).skip(thriftType.struct);
    const reader = readerOf(protocol, writeThrift(protocol, { struct: [[1, deep]] }));
    expect(() => reader.skip(thriftType.struct)).toThrow('nested at most 32 deep');
  });

  it('refuses a list of another type than asked for', () => {
    const reader = readerOf(protocol, writeThrift(protocol, { list: [{ i32: 1 }] }));
    expect(() => reader.listOf(thriftType.struct)).toThrow(BadInput);
  });
});

it('reads old binary messages without a version', () => {
  const reader = new ThriftBinaryReader(Buffer.from([0, 0, 0, 1, 0x78, 1, 0, 0, 0, 7, 0]));
  expect(reader.message()).toEqual({ name: 'x', type: 1 });
  expect(reader.pos).toBe(10);
});

it('refuses another protocol', () => {
  const compact = writeThriftCall('compact', 'emitBatch', { struct: [] });
  const binary = writeThriftCall('binary', 'emitBatch', { struct: [] });
  expect(() => new ThriftBinaryReader(compact).message()).toThrow('expected version 1 of the binary protocol');
  expect(() => new ThriftCompactReader(binary).message()).toThrow('expected the compact protocol (82), got 80');
});
