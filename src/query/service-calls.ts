/** Who calls whom, from spans: a call is a span whose parent belongs to another service. */
import type { Database } from '../store/database.ts';
import type { TimeRange } from './find-spans.ts';
import { limits } from './limits.ts';

export interface ServiceCalls {
  readonly from: string;
  readonly to: string;
  readonly calls: number;
  readonly errors: number;
  /** Of the called span. Null under 20 calls. */
  readonly p95Ns: number | null;
}

/** Spans that are joined at most; of more, every n-th trace is counted n times. The join's table must fit into memory. */
const maxJoined = 300_000;
/** A parent may start before the range. */
const parentLeadNs = 3_600_000_000_000n;

/** The called spans start in the range. Counts are exact up to 300,000 spans in it, estimates beyond. */
export async function readServiceCalls(db: Database, range: TimeRange, signal?: AbortSignal): Promise<ServiceCalls[]> {
  if (range.fromNs > range.toNs) return [];
  const times = { from: range.fromNs, to: range.toNs };
  const shared = { timeoutMs: limits.overviewTimeoutMs, ...(signal && { signal }) };
  const [size] = await db.select<{ spans: string }>({
    sql: `SELECT count() AS spans FROM spans WHERE ts BETWEEN {from:Int64} AND {to:Int64}`,
    params: times,
    ...shared,
  });
  const step = Math.ceil(Number(size?.spans ?? 0) / maxJoined) || 1;
  const sample = step === 1 ? '' : 'AND cityHash64(trace_id) % {step:UInt32} = 0';
  const before = range.fromNs - parentLeadNs;
  // Ids as hashes of 8 bytes: the join's table is a third of what it is with the ids themselves.
  const rows = await db.select<{ from: string; to: string; calls: string; errors: string; p95: number }>({
    sql: `SELECT p.service AS from, c.service AS to, count() AS calls, sum(c.failed) AS errors, quantile(0.95)(c.duration) AS p95
      FROM (
        SELECT sipHash64(trace_id, parent_id) AS parent, service, duration, status = 2 AS failed FROM spans
        WHERE ts BETWEEN {from:Int64} AND {to:Int64} AND parent_id != toFixedString('', 8) ${sample}
        LIMIT 1 BY sipHash64(trace_id, span_id), kind
      ) AS c
      SEMI LEFT JOIN (
        SELECT sipHash64(trace_id, span_id) AS span, service FROM spans
        WHERE ts BETWEEN {before:Int64} AND {to:Int64} ${sample}
      ) AS p ON c.parent = p.span
      WHERE p.service != c.service
      GROUP BY from, to ORDER BY calls DESC, from, to LIMIT 10000`,
    params: { ...times, before: before < -(2n ** 63n) ? range.fromNs : before, ...(step > 1 && { step }) },
    ...shared,
  });
  return rows.map((row) => ({
    from: row.from,
    to: row.to,
    calls: Number(row.calls) * step,
    errors: Number(row.errors) * step,
    p95Ns: Number(row.calls) < 20 ? null : row.p95,
  }));
}
