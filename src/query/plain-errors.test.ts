import { expect, it } from 'vitest';
import type { Database } from '../store/database.ts';
import { EngineError } from '../store/engine/engine-error.ts';
import { withPlainErrors } from './plain-errors.ts';

function failing(error: Error): Database {
  const fail = () => Promise.reject(error);
  return withPlainErrors({ state: 'ready', select: fail, selectBytes: fail, command: fail, insertFile: fail });
}

it.each([
  [159, 'the answer takes too long to find: ask for a shorter time range or add a condition'],
  [241, 'the answer needs too much memory: ask for a shorter time range or add a condition'],
])('tells whoever asked what to do about code %d', async (code, message) => {
  const db = failing(new EngineError(code, 'DB::Exception'));
  const expected = { name: 'Overloaded', reason: 'unavailable', message };
  await expect(db.select({ sql: '' })).rejects.toMatchObject(expected);
  await expect(db.selectBytes({ sql: '', format: 'RowBinary' })).rejects.toMatchObject(expected);
});

it('leaves every other error as it is', async () => {
  const wrong = new EngineError(62, 'syntax');
  await expect(failing(wrong).select({ sql: '' })).rejects.toBe(wrong);
  const bug = new TypeError('x');
  await expect(failing(bug).select({ sql: '' })).rejects.toBe(bug);
});
