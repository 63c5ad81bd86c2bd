/**
 * One chDB session: one query at a time. Settings, parameters and the database are set on the session only where they
 * differ from the query before, which for a service's few kinds of queries is nearly never.
 *
 * chDB's own parameter binding shares state between sessions and lets one query with parameters run at a time in the
 * whole process; `SET param_x` on the session has neither trouble.
 */
import { Session } from 'chdb';
import { EngineError, engineCode, engineErrorFrom } from './engine-error.ts';
import { quoteName, quoteText } from './statement.ts';

export interface EngineQuery {
  readonly sql: string;
  /** Used when the statement has no FORMAT clause. */
  readonly format: string;
  readonly settings: ReadonlyMap<string, string>;
  /** Values in ClickHouse's escaped text, as `param_x` carries them over HTTP. */
  readonly params: ReadonlyMap<string, string>;
  readonly database: string;
}

export interface EngineSession {
  /** By which the query that runs here is found in `system.processes`: `Settings['log_comment']`. */
  readonly tag: string;
  run(query: EngineQuery): Promise<Uint8Array>;
  /** The same in chunks, for binary formats whose chunks just follow one another. */
  stream(query: EngineQuery): AsyncIterable<Uint8Array>;
  close(): void;
}

/** `fixed` settings are set once and cannot be changed by a query. */
export function openSession(
  folder: string,
  configFile: string,
  tag: string,
  fixed: Readonly<Record<string, string>>,
): EngineSession {
  const session = new Session(folder, { connectionArgs: [`--config-file=${configFile}`] });
  // The library takes `x` for `SELECT x`; a server does not.
  const fixedText = Object.entries({ implicit_select: '0', ...fixed, log_comment: tag }).map(
    ([name, value]) => `${name}=${quoteText(value)}`,
  );
  session.query(`SET ${fixedText.join(', ')}`);

  /** What was set by queries; undefined: unknown, because a SET was refused half-way. */
  const current = new Map<string, string | undefined>();
  const knownParams = new Set<string>();
  let database = 'default';

  async function prepare(query: EngineQuery): Promise<void> {
    if (query.database !== database) {
      await session.queryAsync(`USE ${quoteName(query.database)}`);
      database = query.database;
    }
    const changes: string[] = [];
    for (const [name, value] of query.settings) {
      if (name in fixed || current.get(name) === value) continue;
      changes.push(`${checkedName(name)}=${quoteText(value)}`);
    }
    for (const name of current.keys()) if (!query.settings.has(name)) changes.push(`${name}=DEFAULT`);
    for (const name of knownParams) {
      // An earlier query's value must not stand in for one that was forgotten.
      if (!query.params.has(name) && new RegExp(`\\{\\s*${name}\\s*:`).test(query.sql))
        throw new EngineError(engineCode.unknownParameter, `Substitution \`${name}\` is not set.`);
    }
    for (const [name, value] of query.params) {
      knownParams.add(checkedName(name));
      changes.push(`param_${name}=${quoteText(value)}`);
    }
    if (changes.length === 0) return;
    const touched = new Set([...current.keys(), ...query.settings.keys()]);
    for (const name of touched) if (!(name in fixed)) current.set(name, undefined);
    await session.queryAsync(`SET ${changes.join(', ')}`);
    current.clear();
    for (const [name, value] of query.settings) if (!(name in fixed)) current.set(name, value);
  }

  return {
    tag,
    async run(query) {
      try {
        await prepare(query);
        return (await session.queryAsync(query.sql, { format: query.format })).bytes();
      } catch (error) {
        throw asEngineError(error);
      }
    },
    async *stream(query) {
      try {
        await prepare(query);
        for await (const chunk of session.queryStream(query.sql, { format: query.format })) yield chunk.raw();
      } catch (error) {
        throw asEngineError(error);
      }
    },
    close: () => session.close(),
  };
}

function checkedName(name: string): string {
  if (!/^[A-Za-z_]\w*$/.test(name)) throw new EngineError(engineCode.badArguments, `no name: ${name}`);
  return name;
}

function asEngineError(error: unknown): EngineError {
  return error instanceof EngineError ? error : engineErrorFrom(error);
}
