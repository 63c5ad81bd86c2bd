/** What operations usually take: the ground on which one trace is judged. */
import type { Database } from '../store/database.ts';
import { Bindings } from './bindings.ts';
import { limits } from './limits.ts';

export interface OperationName {
  readonly service: string;
  readonly operation: string;
}

export interface UsualDuration extends OperationName {
  /** Median, ns. */
  readonly p50Ns: number;
  /** Calls that it was taken from. */
  readonly count: number;
}

const hourNs = 3_600_000_000_000n;
const dayNs = 24n * hourNs;
/** Of rarer operations, calls further back are taken too. */
const enough = 50;
const maxOperations = 2_000;

/** Medians over the hour before `beforeNs` (ns since the epoch), or over the day where that has few calls. Operations without calls are left out. */
export async function readUsualDurations(
  db: Database,
  operations: readonly OperationName[],
  beforeNs: bigint,
  signal?: AbortSignal,
): Promise<UsualDuration[]> {
  const asked = operations.slice(0, maxOperations);
  const lastHour = await readMedians(db, asked, beforeNs - hourNs, beforeNs, signal);
  const settled = new Set(lastHour.filter((usual) => usual.count >= enough).map(keyOf));
  const rare = asked.filter((operation) => !settled.has(keyOf(operation)));
  const lastDay = await readMedians(db, rare, beforeNs - dayNs, beforeNs, signal);
  return [...lastHour.filter((usual) => settled.has(keyOf(usual))), ...lastDay];
}

function keyOf({ service, operation }: OperationName): string {
  return `${service}\0${operation}`;
}

async function readMedians(
  db: Database,
  operations: readonly OperationName[],
  fromNs: bigint,
  toNs: bigint,
  signal?: AbortSignal,
): Promise<UsualDuration[]> {
  if (operations.length === 0 || fromNs < -(2n ** 63n)) return [];
  const values = new Bindings();
  const rows = await db.select<{ service: string; operation: string; p50: number; calls: string }>({
    sql: `SELECT service, name AS operation, quantile(0.5)(greatest(duration, 0)) AS p50, count() AS calls FROM spans
      PREWHERE (service, name) IN ${values.operations(operations)}
      WHERE ts >= ${values.bind('Int64', fromNs)} AND ts < ${values.bind('Int64', toNs)}
      GROUP BY service, name`,
    params: values.params,
    timeoutMs: limits.extraTimeoutMs,
    ...(signal && { signal }),
  });
  return rows.map((row) => ({
    service: row.service,
    operation: row.operation,
    p50Ns: row.p50,
    count: Number(row.calls),
  }));
}
