/** A real store in a folder of its own, for tests: `const store = await openTestStore()` … `await store.stop()`. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { silentLog } from '../base/log.ts';
import { openStore, type Store, type StoreOptions } from './open-store.ts';

export interface TestStore extends Store {
  readonly dataDir: string;
}

/**
 * Needs the compiled server (`npm run build:server`), for the engine's process cannot run TypeScript. Keeps everything for
 * ever unless told otherwise: tests bring spans of any day. `stop` removes the folder.
 */
export async function openTestStore(options: Partial<StoreOptions> = {}): Promise<TestStore> {
  const dataDir = options.dataDir ?? mkdtempSync(join(tmpdir(), 'ariane-store-'));
  const store = await openStore({ log: silentLog, retention: { days: 0, maxBytes: 0 }, ...options, dataDir });
  return {
    ...store,
    dataDir,
    async stop() {
      await store.stop();
      if (options.dataDir === undefined) rmSync(dataDir, { recursive: true, force: true });
    },
  };
}
