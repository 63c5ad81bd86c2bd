/** When the newest span started. */
import type { Database } from '../store/database.ts';
import { limits } from './limits.ts';

/** Senders' clocks may be a little ahead; what is further ahead is wrong and would hide the others. */
const aheadMs = 3_600_000;

/** Epoch ms; null in a store without spans. Where all spans are of the future, the nearest. */
export async function readNewestMs(db: Database, nowMs: number, signal?: AbortSignal): Promise<number | null> {
  const edge = BigInt(Math.round(nowMs + aheadMs)) * 1_000_000n;
  const find = (sql: string) =>
    db.select<{ ts: string }>({
      sql,
      params: { edge },
      timeoutMs: limits.searchTimeoutMs,
      ...(signal && { signal }),
    });
  const [newest] = await find('SELECT ts FROM spans WHERE ts <= {edge:Int64} ORDER BY ts DESC LIMIT 1');
  const [nearest] =
    newest === undefined ? await find('SELECT ts FROM spans WHERE ts > {edge:Int64} ORDER BY ts LIMIT 1') : [];
  const row = newest ?? nearest;
  return row === undefined ? null : Number(BigInt(row.ts) / 1_000_000n);
}
