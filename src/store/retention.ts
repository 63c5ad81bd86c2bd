/**
 * Keeps a signal's tables within their days and their bytes. Whole days go, the oldest first. The day that is being
 * written never goes: when it alone is over the limit, the store is full and new data are refused until there is room.
 */
import type { Clock } from '../base/clock.ts';
import { describeError } from '../base/errors.ts';
import type { Log } from '../base/log.ts';
import type { Ballast } from './ballast.ts';
import type { Database } from './database.ts';
import { EngineError, engineCode } from './engine/engine-error.ts';
import { type DayUsage, dayMs, measureUsage, type Usage } from './usage.ts';

export interface RetentionLimits {
  /** Days kept, today included; 0 keeps them for ever. */
  readonly days: number;
  /** Bytes on disk of the signal's tables; 0 sets no limit. */
  readonly maxBytes: number;
}

export interface Retention {
  /** Measures, and drops what is over a limit. */
  check(): Promise<Usage>;
  /** Only measures. */
  measure(): Promise<Usage>;
  /** As measured last. */
  lastUsage(): Usage;
  /** True while the limit is exceeded by what may not be dropped. */
  isFull(): boolean;
  /** Checks now, and every 10 s until `stop`. */
  start(): void;
  stop(): Promise<void>;
}

export interface RetentionOptions {
  readonly database: Database;
  /** Partitioned by `day`. */
  readonly table: string;
  /** Small tables that rows of `table` refer to: a row's `day` is the last day on which something that refers to it arrived. */
  readonly companions: readonly string[];
  readonly limits: RetentionLimits;
  readonly clock: Clock;
  readonly log: Log;
  readonly intervalMs?: number;
  /** Room for dropping on a full disk. */
  readonly ballast?: Ballast;
}

export function createRetention(options: RetentionOptions): Retention {
  const { database, table, companions, limits, clock, log, ballast } = options;
  let isFull = false;
  let usage: Usage = { bytes: 0, rows: 0, days: [] };
  let companionsSince = Number.NEGATIVE_INFINITY;
  let cancel = () => {};
  let isStopped = false;
  let running: Promise<void> = Promise.resolve();

  async function measure(): Promise<Usage> {
    usage = await measureUsage(database, table, companions);
    return usage;
  }

  async function check(): Promise<Usage> {
    await ballast?.load();
    await measure();
    const today = Math.floor(clock.nowMs() / dayMs);
    const expired = chooseExpired(usage, limits, today);
    for (const day of expired) {
      await drop(day);
      log.info('dropped a day that is over the limit', {
        table,
        day: dayText(day.day),
        rows: day.rows,
        bytes: day.bytes,
      });
    }
    if (expired.length > 0) await measure();
    const [oldest] = usage.days;
    if (oldest !== undefined) await expireCompanions(Math.min(oldest.day, today));
    const isOver = limits.maxBytes > 0 && usage.bytes > limits.maxBytes;
    if (isOver !== isFull) {
      if (isOver)
        log.warn('the store is full: new data are refused', { table, bytes: usage.bytes, limit: limits.maxBytes });
      else log.info('the store has room again', { table, bytes: usage.bytes });
    }
    isFull = isOver;
    return usage;
  }

  async function drop(day: DayUsage): Promise<void> {
    // The id comes from the engine's own list: digits.
    const sql = `ALTER TABLE ${table} DROP PARTITION ID '${day.id}'`;
    try {
      await database.command(sql);
    } catch (error) {
      const isDiskFull = error instanceof EngineError && error.code === engineCode.notEnoughSpace;
      if (!isDiskFull || ballast === undefined) throw error;
      await ballast.without(() => database.command(sql));
    }
  }

  /** Removes what no row that is left can refer to. A row may be dated one day after its arrival, hence the day less. */
  async function expireCompanions(oldestDay: number): Promise<void> {
    if (oldestDay <= companionsSince) return;
    const before = dayText(oldestDay - 1);
    for (const companion of companions) {
      const [row] = await database.select<{ n: string }>({
        sql: `SELECT count() AS n FROM ${companion} WHERE day < {before:Date}`,
        params: { before },
      });
      if (row === undefined || row.n === '0') continue;
      await database.command(`ALTER TABLE ${companion} DELETE WHERE day < '${before}'`);
    }
    companionsSince = oldestDay;
  }

  async function checkAndGoOn(): Promise<void> {
    try {
      await check();
    } catch (error) {
      // The engine may be away for a moment; the next check finds what is left to do.
      if (!isStopped) log.warn('cannot check retention', { table, error: describeError(error) });
    }
    if (isStopped) return;
    cancel = clock.after(options.intervalMs ?? 10_000, () => {
      running = checkAndGoOn();
    });
  }

  return {
    check,
    measure,
    lastUsage: () => usage,
    isFull: () => isFull,
    start() {
      running = checkAndGoOn();
    },
    async stop() {
      isStopped = true;
      cancel();
      await running;
    },
  };
}

/** Which days are to go: those past their time, then the oldest until the rest fits; never today's or a later one. */
export function chooseExpired(usage: Usage, limits: RetentionLimits, today: number): DayUsage[] {
  let bytes = usage.bytes;
  const expired: DayUsage[] = [];
  for (const day of usage.days) {
    if (day.day >= today) break;
    const isPast = limits.days > 0 && day.day <= today - limits.days;
    const isOver = limits.maxBytes > 0 && bytes > limits.maxBytes;
    if (!isPast && !isOver) break;
    bytes -= day.bytes;
    expired.push(day);
  }
  return expired;
}

function dayText(day: number): string {
  return new Date(day * dayMs).toISOString().slice(0, 10);
}
