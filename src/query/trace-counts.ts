/** What a list of traces says beyond a summary: failed spans of each service, and spans whose parent did not arrive. */
import { statusCode } from '../model/span.ts';
import type { Database } from '../store/database.ts';
import { Bindings } from './bindings.ts';
import type { TimeRange } from './find-spans.ts';
import { limits } from './limits.ts';

export interface TraceCounts {
  /** Failed spans by service, without those that have none. */
  readonly errors: ReadonlyMap<string, number>;
  /** Spans that name a parent which is not in the trace. */
  readonly orphans: number;
}

/** By trace id (32 hex digits); spans that start outside `range` do not count. A trace without spans there is left out. */
export async function readTraceCounts(
  db: Database,
  traceIds: readonly string[],
  range: TimeRange,
  signal?: AbortSignal,
): Promise<Map<string, TraceCounts>> {
  if (traceIds.length === 0) return new Map();
  const values = new Bindings();
  const spans = `SELECT trace_id, span_id, parent_id, service, status FROM spans
    PREWHERE trace_id IN ${values.traceIds(traceIds)}
    WHERE ts BETWEEN ${values.bind('Int64', range.fromNs)} AND ${values.bind('Int64', range.toNs)}
    LIMIT 1 BY trace_id, span_id, kind`;
  const rows = await db.select<{ id: string; errors: readonly [string[], string[]]; orphans: string }>({
    sql: `SELECT lower(hex(trace_id)) AS id, sumMapIf([service], [toUInt64(1)], status = ${statusCode.error}) AS errors,
        countIf(parent_id != toFixedString('', 8) AND (trace_id, parent_id) NOT IN (SELECT trace_id, span_id FROM (${spans}))) AS orphans
      FROM (${spans}) GROUP BY trace_id`,
    params: values.params,
    timeoutMs: limits.searchTimeoutMs,
    ...(signal && { signal }),
  });
  return new Map(
    rows.map(({ id, errors: [names, counts], orphans }) => [
      id,
      { errors: new Map(names.map((name, i) => [name, Number(counts[i])])), orphans: Number(orphans) },
    ]),
  );
}
