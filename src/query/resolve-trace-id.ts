/** From what a person pasted to a stored trace. */
import { BadInput } from '../base/errors.ts';
import { parseTraceIdQuery, type TraceIdQuery } from '../model/ids.ts';
import type { Database } from '../store/database.ts';
import { findTraceIdsByPrefix } from './find-trace-ids.ts';

export interface ResolvedTraceId {
  /** 32 hex digits. */
  readonly traceId: string;
  /** Other traces that the prefix fits, newest first. */
  readonly alsoMatching: readonly string[];
}

const maxAlso = 20;

/** Undefined when no stored trace fits. Throws `BadInput` for a text that cannot be an id. */
export async function resolveTraceId(
  db: Database,
  text: string,
  signal?: AbortSignal,
): Promise<ResolvedTraceId | undefined> {
  const queries = parseTraceIdQuery(text);
  if (queries.length === 0) throw new BadInput(`"${text.slice(0, 80)}" is no trace id: 1 to 32 hex digits expected`);
  return resolveTraceIdQueries(db, queries, signal);
}

export async function resolveTraceIdQueries(
  db: Database,
  queries: readonly TraceIdQuery[],
  signal?: AbortSignal,
): Promise<ResolvedTraceId | undefined> {
  for (const query of queries) {
    if (query.kind === 'exact') {
      if (await hasTrace(db, query.traceId, signal)) return { traceId: query.traceId, alsoMatching: [] };
      continue;
    }
    const [traceId, ...alsoMatching] = await findTraceIdsByPrefix(db, query.prefix, maxAlso + 1, signal);
    if (traceId !== undefined) return { traceId, alsoMatching };
  }
  return undefined;
}

async function hasTrace(db: Database, traceId: string, signal?: AbortSignal): Promise<boolean> {
  const rows = await db.select<{ found: number }>({
    sql: `SELECT 1 AS found FROM spans WHERE trace_id = unhex({id:String}) LIMIT 1`,
    params: { id: traceId },
    ...(signal && { signal }),
  });
  return rows.length > 0;
}
