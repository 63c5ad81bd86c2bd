/**
 * Calls, failures and durations of services over time, as counts in slices: what rates and percentiles over sliding windows are
 * made of. Durations are counted in buckets that grow by 9 % (eight to a doubling), so a percentile is off by 4.5 % at most.
 */
import { type SpanKind, statusCode } from '../model/span.ts';
import { Overloaded } from '../base/errors.ts';
import type { Database } from '../store/database.ts';
import { Bindings } from './bindings.ts';
import type { TimeRange } from './find-spans.ts';
import { limits } from './limits.ts';
import { RowBinaryReader } from './row-binary.ts';

export interface CallSeriesQuestion {
  readonly services: readonly string[];
  readonly kinds: readonly SpanKind[];
  readonly range: TimeRange;
  readonly sliceNs: bigint;
  /** A series for each operation of a service instead of each service. */
  readonly byOperation: boolean;
}

export interface CallSeries {
  readonly service: string;
  /** `''` unless asked by operation. */
  readonly operation: string;
  readonly cells: readonly CallCell[];
}

/** The calls of one slice (counted from 0, at the start of the range) whose durations fall into one bucket. */
export interface CallCell {
  readonly slice: number;
  readonly bucket: number;
  readonly calls: number;
  readonly errors: number;
}

const bucketsPerDoubling = 8;
const maxCells = 1_000_000;

/** The durations that a bucket holds, ns: above `fromNs`, up to `toNs`. */
export function bucketRange(bucket: number): { fromNs: number; toNs: number } {
  const edge = (n: number) => 2 ** (n / bucketsPerDoubling);
  return { fromNs: bucket === 0 ? 0 : edge(bucket - 1), toNs: edge(bucket) };
}

/** Throws `Overloaded` where the answer has too many cells: many operations in many slices. */
export async function readCallSeries(
  db: Database,
  { services, kinds, range, sliceNs, byOperation }: CallSeriesQuestion,
  signal?: AbortSignal,
): Promise<CallSeries[]> {
  if (services.length === 0 || range.fromNs > range.toNs) return [];
  const values = new Bindings();
  const [from, to] = [values.bind('Int64', range.fromNs), values.bind('Int64', range.toNs)];
  const bytes = await db.selectBytes({
    sql: `SELECT service, ${byOperation ? 'name' : `''`} AS operation,
        toUInt32(intDiv(ts - ${from}, ${values.bind('Int64', sliceNs)})) AS slice,
        toUInt32(greatest(0, ceil(log2(greatest(duration, 1)) * ${bucketsPerDoubling}))) AS bucket,
        count() AS calls, countIf(status = ${statusCode.error}) AS errors
      FROM spans
      WHERE service IN (SELECT arrayJoin(${values.bind('Array(String)', services)}))
        AND ts BETWEEN ${from} AND ${to} AND has(${values.bind('Array(UInt8)', kinds)}, kind)
      GROUP BY service, operation, slice, bucket
      ORDER BY service, operation, slice, bucket LIMIT ${maxCells}`,
    params: values.params,
    format: 'RowBinary',
    timeoutMs: limits.overviewTimeoutMs,
    ...(signal && { signal }),
  });
  const rows = new RowBinaryReader(bytes);
  const series: (CallSeries & { cells: CallCell[] })[] = [];
  let cells = 0;
  for (; rows.hasMore; cells++) {
    const service = rows.text();
    const operation = rows.text();
    const cell = { slice: rows.uint32(), bucket: rows.uint32(), calls: rows.count(), errors: rows.count() };
    const last = series.at(-1);
    if (last?.service === service && last.operation === operation) last.cells.push(cell);
    else series.push({ service, operation, cells: [cell] });
  }
  if (cells === maxCells) {
    throw new Overloaded('the answer has too many points: ask for a shorter time range or a longer step', {
      reason: 'unavailable',
    });
  }
  return series;
}
