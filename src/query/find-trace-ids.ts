/** Which stored trace ids begin with these hex digits. */
import type { Database } from '../store/database.ts';
import { limits } from './limits.ts';

/**
 * Whole ids (32 hex digits), the newest trace first, at most `limit`. A prefix of 1 to 31 digits is that of a 128-bit id, or of a
 * 64-bit one, which is stored with sixteen zeros before it.
 */
export async function findTraceIdsByPrefix(
  db: Database,
  prefix: string,
  limit: number,
  signal?: AbortSignal,
): Promise<string[]> {
  const params: Record<string, string | number> = { limit };
  const either = [prefix, ...(prefix.length <= 16 ? [`${'0'.repeat(16)}${prefix}`] : [])].map((digits, i) => {
    params[`from${i}`] = digits.padEnd(32, '0');
    params[`to${i}`] = digits.padEnd(32, 'f');
    return `(trace_id >= unhex({from${i}:String}) AND trace_id <= unhex({to${i}:String}))`;
  });
  const rows = await db.select<{ id: string }>({
    sql: `SELECT lower(hex(trace_id)) AS id FROM spans PREWHERE ${either.join(' OR ')}
      GROUP BY trace_id ORDER BY max(ts) DESC LIMIT {limit:UInt32}`,
    params,
    timeoutMs: limits.traceTimeoutMs,
    ...(signal && { signal }),
  });
  return rows.map((row) => row.id);
}
