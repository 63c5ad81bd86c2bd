import { expect, it } from 'vitest';
import { createLog } from './log.ts';

it('writes one line an event, and no stored string can forge a second one', () => {
  const lines: string[] = [];
  const log = createLog({ write: (line) => lines.push(line), nowMs: () => 0 }).with({ component: 'otlp' });
  log.debug('not shown');
  log.warn('bad\nname', { service: 'a\nb', count: 3, big: 2n ** 60n });
  expect(lines).toEqual([
    '1970-01-01T00:00:00.000Z WARN  bad ⏎ name component="otlp" service="a\\nb" count=3 big=1152921504606846976',
  ]);
});

it('lets no stored string steer a terminal, not even as a key', () => {
  const lines: string[] = [];
  const log = createLog({ write: (line) => lines.push(line), nowMs: () => 0 });
  log.info('\u001b[2Jname', { ['k\n\u001b[31m']: '\u009b31m\u202e' });
  expect(lines).toEqual(['1970-01-01T00:00:00.000Z INFO  \ufffd[2Jname k ⏎ \ufffd[31m="\ufffd31m\ufffd"']);
});

it('writes JSON for machines', () => {
  const lines: string[] = [];
  createLog({ format: 'json', level: 'error', write: (line) => lines.push(line), nowMs: () => 0 }).error('x', {
    n: 1n,
  });
  expect(lines).toEqual(['{"time":"1970-01-01T00:00:00.000Z","level":"error","msg":"x","n":"1"}']);
});
