/**
 * Endpoints: the operations by which requests enter a service, with their rate, errors and durations, and how these compare with
 * the equally long time before. An entry is a root span, or one of kind SERVER or CONSUMER.
 */
import { spanKind, statusCode } from '../model/span.ts';
import type { Database } from '../store/database.ts';
import { Bindings } from './bindings.ts';
import type { TimeRange } from './find-spans.ts';
import { limits } from './limits.ts';
import type { OperationName } from './usual-durations.ts';

export interface Endpoint extends OperationName {
  readonly calls: number;
  readonly errors: number;
  readonly totalNs: number;
  /** Null under 20 calls. */
  readonly p50Ns: number | null;
  readonly p95Ns: number | null;
  readonly p99Ns: number | null;
  /** Median of the equally long time before. Null under 20 calls there. */
  readonly usualNs: number | null;
  /** Of the longest call, as sent: may be negative. */
  readonly longestNs: bigint;
}

/** Fewer calls make no percentile. */
const leastCalls = 20;
const maxEndpoints = 1_000;

const entries = `(parent_id = toFixedString('', 8) OR kind IN (${spanKind.server}, ${spanKind.consumer}))`;

/** At most 1,000 endpoints, those with the largest sum of durations. */
export async function readEndpoints(db: Database, range: TimeRange, signal?: AbortSignal): Promise<Endpoint[]> {
  const lengthNs = range.toNs - range.fromNs;
  if (lengthNs < 0n) return [];
  const shared = { timeoutMs: limits.overviewTimeoutMs, ...(signal && { signal }) };
  const [rows, before] = await Promise.all([
    db.select<EndpointRow>({
      sql: `SELECT service, name AS operation, count() AS calls, countIf(status = ${statusCode.error}) AS errors,
          sum(took) AS total, quantiles(0.5, 0.95, 0.99)(took) AS quantiles, max(duration) AS longest
        FROM (SELECT service, name, status, duration, toFloat64(greatest(duration, 0)) AS took FROM spans
          WHERE ts BETWEEN {from:Int64} AND {to:Int64} AND ${entries})
        GROUP BY service, name ORDER BY total DESC LIMIT ${maxEndpoints}`,
      params: { from: range.fromNs, to: range.toNs },
      ...shared,
    }),
    db.select<{ service: string; operation: string; usual: number }>({
      sql: `SELECT service, name AS operation, quantile(0.5)(greatest(duration, 0)) AS usual FROM spans
        WHERE ts >= {from:Int64} AND ts < {to:Int64} AND ${entries}
        GROUP BY service, name HAVING count() >= ${leastCalls} LIMIT 10000`,
      params: { from: atLeast(range.fromNs - lengthNs), to: range.fromNs },
      ...shared,
    }),
  ]);
  const usual = new Map(before.map((row) => [`${row.service}\0${row.operation}`, row.usual]));
  return rows.map((row) => {
    const calls = Number(row.calls);
    const [p50Ns, p95Ns, p99Ns] = calls < leastCalls ? [] : row.quantiles;
    return {
      service: row.service,
      operation: row.operation,
      calls,
      errors: Number(row.errors),
      totalNs: row.total,
      p50Ns: p50Ns ?? null,
      p95Ns: p95Ns ?? null,
      p99Ns: p99Ns ?? null,
      usualNs: usual.get(`${row.service}\0${row.operation}`) ?? null,
      longestNs: BigInt(row.longest),
    };
  });
}

interface EndpointRow {
  readonly service: string;
  readonly operation: string;
  readonly calls: string;
  readonly errors: string;
  readonly total: number;
  readonly quantiles: readonly number[];
  /** An Int64, as text. */
  readonly longest: string;
}

/**
 * The trace id of each endpoint's longest call, in the order of `endpoints`. Asked apart, for these endpoints only: to carry an id
 * along with each span of the range costs more than all other figures together.
 */
export async function readSlowest(
  db: Database,
  endpoints: readonly Pick<Endpoint, 'service' | 'operation' | 'longestNs'>[],
  range: TimeRange,
  signal?: AbortSignal,
): Promise<(string | undefined)[]> {
  if (endpoints.length === 0) return [];
  const values = new Bindings();
  const longest = values.bind(
    'Array(Int64)',
    endpoints.map((e) => e.longestNs),
  );
  const rows = await db.select<{ service: string; operation: string; duration: string; id: string }>({
    sql: `SELECT service, name AS operation, duration, lower(hex(any(trace_id))) AS id FROM spans
      PREWHERE duration IN (SELECT arrayJoin(${longest}))
      WHERE ts BETWEEN ${values.bind('Int64', range.fromNs)} AND ${values.bind('Int64', range.toNs)}
        AND (service, name) IN ${values.operations(endpoints)} AND ${entries}
      GROUP BY service, name, duration`,
    params: values.params,
    timeoutMs: limits.overviewTimeoutMs,
    ...(signal && { signal }),
  });
  const ids = new Map(rows.map((row) => [`${row.service}\0${row.operation}\0${row.duration}`, row.id]));
  return endpoints.map((e) => ids.get(`${e.service}\0${e.operation}\0${e.longestNs}`));
}

/**
 * Mean duration (ns) of each endpoint in `slices` equal parts of the range, null where no call was; in the order of `endpoints`.
 */
export async function readSparklines(
  db: Database,
  endpoints: readonly OperationName[],
  range: TimeRange,
  slices: number,
  signal?: AbortSignal,
): Promise<(number | null)[][]> {
  if (endpoints.length === 0) return [];
  const values = new Bindings();
  const [from, to] = [values.bind('Int64', range.fromNs), values.bind('Int64', range.toNs)];
  const rows = await db.select<{ service: string; operation: string; slice: number; mean: number }>({
    // As floats: the range may be wider than an Int64.
    sql: `SELECT service, name AS operation, avg(greatest(duration, 0)) AS mean,
        toUInt16(least(${slices - 1}, floor((toFloat64(ts) - ${from}) / greatest(toFloat64(${to}) - ${from}, 1) * ${slices}))) AS slice
      FROM spans
      WHERE ts BETWEEN ${from} AND ${to} AND (service, name) IN ${values.operations(endpoints)} AND ${entries}
      GROUP BY service, name, slice`,
    params: values.params,
    timeoutMs: limits.overviewTimeoutMs,
    ...(signal && { signal }),
  });
  const lines = new Map<string, (number | null)[]>();
  for (const { service, operation } of endpoints) {
    lines.set(
      `${service}\0${operation}`,
      Array.from({ length: slices }, () => null),
    );
  }
  for (const row of rows) {
    const line = lines.get(`${row.service}\0${row.operation}`);
    if (line !== undefined) line[row.slice] = row.mean;
  }
  return [...lines.values()];
}

function atLeast(ns: bigint): bigint {
  return ns < -(2n ** 63n) ? -(2n ** 63n) : ns;
}
