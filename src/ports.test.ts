import { describe, expect, it } from 'vitest';
import { createLog } from './base/log.ts';
import type { Opened } from './listen/listeners.ts';
import { checkPorts, warnOfOpenPorts } from './ports.ts';

function logged(run: (log: ReturnType<typeof createLog>) => void): string[] {
  const lines: string[] = [];
  run(createLog({ write: (line) => lines.push(line) }));
  return lines;
}

const bound = (...addresses: string[]): Opened => ({ asked: addresses[0] ?? '', port: 4317, bound: addresses });
const taken = (asked: string, port: number): Opened => ({
  asked,
  port,
  bound: [],
  problem: Object.assign(new Error('listen EADDRINUSE'), { code: 'EADDRINUSE' }),
});

describe('a port that is taken', () => {
  it('stops the start where it matters, however its address is written', () => {
    expect(() => logged((log) => checkPorts([taken('0.0.0.0:4317', 4317)], [4317], log))).toThrow(
      '0.0.0.0:4317 is taken by another program; stop it, or move Ariane with --port-offset 100',
    );
  });

  it('is a warning elsewhere', () => {
    const lines = logged((log) => checkPorts([taken('localhost:8888', 8888), taken('a:4317/udp', 4317)], [4317], log));
    expect(lines.map((line) => line.slice(25, 55))).toEqual([
      'WARN  localhost:8888 is taken ',
      'WARN  a:4317/udp is taken by a',
    ]);
  });
});

describe('ports that only this machine reaches', () => {
  it('need no warning', () => {
    const local = [bound('127.0.0.1:4317', '[::1]:4317'), bound('127.0.0.1:6831/udp'), taken('0.0.0.0:1', 1)];
    expect(logged((log) => warnOfOpenPorts(local, log))).toEqual([]);
  });
});

describe.each([
  '[::]:4317',
  '0.0.0.0:4317',
  '10.0.0.7:4317',
  '[fe80::1]:4317',
  'host.example:4317',
  '127.evil.example:1',
])('a listener on %s', (address) => {
  it('is warned of', () => {
    const lines = logged((log) => warnOfOpenPorts([bound('127.0.0.1:16686'), bound(address)], log));
    expect(lines).toHaveLength(1);
    expect(lines[0]).toContain(`there is no login yet`);
    expect(lines[0]).toContain(`open="${address}"`);
  });
});
