/** Reads rows of `spans` in RowBinary, each span once. */
import type { Database, QueryParams } from '../store/database.ts';
import { limits } from './limits.ts';
import { RowBinaryReader } from './row-binary.ts';

export interface SelectSpans<Row> {
  /** What the SELECT lists, in the order in which `read` reads it. */
  readonly columns: string;
  readonly where: string;
  readonly params: QueryParams;
  readonly read: (reader: RowBinaryReader) => Row;
  /** The same for rows that are one span, sent twice: trace id, span id and kind. */
  readonly keyOf: (row: Row) => string;
  readonly signal?: AbortSignal | undefined;
}

/**
 * Up to this many rows the engine first finds the rows by the columns of the condition and then reads the others of only these rows
 * (`query_plan_max_limit_for_lazy_materialization`): half the time for a trace of ten spans. It does so for a sorted answer only.
 */
const fewRows = 10_000;

/** At most `limits.spansPerTrace` rows, in no order. */
export async function selectSpans<Row>(db: Database, question: SelectSpans<Row>): Promise<Row[]> {
  const few = await select(db, question, `ORDER BY ts LIMIT ${fewRows}`);
  const all = few.count < fewRows ? few : await select(db, question, `LIMIT ${limits.spansPerTrace}`);
  return all.rows;
}

async function select<Row>(
  db: Database,
  { columns, where, params, read, keyOf, signal }: SelectSpans<Row>,
  ending: string,
): Promise<{ rows: Row[]; count: number }> {
  const bytes = await db.selectBytes({
    sql: `SELECT ${columns} FROM spans WHERE ${where} ${ending}`,
    params,
    format: 'RowBinary',
    timeoutMs: limits.traceTimeoutMs,
    ...(signal && { signal }),
  });
  const reader = new RowBinaryReader(bytes);
  const seen = new Set<string>();
  const rows: Row[] = [];
  let count = 0;
  for (; reader.hasMore; count++) {
    const row = read(reader);
    const key = keyOf(row);
    if (seen.has(key)) continue;
    seen.add(key);
    rows.push(row);
  }
  return { rows, count };
}
