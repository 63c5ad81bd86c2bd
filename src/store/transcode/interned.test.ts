import { expect, it } from 'vitest';
import { paddedView } from './column.ts';
import type { ContentId } from './content-id.ts';
import { Interned } from './interned.ts';

function setUp() {
  const made: ContentId[] = [];
  const interned = new Interned((_, schemaUrl, id) => {
    made.push(id);
    return { ...id, schemaUrl };
  });
  const find = (message: Uint8Array, schema = '') => {
    interned.begin();
    interned.addMessage(paddedView(message), 0, message.length);
    const url = Buffer.from(schema);
    return interned.find(paddedView(url), 0, url.length);
  };
  return { interned, made, find };
}

it('makes a thing once, and another one for another schema', () => {
  const { made, find } = setUp();
  const first = find(Buffer.from('abc'), 'v1');
  expect(find(Buffer.from('abc'), 'v1')).toBe(first);
  // The same bytes, cut elsewhere.
  expect(find(Buffer.from('abcv'), '1')).not.toBe(first);
  expect(made).toHaveLength(2);
});

it('holds a bounded number of bytes; what comes again has its id again', () => {
  const { interned, made, find } = setUp();
  const large = (i: number) => Buffer.alloc(1 << 20, i);
  const { low, high } = find(large(0));
  for (let i = 1; i < 100; i++) {
    find(large(i));
    expect(interned.size).toBeLessThanOrEqual(16);
  }
  expect(find(large(0))).toMatchObject({ low, high });
  expect(made).toHaveLength(101);
});
