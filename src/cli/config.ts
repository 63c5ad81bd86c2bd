/** `ariane config`: what runs when no --config is given, to start one's own from. */
import { readFile } from 'node:fs/promises';
import { command } from './command.ts';

export const config = command({
  name: 'config',
  usage: 'config',
  summary: 'print the default configuration, a Collector YAML',
  flags: {},
  examples: [['ariane config > ariane.yaml', 'to start one of your own from']],
  async run(_values, _words, terminal) {
    terminal.out(await readFile(new URL('../../config/default.yaml', import.meta.url), 'utf8'));
    return 0;
  },
});
