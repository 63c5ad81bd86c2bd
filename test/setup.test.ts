import { describe, expect, it } from 'vitest';
import { problemWithDisk, problemWithMachine } from '../scripts/setup.js';

const fits = { nodeVersion: '20.19.0', platform: 'linux', arch: 'x64', glibc: true };

describe('before anything is fetched, one sentence says why this machine cannot run Ariane', () => {
  it('accepts Node 20.19 and every later line', () => {
    expect(problemWithMachine(fits)).toBeUndefined();
    expect(problemWithMachine({ ...fits, nodeVersion: '24.1.0' })).toBeUndefined();
    expect(problemWithMachine({ ...fits, platform: 'darwin', glibc: false })).toBeUndefined();
  });

  it.each([
    [{ ...fits, nodeVersion: '20.18.3' }, /20\.19 or later/],
    [{ ...fits, nodeVersion: '18.20.0' }, /20\.19 or later/],
    [{ ...fits, platform: 'win32' }, /WSL/],
    [{ ...fits, platform: 'freebsd' }, /freebsd is not supported/],
    [{ ...fits, glibc: false }, /musl/],
    [{ ...fits, arch: 'riscv64' }, /riscv64/],
  ])('refuses %o', (machine, sentence) => {
    expect(problemWithMachine(machine)).toMatch(sentence);
  });

  it('says how much disk is missing', () => {
    expect(problemWithDisk(2 ** 31)).toBeUndefined();
    expect(problemWithDisk(100 * 2 ** 20)).toMatch(/100 MB free; installing needs 1060 MB/);
  });
});
