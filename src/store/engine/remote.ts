/** A ClickHouse server or cluster instead of the embedded engine: the same statements, the same block files, streamed. */
import { createReadStream } from 'node:fs';
import { ClickHouseLogLevel, createClient } from '@clickhouse/client';
import type { Database } from '../database.ts';
import { createDatabase } from './client.ts';

export interface RemoteOptions {
  /** `https://clickhouse.example:8443`; user, password and database may stand in it: `http://user:password@host:8123/traces`. */
  readonly url: string;
  readonly user?: string;
  readonly password?: string;
  readonly database?: string;
}

export interface RemoteEngine {
  readonly database: Database;
  stop(): Promise<void>;
}

/** Rejects when the server cannot be reached or refuses the password. */
export async function openRemote(options: RemoteOptions): Promise<RemoteEngine> {
  const client = createClient({
    url: options.url,
    ...(options.user === undefined ? {} : { username: options.user }),
    ...(options.password === undefined ? {} : { password: options.password }),
    ...(options.database === undefined ? {} : { database: options.database }),
    request_timeout: 600_000,
    max_open_connections: 32,
    log: { level: ClickHouseLogLevel.OFF },
  });
  let state: Database['state'] = 'starting';
  const database = createDatabase({
    client,
    state: () => state,
    ready: async () => {},
    async insert(statement, path, settings) {
      const { stream } = await client.exec({
        query: statement,
        values: createReadStream(path),
        clickhouse_settings: settings,
      });
      // The answer is empty; it must be read for the connection to be used again.
      stream.resume();
      await new Promise((resolve, reject) => stream.once('end', resolve).once('error', reject));
    },
  });
  try {
    await database.select({ sql: 'SELECT 1', timeoutMs: 10_000 });
  } catch (error) {
    await client.close();
    throw error;
  }
  state = 'ready';
  return { database, stop: () => client.close() };
}
