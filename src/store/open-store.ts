/** The store as `main.ts` opens it: an engine of its own or a remote server, its tables, its retention. */
import { statfs } from 'node:fs/promises';
import { join } from 'node:path';
import { type Clock, systemClock } from '../base/clock.ts';
import { ConfigError, Overloaded } from '../base/errors.ts';
import type { Log } from '../base/log.ts';
import type { Metrics } from '../base/metrics.ts';
import { createBallast } from './ballast.ts';
import { rewriteFor } from './cluster.ts';
import type { Database } from './database.ts';
import { type EmbeddedOptions, openEmbedded } from './engine/embedded.ts';
import { EngineError } from './engine/engine-error.ts';
import { lockFolder } from './engine/folder-lock.ts';
import { openRemote, type RemoteOptions } from './engine/remote.ts';
import { migrate } from './migrate.ts';
import { createRetention, type Retention, type RetentionLimits } from './retention.ts';
import { createStats, type StoreStats } from './stats.ts';

export type { StoreStats } from './stats.ts';

export interface StoreOptions {
  /** Locked for this process, also when the data lie on a remote server: the spool is in it. */
  readonly dataDir: string;
  /** A ClickHouse server instead of the embedded engine. `cluster` is unverified, see `cluster.ts`. */
  readonly remote?: RemoteOptions & { readonly cluster?: string };
  /** Of the traces. Default: 7 days, and 10 GiB or a fifth of the disk, whichever is less. */
  readonly retention?: Partial<RetentionLimits>;
  readonly limits?: NonNullable<EmbeddedOptions['limits']>;
  readonly log: Log;
  readonly metrics?: Metrics;
  readonly clock?: Clock;
}

export interface Store {
  readonly database: Database;
  /** At most a second old; the last known, with the state of now, while the engine is away. */
  stats(): Promise<StoreStats>;
  /** New spans are to be refused (retryably): their day alone is over the limit. */
  isFull(): boolean;
  /** Ends retention, drains the engine (for less than a second: what is acknowledged is on disk), frees the folder. Safe twice. */
  stop(): Promise<void>;
}

const maxDrainMs = 800;
const companions = ['shapes', 'resources', 'scopes'] as const;

/** Throws `ConfigError`, one clear sentence: the folder is in use, the store is newer than the program, the server refuses. */
export async function openStore(options: StoreOptions): Promise<Store> {
  const clock = options.clock ?? systemClock;
  const ballast = createBallast(join(options.dataDir, 'ballast'));
  await ballast.throwOffIfFull();
  const lock = lockFolder(options.dataDir);
  let engine: { database: Database; stop(withinMs?: number): Promise<void> } | undefined;
  try {
    engine = options.remote === undefined ? await openEmbedded(options) : await openRemote(options.remote);
    const { database } = engine;
    await prepareTables(database, options);
    const limits = { ...(await defaultLimits(options.dataDir)), ...options.retention };
    const { log } = options;
    const retention = createRetention({ database, table: 'spans', companions, limits, clock, log, ballast });
    const stats = createStats({ database, retention, limits, clock });
    if (options.metrics !== undefined) registerMetrics(options.metrics, stats, retention, database);
    retention.start();
    return {
      database,
      stats: () => stats.read(),
      isFull: () => retention.isFull(),
      stop: once(async () => {
        const ended = retention.stop();
        await engine?.stop(maxDrainMs);
        await ended;
        lock.release();
      }),
    };
  } catch (error) {
    await engine?.stop();
    lock.release();
    throw isFromOutside(error) ? new ConfigError('', 'cannot open the store', { cause: error }) : error;
  }
}

/** What the engine, the network or the disk said; anything else is a fault of ours, to be shown whole. */
function isFromOutside(error: unknown): boolean {
  return error instanceof EngineError || error instanceof Overloaded || (error instanceof Error && 'syscall' in error);
}

async function prepareTables(database: Database, { remote, log }: StoreOptions): Promise<void> {
  let applied: number[];
  if (remote === undefined) applied = await migrate(database);
  else {
    const [server] = await database.select<{ version: string }>({ sql: 'SELECT version() AS version' });
    const kind = {
      version: server?.version ?? '',
      ...(remote.cluster === undefined ? {} : { cluster: remote.cluster }),
    };
    applied = await migrate(database, { rewrite: rewriteFor(kind) });
  }
  if (applied.length > 0) log.debug('migrated the store', { migrations: applied.join(', ') });
}

async function defaultLimits(dataDir: string): Promise<RetentionLimits> {
  const disk = await statfs(dataDir);
  return { days: 7, maxBytes: Math.min(10 * 2 ** 30, Math.floor((disk.blocks * disk.bsize) / 5)) };
}

function registerMetrics(
  metrics: Metrics,
  stats: { last(): StoreStats },
  retention: Retention,
  database: Database,
): void {
  metrics.gauge('store_bytes', 'Compressed bytes of the traces on disk.', () => stats.last().bytes);
  metrics.gauge('store_spans', 'Spans in the store.', () => stats.last().spans);
  metrics.gauge('store_full', '1 while new spans are refused because the disk limit is reached.', () =>
    retention.isFull() ? 1 : 0,
  );
  metrics.gauge('store_ready', '1 while the engine answers.', () => (database.state === 'ready' ? 1 : 0));
}

function once(run: () => Promise<void>): () => Promise<void> {
  let done: Promise<void> | undefined;
  return () => (done ??= run());
}
