/** Each service by itself: how many requests enter it, how many fail, how long they take. */
import { spanKind, statusCode } from '../model/span.ts';
import type { Database } from '../store/database.ts';
import type { TimeRange } from './find-spans.ts';
import { limits } from './limits.ts';

export interface ServiceFigures {
  readonly name: string;
  /** Entries (root, SERVER and CONSUMER spans); 0 for a service that only works inside others. */
  readonly calls: number;
  readonly errors: number;
  /** Null under 20 calls. */
  readonly p95Ns: number | null;
}

export async function readServiceFigures(
  db: Database,
  range: TimeRange,
  signal?: AbortSignal,
): Promise<ServiceFigures[]> {
  const rows = await db.select<{ name: string; calls: string; errors: string; p95: number }>({
    sql: `SELECT service AS name, countIf(entry) AS calls, countIf(entry AND status = ${statusCode.error}) AS errors,
        quantileIf(0.95)(greatest(duration, 0), entry) AS p95
      FROM (SELECT service, status, duration,
          parent_id = toFixedString('', 8) OR kind IN (${spanKind.server}, ${spanKind.consumer}) AS entry
        FROM spans WHERE ts BETWEEN {from:Int64} AND {to:Int64})
      GROUP BY service ORDER BY calls DESC, name LIMIT 2000`,
    params: { from: range.fromNs, to: range.toNs },
    timeoutMs: limits.overviewTimeoutMs,
    ...(signal && { signal }),
  });
  return rows.map((row) => {
    const calls = Number(row.calls);
    return { name: row.name, calls, errors: Number(row.errors), p95Ns: calls < 20 ? null : row.p95 };
  });
}
