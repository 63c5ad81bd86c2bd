/** Keys and values of attributes, as far as they are stored: what a form offers to choose from. */
import type { Database } from '../store/database.ts';
import { Bindings } from './bindings.ts';
import type { TimeRange } from './find-spans.ts';
import { limits } from './limits.ts';

/** Of so many spans at most, the newest, values are taken. */
const sampledSpans = 500_000;
const maxValues = 1_000;

/** Keys of spans' attributes in order, at most `most`: those that most shapes have. */
export async function listAttributeKeys(db: Database, most: number, signal?: AbortSignal): Promise<string[]> {
  const rows = await db.select<{ key: string }>({
    sql: `SELECT key FROM (SELECT DISTINCT id, arrayJoin(keys) AS key FROM shapes)
      GROUP BY key ORDER BY count() DESC, key LIMIT {most:UInt32}`,
    params: { most },
    timeoutMs: limits.searchTimeoutMs,
    ...(signal && { signal }),
  });
  return rows.map((row) => row.key).sort();
}

export interface AttributeValues {
  readonly key: string;
  /** When the spans start that are looked at. */
  readonly range: TimeRange;
  /** Only spans of this service. */
  readonly service?: string;
}

/** The values, as text, that spans have under the key, in order; at most 1,000. */
export async function listAttributeValues(
  db: Database,
  { key, range, service }: AttributeValues,
  signal?: AbortSignal,
): Promise<string[]> {
  const values = new Bindings();
  const name = values.bind('String', key);
  const where = [
    `ts BETWEEN ${values.bind('Int64', range.fromNs)} AND ${values.bind('Int64', range.toNs)}`,
    ...(service === undefined ? [] : [`service = ${values.bind('String', service)}`]),
  ];
  const rows = await db.select<{ value: string }>({
    // Shape 0 keeps key, type and value one after another.
    sql: `WITH (SELECT (groupArray(id), groupArray(position)) FROM (
        SELECT id, toUInt16(indexOf(keys, ${name})) AS position FROM shapes WHERE has(keys, ${name})
        ORDER BY day DESC LIMIT 1 BY id LIMIT ${limits.dictionaryMatches}
      )) AS places
      SELECT DISTINCT value FROM (
        SELECT if(shape = 0,
            arrayFirst((v, at) -> at % 3 = 0 AND vals[at - 2] = ${name}, vals, arrayEnumerate(vals)),
            arrayElement(vals, transform(shape, places.1, places.2, toUInt16(0)))) AS value
        FROM (
          SELECT shape, vals FROM spans WHERE ${where.join(' AND ')}
            AND (has(places.1, shape) OR (shape = 0 AND has(vals, ${name})))
          ORDER BY ts DESC LIMIT ${sampledSpans}
        )
      ) WHERE value != '' ORDER BY value LIMIT ${maxValues}`,
    params: values.params,
    timeoutMs: limits.searchTimeoutMs,
    ...(signal && { signal }),
  });
  return rows.map((row) => row.value);
}
