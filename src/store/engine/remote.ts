/** A ClickHouse server or cluster instead of the embedded engine: the same statements, the same block files, streamed. */
import { createReadStream } from 'node:fs';
import { type ClickHouseClient, ClickHouseLogLevel, createClient } from '@clickhouse/client';
import type { Database } from '../database.ts';
import { createDatabase, mapError } from './client.ts';
import { EngineError, engineCode } from './engine-error.ts';
import { quoteName } from './statement.ts';

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

/** Makes the database where it is missing. Rejects when the server cannot be reached or refuses the password. */
export async function openRemote(options: RemoteOptions): Promise<RemoteEngine> {
  const client = clientOf(options);
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
  const greet = () => database.select({ sql: 'SELECT 1', timeoutMs: 10_000 });
  try {
    await greet().catch(async (error: unknown) => {
      if (!(error instanceof EngineError) || error.code !== engineCode.unknownDatabase) throw error;
      await makeDatabase(options);
      await greet();
    });
  } catch (error) {
    await client.close();
    throw error;
  }
  state = 'ready';
  return { database, stop: () => client.close() };
}

function clientOf({ url, user, password, database }: RemoteOptions): ClickHouseClient {
  return createClient({
    url,
    ...(user === undefined ? {} : { username: user }),
    ...(password === undefined ? {} : { password }),
    ...(database === undefined ? {} : { database }),
    request_timeout: 600_000,
    max_open_connections: 32,
    log: { level: ClickHouseLogLevel.OFF },
  });
}

/** Asked for only when it is missing: a user who may not make databases may still use one. */
async function makeDatabase({ database = 'default', ...server }: RemoteOptions): Promise<void> {
  const client = clientOf({ ...server, database: 'default' });
  try {
    await client.command({ query: `CREATE DATABASE IF NOT EXISTS ${quoteName(database)}` });
  } catch (error) {
    throw mapError(error);
  } finally {
    await client.close();
  }
}
