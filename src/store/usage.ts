/** What the store holds, asked of the engine's list of parts: milliseconds, whatever the size. */
import type { Database } from './database.ts';

/** One day's partition. `day` is days since 1970. */
export interface DayUsage {
  readonly id: string;
  readonly day: number;
  readonly bytes: number;
  readonly rows: number;
}

export interface Usage {
  /** Compressed bytes on disk of the table and its companions. */
  readonly bytes: number;
  readonly rows: number;
  /** Oldest first. */
  readonly days: readonly DayUsage[];
}

export const dayMs = 86_400_000;

/** `table` is partitioned by `day`; `companions` are the small tables beside it. */
export async function measureUsage(database: Database, table: string, companions: readonly string[]): Promise<Usage> {
  const rows = await database.select<{ table: string; id: string; day: string; bytes: string; rows: string }>({
    sql: `SELECT table, partition_id AS id, any(partition) AS day, sum(bytes_on_disk) AS bytes, sum(parts.rows) AS rows
      FROM system.parts AS parts
      WHERE active AND database = currentDatabase() AND table IN {tables:Array(String)}
      GROUP BY table, partition_id ORDER BY day`,
    params: { tables: [table, ...companions] },
  });
  const days = rows
    .filter((row) => row.table === table)
    .map((row) => ({
      id: row.id,
      day: Date.parse(`${row.day}T00:00:00Z`) / dayMs,
      bytes: Number(row.bytes),
      rows: Number(row.rows),
    }));
  return {
    bytes: rows.reduce((sum, row) => sum + Number(row.bytes), 0),
    rows: days.reduce((sum, day) => sum + day.rows, 0),
    days,
  };
}

/** Oldest and newest start of a span, epoch ms; null in an empty store. Spans with clocks far off are not looked at. */
export interface SpanTimes {
  readonly oldestMs: number | null;
  readonly newestMs: number | null;
}

/**
 * Finds the times of the spans again and again without reading them all: beyond what it found before, the index by time
 * leaves nothing but new granules.
 */
export function createSpanTimes(database: Database): (usage: Usage) => Promise<SpanTimes> {
  let oldest: { day: number; ms: number } | undefined;
  let newest: { day: number; ms: number } | undefined;

  async function extreme(which: 'min' | 'max', day: number, known: number | undefined): Promise<number> {
    const startMs = day * dayMs;
    const from = which === 'max' ? (known ?? startMs) : startMs;
    const to = which === 'min' ? (known ?? startMs + dayMs) : startMs + dayMs;
    const [row] = await database.select<{ ms: string; n: string }>({
      sql: `SELECT intDiv(${which}(ts), 1000000) AS ms, count() AS n FROM spans
        WHERE day = toDate({day:UInt16}) AND ts >= {from:Int64} * 1000000 AND ts < {to:Int64} * 1000000`,
      params: { day, from, to },
    });
    // A day may hold nothing but spans whose clocks were far off: they lie where they arrived.
    return row === undefined || row.n === '0' ? (known ?? startMs) : Number(row.ms);
  }

  return async ({ days }) => {
    const first = days[0]?.day;
    const last = days.at(-1)?.day;
    if (first === undefined || last === undefined) return { oldestMs: null, newestMs: null };
    oldest = { day: first, ms: await extreme('min', first, oldest?.day === first ? oldest.ms : undefined) };
    newest = { day: last, ms: await extreme('max', last, newest?.day === last ? newest.ms : undefined) };
    return { oldestMs: oldest.ms, newestMs: newest.ms };
  };
}
