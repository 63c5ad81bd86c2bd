import fc from 'fast-check';
import { expect, it } from 'vitest';
import { RowBinaryReader } from './row-binary.ts';

it('reads values in the order of the SELECT', () => {
  const bytes = Buffer.concat([
    Buffer.from([7]),
    Buffer.from('ffffffff', 'hex'),
    Buffer.from('ffffffffffffffff', 'hex'),
    Buffer.from('0000000000000080', 'hex'),
    Buffer.from('000000000000e03f', 'hex'),
    Buffer.from('abcd', 'hex'),
    Buffer.from([3]),
    Buffer.from('é!'),
    Buffer.from([2, 1, 97, 0]),
  ]);
  const reader = new RowBinaryReader(bytes);
  expect(reader.uint8()).toBe(7);
  expect(reader.uint32()).toBe(0xffffffff);
  expect(reader.uint64()).toBe(2n ** 64n - 1n);
  expect(reader.int64()).toBe(-(2n ** 63n));
  expect(reader.float64()).toBe(0.5);
  expect(reader.hex(2)).toBe('abcd');
  expect(reader.text()).toBe('é!');
  expect(reader.texts()).toEqual(['a', '']);
  expect(reader.hasMore).toBe(false);
});

it('reads lengths of several bytes', () => {
  const long = 'x'.repeat(300);
  expect(new RowBinaryReader(Buffer.concat([Buffer.from([0xac, 0x02]), Buffer.from(long)])).text()).toBe(long);
});

it('says where bytes end too early, and never reads beyond them', () => {
  expect(() => new RowBinaryReader(Buffer.from([5, 1, 2])).text()).toThrow('5 bytes wanted at 1, 2 left');
  expect(() => new RowBinaryReader(new Uint8Array(12).fill(0xff)).text()).toThrow('a length of more than 7 bytes');
  fc.assert(
    fc.property(fc.uint8Array(), (bytes) => {
      const reader = new RowBinaryReader(bytes);
      try {
        while (reader.hasMore) reader.texts();
      } catch (error) {
        expect(error).toMatchObject({ message: expect.stringMatching(/^cannot read RowBinary/) });
      }
    }),
  );
});
