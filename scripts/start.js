/** `npm start`: sets everything up, then runs Ariane with its data in `./data`. Further flags go to `ariane serve`. */
import path from 'path';
import { prepare, root } from './setup.js';

await prepare();

const flags = process.argv.slice(2);
const args = flags.includes('--data') ? flags : ['--data', path.join(root, 'data'), ...flags];
const { run } = await import('../dist/cli/run.js');
process.exitCode = await run(['serve', ...args]);
