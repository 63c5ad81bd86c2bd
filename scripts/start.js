/** The first half of `npm start`: sets everything up. The second half runs `bin/ariane` in this process's place. */
import { prepare } from './setup.js';

await prepare();
