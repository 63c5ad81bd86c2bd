/** `ariane version`: the version, and that of what runs it. */
import { readFileSync } from 'node:fs';
import { command } from './command.ts';

export function readVersion(): string {
  const text = readFileSync(new URL('../../package.json', import.meta.url), 'utf8');
  return /"version"\s*:\s*"([^"]+)"/.exec(text)?.[1] ?? 'unknown';
}

export const version = command({
  name: 'version',
  usage: 'version',
  summary: 'print the version',
  flags: {},
  examples: [],
  async run(_values, _words, terminal) {
    terminal.out(`ariane ${readVersion()} (node ${process.versions.node}, ${process.platform} ${process.arch})\n`);
    return 0;
  },
});
