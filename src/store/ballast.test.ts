import { existsSync, mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { createBallast } from './ballast.ts';

test('the ballast lies on the disk except while its room is needed', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'ariane-ballast-'));
  const path = join(folder, 'ballast');
  const ballast = createBallast(path, 5000);
  await ballast.load();
  expect(statSync(path).size).toBe(5000);
  expect(await ballast.without(() => Promise.resolve(existsSync(path)))).toBe(false);
  expect(statSync(path).size).toBe(5000);
  await expect(ballast.without(() => Promise.reject(new Error('no')))).rejects.toThrow('no');
  // A rest of one that did not fit is written anew.
  writeFileSync(path, 'short');
  await ballast.load();
  expect(statSync(path).size).toBe(5000);
  rmSync(folder, { recursive: true });
  await ballast.load();
});
