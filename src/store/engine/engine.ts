/**
 * chDB with several sessions, so that a long query never delays an insert, a short query or a kill:
 * readers (read-only), one for inserts, one for DDL, one for kills.
 */
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { drainPending, version } from 'chdb';
import { engineConfigXml } from './config-file.ts';
import { createLane } from './lane.ts';
import type { EngineOptions } from './options.ts';
import { type EngineQuery, type EngineSession, openSession } from './session.ts';
import { kindOfStatement, quoteText, type StatementKind } from './statement.ts';

export interface Engine {
  readonly version: string;
  /** Runs one statement on a session of its kind; killed when `signal` aborts. Throws `EngineError`. */
  run(query: EngineQuery, signal: AbortSignal): Promise<Uint8Array>;
  /** The same for reading in a binary format, chunk by chunk; `take` holds the next chunk back until it resolves. */
  stream(query: EngineQuery, signal: AbortSignal, take: (chunk: Uint8Array) => Promise<void>): Promise<void>;
  close(): Promise<void>;
}

/** Limits of one reading query, unless its request asks otherwise. */
function readDefaults(memoryBytes: number): Record<string, string> {
  return {
    max_execution_time: '30',
    // All readers together, each spilling to disk in time, leave room for inserts and merges: measured with four at once.
    max_memory_usage: String(Math.floor(memoryBytes * 0.35)),
    max_bytes_before_external_group_by: String(Math.floor(memoryBytes * 0.08)),
    max_bytes_before_external_sort: String(Math.floor(memoryBytes * 0.08)),
    max_result_rows: '2000000',
    max_result_bytes: String(512 * 2 ** 20),
    result_overflow_mode: 'throw',
    max_threads: String(Math.min(availableParallelism(), 8)),
    // By default the engine wants 1 GiB free for each thread, which is more than all it has here: every query would have one thread.
    max_threads_min_free_memory_per_thread: '0',
  };
}

const insertDefaults: Readonly<Record<string, string>> = {
  max_execution_time: '120',
  // An import of old traces may touch any number of days.
  max_partitions_per_insert_block: '0',
  // One thread keeps the order of blocks, which deduplication by token counts on.
  max_threads: '1',
  max_insert_threads: '1',
  // Blocks are made into parts as they come, not gathered up to a million rows first: that is the engine's whole memory.
  min_insert_block_size_rows: '32768',
  min_insert_block_size_bytes: String(16 * 2 ** 20),
};

export function openEngine(options: EngineOptions): Engine {
  mkdirSync(options.folder, { recursive: true });
  writeFileSync(options.configFile, engineConfigXml(options.memoryBytes));

  const sessions: EngineSession[] = [];
  const open = (tag: string, fixed: Record<string, string> = {}) => {
    const session = openSession(options.folder, options.configFile, tag, fixed);
    sessions.push(session);
    return session;
  };
  const killer = open('ariane-kill');
  // Only now is it certain that no other engine uses the folder.
  rmSync(options.spillFolder, { recursive: true, force: true });
  mkdirSync(options.spillFolder, { recursive: true });
  const kill = async (session: EngineSession) => {
    await killer.run(plain(`KILL QUERY WHERE Settings['log_comment'] = ${quoteText(session.tag)} ASYNC`));
  };
  const lane = (tags: readonly EngineSession[]) => createLane(tags, options.maxWaiting, kill);
  const lanes = {
    read: lane(Array.from({ length: options.readers }, (_, i) => open(`ariane-read-${i}`, { readonly: '2' }))),
    insert: lane([open('ariane-insert')]),
    change: lane([open('ariane-change')]),
    kill: createLane([killer], options.maxWaiting, async () => {}),
  };
  const defaults: Record<StatementKind, Readonly<Record<string, string>>> = {
    read: readDefaults(options.memoryBytes),
    insert: insertDefaults,
    change: {},
    kill: {},
  };
  const complete = (query: EngineQuery, kind: StatementKind): EngineQuery => {
    const settings = new Map(Object.entries(defaults[kind]));
    for (const [name, value] of query.settings) settings.set(name, value);
    // A repeated INSERT … SELECT must be recognised by its token alone, whatever the engine thinks of the SELECT's order.
    if (kind === 'insert' && settings.has('insert_deduplication_token'))
      settings.set('deduplicate_insert_select', 'enable_even_for_bad_queries');
    return { ...query, settings };
  };

  return {
    version: version().libchdb,
    run(query, signal) {
      const kind = kindOfStatement(query.sql);
      return lanes[kind].use(signal, (session) => session.run(complete(query, kind)));
    },
    stream(query, signal, take) {
      return lanes.read.use(signal, async (session) => {
        for await (const chunk of session.stream(complete(query, 'read'))) await take(chunk);
      });
    },
    async close() {
      await drainPending();
      for (const session of sessions) session.close();
    },
  };
}

function plain(sql: string): EngineQuery {
  return { sql, format: 'TabSeparated', settings: new Map(), params: new Map(), database: 'default' };
}
