/** The operations of a service (span names), each with the kinds it occurs with. */
import type { SpanKind } from '../model/span.ts';
import type { Database } from '../store/database.ts';
import { limits } from './limits.ts';

export interface Operation {
  readonly name: string;
  readonly kind: SpanKind;
}

/** By name, then kind. */
export async function listOperations(db: Database, service: string, signal?: AbortSignal): Promise<Operation[]> {
  return db.select<Operation>({
    sql: `SELECT name, kind FROM spans WHERE service = {service:String}
      GROUP BY name, kind ORDER BY name, kind LIMIT 100000`,
    params: { service },
    timeoutMs: limits.searchTimeoutMs,
    ...(signal && { signal }),
  });
}
