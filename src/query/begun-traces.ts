/** How many traces begin with each operation, and how they were sampled: what adaptive sampling goes by. */
import type { Database } from '../store/database.ts';
import { Bindings } from './bindings.ts';
import type { TimeRange } from './find-spans.ts';
import { limits } from './limits.ts';

export interface BegunTraces {
  readonly service: string;
  readonly operation: string;
  /** `probabilistic`, `lowerbound` …, as clients of Jaeger say on the first span; `''` where they do not. */
  readonly sampler: string;
  /** Its parameter: of a probabilistic sampler the share, 0 to 1. Null where it is not said. */
  readonly parameter: number | null;
  readonly traces: number;
}

const maxRows = 100_000;
/** By clients of Jaeger, and by OpenTelemetry's remote sampler. */
const typeKeys = ['sampler.type', 'jaeger.sampler.type'];
const parameterKeys = ['sampler.param', 'jaeger.sampler.param'];

/** Of traces whose first span starts in the range. */
export async function readBegunTraces(db: Database, range: TimeRange, signal?: AbortSignal): Promise<BegunTraces[]> {
  const values = new Bindings();
  const placesOf = (keys: string) => `(SELECT (groupArray(id), groupArray(position)) FROM (
    SELECT id, toUInt16(arrayFirstIndex(key -> has(${keys}, key), keys)) AS position FROM shapes WHERE hasAny(keys, ${keys})
    ORDER BY day DESC LIMIT 1 BY id LIMIT ${limits.dictionaryMatches}))`;
  const valueAt = (places: string) => `arrayElement(vals, transform(shape, ${places}.1, ${places}.2, toUInt16(0)))`;
  const rows = await db.select<{
    service: string;
    name: string;
    sampler: string;
    parameter: number | null;
    traces: string;
  }>({
    sql: `WITH ${placesOf(values.bind('Array(String)', typeKeys))} AS types,
        ${placesOf(values.bind('Array(String)', parameterKeys))} AS parameters
      SELECT service, name, ${valueAt('types')} AS sampler, toFloat64OrNull(${valueAt('parameters')}) AS parameter,
        uniqExact(trace_id) AS traces
      FROM spans
      WHERE ts BETWEEN ${values.bind('Int64', range.fromNs)} AND ${values.bind('Int64', range.toNs)}
        AND parent_id = toFixedString('', 8)
      GROUP BY service, name, sampler, parameter ORDER BY traces DESC LIMIT ${maxRows}`,
    params: values.params,
    timeoutMs: limits.overviewTimeoutMs,
    ...(signal && { signal }),
  });
  return rows.map(({ name, traces, ...row }) => ({ ...row, operation: name, traces: Number(traces) }));
}
