/** The calls of one endpoint in a range: how many, and a sample of them from which cohorts are chosen. */
import { spanKind } from '../model/span.ts';
import type { Database } from '../store/database.ts';
import { Bindings } from './bindings.ts';
import type { TimeRange } from './find-spans.ts';
import { limits } from './limits.ts';
import type { OperationName } from './usual-durations.ts';

export interface EndpointCalls {
  readonly count: number;
  /** Of all calls. */
  readonly meanNs: number;
  readonly p50Ns: number;
  readonly p95Ns: number;
  /** All of them, or as many as were asked for, chosen by a hash of the trace id: the same question gives the same answer. */
  readonly sample: readonly SampledCall[];
}

/** One span by which the endpoint was entered. `traceId`: 32 hex digits. */
export interface SampledCall {
  readonly traceId: string;
  readonly startMs: number;
  readonly durationNs: number;
}

export interface CallsQuestion extends OperationName {
  readonly range: TimeRange;
  readonly most: number;
  /** ns, both ends included. */
  readonly minDurationNs?: number | undefined;
  readonly maxDurationNs?: number | undefined;
}

const entry = `(parent_id = toFixedString('', 8) OR kind IN (${spanKind.server}, ${spanKind.consumer}))`;

/** Entries of the operation (root, SERVER and CONSUMER spans); of an operation inside others, all its spans. */
export async function readCalls(db: Database, question: CallsQuestion, signal?: AbortSignal): Promise<EndpointCalls> {
  const entries = await read(db, question, true, signal);
  return entries.count > 0 ? entries : read(db, question, false, signal);
}

async function read(
  db: Database,
  { service, operation, range, most, minDurationNs, maxDurationNs }: CallsQuestion,
  onlyEntries: boolean,
  signal?: AbortSignal,
): Promise<EndpointCalls> {
  const values = new Bindings();
  const conditions = [
    `service = ${values.bind('String', service)}`,
    `name = ${values.bind('String', operation)}`,
    `ts BETWEEN ${values.bind('Int64', range.fromNs)} AND ${values.bind('Int64', range.toNs)}`,
  ];
  if (onlyEntries) conditions.push(entry);
  if (minDurationNs !== undefined) conditions.push(`duration >= ${values.bind('Int64', wholeNs(minDurationNs))}`);
  if (maxDurationNs !== undefined) conditions.push(`duration <= ${values.bind('Int64', wholeNs(maxDurationNs))}`);
  const from = `FROM spans WHERE ${conditions.join(' AND ')}`;
  const shared = {
    params: values.params,
    timeoutMs: limits.overviewTimeoutMs,
    ...(signal && { signal }),
  };
  const [[figures], rows] = await Promise.all([
    db.select<{ calls: string; mean: number | null; quantiles: (number | null)[] }>({
      sql: `SELECT count() AS calls, avg(greatest(duration, 0)) AS mean, quantiles(0.5, 0.95)(greatest(duration, 0)) AS quantiles ${from}`,
      ...shared,
    }),
    db.select<{ id: string; ts: string; duration: string }>({
      // A span that was sent twice is one call.
      sql: `SELECT lower(hex(trace_id)) AS id, ts, greatest(duration, 0) AS duration ${from}
        ORDER BY cityHash64(trace_id) LIMIT 1 BY trace_id LIMIT ${Math.floor(most)}`,
      ...shared,
    }),
  ]);
  return {
    count: Number(figures?.calls ?? 0),
    meanNs: Math.round(figures?.mean ?? 0),
    p50Ns: Math.round(figures?.quantiles[0] ?? 0),
    p95Ns: Math.round(figures?.quantiles[1] ?? 0),
    sample: rows.map(({ id, ts, duration }) => ({
      traceId: id,
      startMs: Number(BigInt(ts) / 1_000_000n),
      durationNs: Number(duration),
    })),
  };
}

function wholeNs(ns: number): bigint {
  return BigInt(Math.round(Math.min(ns, 9e18)));
}

/** The operation by which most time is spent in a service, of those that enter it. Undefined when nothing entered it. */
export async function findMainOperation(
  db: Database,
  service: string,
  range: TimeRange,
  signal?: AbortSignal,
): Promise<string | undefined> {
  const [row] = await db.select<{ name: string }>({
    sql: `SELECT name FROM spans WHERE service = {service:String} AND ts BETWEEN {from:Int64} AND {to:Int64} AND ${entry}
      GROUP BY name ORDER BY sum(toFloat64(greatest(duration, 0))) DESC, name LIMIT 1`,
    params: { service, from: range.fromNs, to: range.toNs },
    timeoutMs: limits.overviewTimeoutMs,
    ...(signal && { signal }),
  });
  return row?.name;
}
