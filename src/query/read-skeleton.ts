/** One trace as columns, without attributes: what the page draws first. 100,000 spans must come in well under a second. */
import { spanKind, statusCode } from '../model/span.ts';
import type { Trace, TraceRow } from '../model/trace.ts';
import { buildTrace, spanFlag } from '../model/trace.ts';
import type { Database } from '../store/database.ts';
import { Bindings } from './bindings.ts';
import type { Catalogue } from './catalogue.ts';
import { limits } from './limits.ts';
import type { RowBinaryReader } from './row-binary.ts';
import { selectSpans } from './select-spans.ts';

/** Undefined when no span of the trace (32 hex digits) is stored. */
export async function readSkeleton(
  db: Database,
  catalogue: Catalogue,
  traceId: string,
  signal?: AbortSignal,
): Promise<Trace | undefined> {
  return (await readSkeletons(db, catalogue, [{ traceId }], signal)).get(traceId);
}

/** Several at once; with a time range (ns since the epoch), only spans that start in it. */
export async function readSkeletons(
  db: Database,
  catalogue: Catalogue,
  traces: readonly { readonly traceId: string }[],
  signal?: AbortSignal,
  range?: { readonly fromNs: bigint; readonly toNs: bigint },
): Promise<Map<string, Trace>> {
  if (traces.length === 0) return new Map();
  const values = new Bindings();
  const ids = values.traceIds(traces.map((t) => t.traceId));
  const times =
    range === undefined
      ? ''
      : `AND ts BETWEEN ${values.bind('Int64', range.fromNs)} AND ${values.bind('Int64', range.toNs)}`;
  const rows = await selectSpans(db, {
    columns: `trace_id, span_id, parent_id, service, name, ts, duration, kind, status, shape,
      length(events.ts) > 0, length(links.span_id) > 0`,
    where: `trace_id IN ${ids} ${times}`,
    params: values.params,
    read: readRow,
    keyOf: ({ traceId, row }) => `${traceId}${row.spanId}${row.kind}`,
    signal,
  });
  const shapeIds = new Set<bigint>();
  for (const row of rows) shapeIds.add(row.shape);
  const hasInline = shapeIds.delete(0n);
  const [shapes, inline] = await Promise.all([
    catalogue.shapes(shapeIds, signal),
    hasInline ? findInlineDatabaseCalls(db, traces, signal) : new Set<string>(),
  ]);
  const databaseShapes = new Set<bigint>();
  for (const [id, { keys }] of shapes) if (keys.some(isDatabaseKey)) databaseShapes.add(id);

  const byTrace = new Map<string, TraceRow[]>();
  for (const { traceId, shape, row } of rows) {
    const isDatabase = shape === 0n ? inline.has(`${traceId}${row.spanId}`) : databaseShapes.has(shape);
    if (isDatabase) row.flags |= spanFlag.database;
    const list = byTrace.get(traceId);
    if (list === undefined) byTrace.set(traceId, [row]);
    else list.push(row);
  }
  return new Map(Array.from(byTrace, ([traceId, list]) => [traceId, buildTrace(traceId, list)]));
}

function isDatabaseKey(key: string): boolean {
  return key === 'db.system.name' || key === 'db.system';
}

interface Row {
  readonly traceId: string;
  readonly shape: bigint;
  readonly row: { -readonly [K in keyof TraceRow]: TraceRow[K] };
}

function readRow(reader: RowBinaryReader): Row {
  const traceId = reader.hex(16);
  const spanId = reader.hex(8);
  const parent = reader.hex(8);
  const service = reader.text();
  const name = reader.text();
  const startNs = reader.int64();
  const endNs = startNs + reader.int64();
  const kind = reader.uint8();
  const isError = reader.uint8() === statusCode.error;
  const shape = reader.uint64();
  const flags =
    (isError ? spanFlag.error : 0) |
    (reader.uint8() === 1 ? spanFlag.events : 0) |
    (reader.uint8() === 1 ? spanFlag.links : 0);
  const parentSpanId = parent === '0000000000000000' ? '' : parent;
  return {
    traceId,
    shape,
    row: { spanId, parentSpanId, startNs, endNs, service, name, kind: kind <= spanKind.consumer ? kind : 0, flags },
  };
}

/** Spans of shape 0 keep their keys among their values; only for these the values are read. */
async function findInlineDatabaseCalls(
  db: Database,
  traces: readonly { readonly traceId: string }[],
  signal: AbortSignal | undefined,
): Promise<ReadonlySet<string>> {
  const values = new Bindings();
  const found = await db.select<{ span: string }>({
    sql: `SELECT lower(concat(hex(trace_id), hex(span_id))) AS span FROM spans
      PREWHERE trace_id IN ${values.traceIds(traces.map((t) => t.traceId))} AND shape = 0
      WHERE arrayExists((key, at) -> at % 3 = 1 AND key IN ('db.system.name', 'db.system'), vals, arrayEnumerate(vals))`,
    params: values.params,
    timeoutMs: limits.traceTimeoutMs,
    ...(signal && { signal }),
  });
  return new Set(found.map((row) => row.span));
}
