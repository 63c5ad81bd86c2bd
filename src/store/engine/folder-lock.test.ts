import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { lockFolder } from './folder-lock.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'ariane-lock-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

test('a folder is locked once, and free again after the release', () => {
  const lock = lockFolder(folder);
  expect(() => lockFolder(folder)).toThrow(`data folder ${folder} is in use by process ${process.pid}`);
  lock.release();
  lockFolder(folder).release();
});

test('a folder that does not exist yet is made', () => {
  lockFolder(join(folder, 'a/b')).release();
});

test('a lock left by a process that is gone is taken over', async () => {
  const gone = spawn(process.execPath, ['-e', '']);
  await new Promise((resolve) => gone.once('exit', resolve));
  writeFileSync(join(folder, 'lock'), `${gone.pid} 1\n`);
  lockFolder(folder).release();
});

test.runIf(process.platform === 'linux')(
  'a lock whose process id was given to another process since is taken over',
  () => {
    writeFileSync(join(folder, 'lock'), `${process.pid} 1\n`);
    lockFolder(folder).release();
  },
);

test('a damaged lock file is taken over', () => {
  writeFileSync(join(folder, 'lock'), '');
  lockFolder(folder).release();
});

test('releasing does not take away the lock of a successor', () => {
  const lock = lockFolder(folder);
  writeFileSync(join(folder, 'lock'), '1 1\n');
  lock.release();
  expect(readFileSync(join(folder, 'lock'), 'utf8')).toBe('1 1\n');
});
