import { afterAll, beforeAll, expect, it } from 'vitest';
import { resolveTraceId } from './resolve-trace-id.ts';
import { openTestDatabase, type TestDatabase, testSpan } from './test-spans.ts';

let store: TestDatabase;
const ids = {
  wide: 'abc1234500000000000000000000beef',
  older: 'abc12345ffffffffffffffffffffffff',
  narrow: '0000000000000000abc9876543210abc',
  zeros: '00000000000000000000000000000007',
};

beforeAll(async () => {
  store = await openTestDatabase();
  await store.insert([
    testSpan({ traceId: ids.wide, atMs: 3 }),
    testSpan({ traceId: ids.older, atMs: 2 }),
    testSpan({ traceId: ids.narrow, atMs: 1 }),
    testSpan({ traceId: ids.zeros, atMs: 0 }),
  ]);
});
afterAll(() => store.stop());

it.each([
  ['a whole id', ids.wide, ids.wide, []],
  ['upper case and dashes', 'ABC12345-0000-0000-0000-00000000BEEF', ids.wide, []],
  ['a prefix: the newest, and the others', 'abc1234', ids.wide, [ids.older]],
  ['an odd prefix of one only', 'abc12345f', ids.older, []],
  ['a 64-bit id', 'abc9876543210abc', ids.narrow, []],
  ['a prefix of a 64-bit id', 'abc987', ids.narrow, []],
  ['leading zeros dropped', '7', ids.zeros, []],
])('resolves %s', async (_, text, traceId, alsoMatching) => {
  expect(await resolveTraceId(store.db, text)).toEqual({ traceId, alsoMatching });
});

it('knows when nothing fits, and refuses what is no id', async () => {
  expect(await resolveTraceId(store.db, 'abc123456')).toBeUndefined();
  expect(await resolveTraceId(store.db, 'abc12')).toBeUndefined();
  await expect(resolveTraceId(store.db, 'xyz')).rejects.toThrow('"xyz" is no trace id');
});
