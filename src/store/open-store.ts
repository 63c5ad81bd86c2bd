/** The store as `main.ts` opens it: an engine of its own or a remote one, its tables, its retention. */
import type { Log } from '../base/log.ts';
import type { Database } from './database.ts';
import { openEmbedded } from './engine/embedded.ts';
import { lockFolder } from './engine/folder-lock.ts';
import { openRemote } from './engine/remote.ts';
import { migrate } from './migrate.ts';

export interface StoreOptions {
  readonly dataDir: string;
  /** A ClickHouse server instead of the embedded engine. */
  readonly url?: string;
  readonly log: Log;
}

export interface Store {
  readonly database: Database;
  stop(): Promise<void>;
}

export async function openStore(options: StoreOptions): Promise<Store> {
  const lock = lockFolder(options.dataDir);
  try {
    const engine = options.url === undefined ? await openEmbedded(options) : await openRemote({ url: options.url });
    await migrate(engine.database);
    return {
      database: engine.database,
      async stop() {
        await engine.stop();
        lock.release();
      },
    };
  } catch (error) {
    lock.release();
    throw error;
  }
}
