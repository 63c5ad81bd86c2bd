/** `Database` over `@clickhouse/client`: what the embedded engine and a remote server have in common. */
import type { ClickHouseClient, ClickHouseSettings } from '@clickhouse/client';
import { ClickHouseError } from '@clickhouse/client';
import { BadInput, Overloaded } from '../../base/errors.ts';
import type { Database, QueryParams, SelectQuery } from '../database.ts';
import { EngineError, engineCode } from './engine-error.ts';
import { quoteName } from './statement.ts';

export interface FileInsert {
  readonly table: string;
  readonly columns: readonly string[];
  readonly path: string;
  readonly token: string;
}

export interface Connection {
  readonly client: ClickHouseClient;
  /** Waits until the engine can be asked; throws `Overloaded` when that takes too long. */
  ready(): Promise<void>;
  /** Sends `statement`, an INSERT … FORMAT Native whose data are in the file. */
  insert(statement: string, path: string, settings: ClickHouseSettings): Promise<void>;
  state(): Database['state'];
}

const defaultTimeoutMs = 30_000;
/** How much longer than the engine's own limit an answer is awaited. */
const graceMs = 5_000;

export function createDatabase(connection: Connection): Database {
  const { client } = connection;

  /** Runs one reading request with its limits; every failure comes out as one of our errors. */
  async function ask<T>(query: SelectQuery, run: (options: AskOptions) => Promise<T>): Promise<T> {
    await connection.ready();
    const timeoutMs = query.timeoutMs ?? defaultTimeoutMs;
    const silence = AbortSignal.timeout(timeoutMs + graceMs);
    const signal = query.signal === undefined ? silence : AbortSignal.any([query.signal, silence]);
    try {
      signal.throwIfAborted();
      return await run({
        abort_signal: signal,
        ...(query.params === undefined ? {} : { query_params: query.params }),
        clickhouse_settings: {
          output_format_json_quote_64bit_integers: 1,
          max_execution_time: Math.max(timeoutMs / 1000, 0.001),
          // A server kills a read whose client left only when told so, and only when it is marked as a read.
          readonly: '2',
          cancel_http_readonly_queries_on_client_close: 1,
          ...query.settings,
        },
      });
    } catch (error) {
      query.signal?.throwIfAborted();
      throw silence.aborted
        ? new EngineError(engineCode.timeoutExceeded, `no answer in ${timeoutMs + graceMs} ms`)
        : mapError(error);
    }
  }

  return {
    get state() {
      return connection.state();
    },
    select<Row>(query: SelectQuery): Promise<Row[]> {
      return ask(query, async (options) => {
        const result = await client.query({ query: query.sql, format: 'JSONEachRow', ...options });
        return await result.json<Row>();
      });
    },
    selectBytes(query) {
      return ask(query, async (options) => {
        const { stream } = await client.exec({ query: `${query.sql}\nFORMAT ${query.format}`, ...options });
        const chunks: Buffer[] = [];
        for await (const chunk of stream) if (Buffer.isBuffer(chunk)) chunks.push(chunk);
        return Buffer.concat(chunks);
      });
    },
    async command(sql: string, params?: QueryParams) {
      await connection.ready();
      try {
        await client.command({
          query: sql,
          ...(params === undefined ? {} : { query_params: params }),
          clickhouse_settings: { wait_end_of_query: 1 },
        });
      } catch (error) {
        throw mapError(error);
      }
    },
    async insertFile({ table, columns, path, token }) {
      await connection.ready();
      try {
        await connection.insert(
          `INSERT INTO ${quoteName(table)} (${columns.map(quoteName).join(', ')}) FORMAT Native`,
          path,
          {
            insert_deduplication_token: token,
            async_insert: 0,
            wait_end_of_query: 1,
          },
        );
      } catch (error) {
        throw mapError(error);
      }
    },
  };
}

interface AskOptions {
  readonly abort_signal: AbortSignal;
  readonly query_params?: Record<string, unknown>;
  readonly clickhouse_settings: ClickHouseSettings;
}

const transient = new Set([
  'ECONNREFUSED',
  'ECONNRESET',
  'EPIPE',
  'ENOENT',
  'ETIMEDOUT',
  'ENOTFOUND',
  'EAI_AGAIN',
  'EHOSTUNREACH',
  'ECONNABORTED',
]);

/** The engine's refusals keep their code; a connection that broke is `Overloaded`, for a restart is under way. */
export function mapError(error: unknown): unknown {
  if (error instanceof EngineError || error instanceof Overloaded || error instanceof BadInput) return error;
  if (error instanceof ClickHouseError) {
    const code = Number(error.code);
    if (code === engineCode.tooManyQueries)
      return new Overloaded(`the store is busy: ${error.message}`, { reason: 'full', cause: error });
    return new EngineError(code, `${error.message.trim()} (${error.type ?? 'UNKNOWN'})`, { cause: error });
  }
  const text = error instanceof Error ? error.message : String(error);
  const errno = error instanceof Error && 'code' in error ? String(error.code) : '';
  if (transient.has(errno) || /socket hang up|aborted|premature close/i.test(text))
    return new Overloaded(`the store does not answer: ${text}`, { reason: 'unavailable', cause: error });
  return error;
}
