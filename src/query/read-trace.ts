/** All spans of one trace, whole. */
import type { Attributes } from '../model/attributes.ts';
import type { Span, SpanEvent, SpanKind, SpanLink, StatusCode } from '../model/span.ts';
import type { Database } from '../store/database.ts';
import { decodeAttributes, decodeInlineAttributes } from '../store/transcode/decode-values.ts';
import { Bindings } from './bindings.ts';
import { type Catalogue, noAttributes, type Shape, unknownScope } from './catalogue.ts';
import type { RowBinaryReader } from './row-binary.ts';
import { selectSpans } from './select-spans.ts';

const columns = `trace_id, span_id, kind, parent_id, service, name, ts, duration, status, status_message, flags, trace_state,
  res_id, scope_id, shape, vals, dropped, toBool(notEmpty(events.ts) OR notEmpty(links.flags))`;

/** Few spans have events or links, and their twelve columns are a third of the cost of a small trace: read only where there are any. */
const attachedColumns = `trace_id, span_id, kind,
  events.ts, events.name, events.shape, events.vals, events.dropped,
  links.trace_id, links.span_id, links.trace_state, links.flags, links.shape, links.vals, links.dropped`;

export interface ReadTrace {
  readonly signal?: AbortSignal | undefined;
  /** Only these spans (16 hex digits each). */
  readonly spanIds?: readonly string[];
}

/**
 * The spans of a trace (32 hex digits), by start; none when it is not stored. A span that a sender repeated (same id and
 * kind) comes once. Beyond `limits.spansPerTrace` spans are left out.
 */
export async function readTrace(
  db: Database,
  catalogue: Catalogue,
  traceId: string,
  options: ReadTrace = {},
): Promise<Span[]> {
  return (await readTraces(db, catalogue, [traceId], options)).get(traceId) ?? [];
}

/** Several traces at once; those that are not stored are left out. */
export async function readTraces(
  db: Database,
  catalogue: Catalogue,
  traceIds: readonly string[],
  { signal, spanIds }: ReadTrace = {},
): Promise<Map<string, Span[]>> {
  const values = new Bindings();
  const where = `trace_id IN ${values.traceIds(traceIds)}
      ${spanIds === undefined ? '' : `AND span_id IN ${values.spanIds(spanIds)}`}`;
  const { params } = values;
  const found = await selectSpans(db, { columns, where, params, read: readRow, keyOf, signal });
  const attached = found.some((row) => row.hasAttached)
    ? await selectSpans(db, {
        columns: attachedColumns,
        where: `${where} AND (notEmpty(events.ts) OR notEmpty(links.flags))`,
        params,
        read: readAttached,
        keyOf,
        signal,
      })
    : [];
  const attachedOf = new Map(attached.map((row) => [keyOf(row), row]));
  const rows = found.map((row): Row => ({ ...row, ...(attachedOf.get(keyOf(row)) ?? nothingAttached) }));
  rows.sort((a, b) => compare(a.span.startNs, b.span.startNs) || compare(a.span.spanId, b.span.spanId));
  const [shapes, resources, scopes] = await Promise.all([
    catalogue.shapes(shapesOf(rows), signal),
    catalogue.resources(
      rows.map((row) => row.resource),
      signal,
    ),
    catalogue.scopes(
      rows.map((row) => row.scope),
      signal,
    ),
  ]);
  const attributesOf = ({ shape, vals }: Kept): Attributes => {
    if (shape === 0n) return vals.length === 0 ? noAttributes : decodeInlineAttributes(vals);
    const known: Shape | undefined = shapes.get(shape);
    return known === undefined ? noAttributes : decodeAttributes(known.keys, known.types, vals);
  };
  const traces = new Map<string, Span[]>();
  for (const row of rows) {
    const span: Span = {
      ...row.span,
      attributes: attributesOf(row),
      events: row.events.map(({ event, ...kept }): SpanEvent => ({ ...event, attributes: attributesOf(kept) })),
      links: row.links.map(({ link, ...kept }): SpanLink => ({ ...link, attributes: attributesOf(kept) })),
      resource: resources.get(row.resource) ?? { service: row.service, attributes: noAttributes, schemaUrl: '' },
      scope: scopes.get(row.scope) ?? unknownScope,
    };
    const spans = traces.get(span.traceId);
    if (spans === undefined) traces.set(span.traceId, [span]);
    else spans.push(span);
  }
  return traces;
}

/** Attributes as the store keeps them. */
interface Kept {
  readonly shape: bigint;
  readonly vals: readonly string[];
}

/** What names a span: a client and a server may share an id. */
interface Named {
  readonly traceId: string;
  readonly spanId: string;
  readonly kind: number;
}

interface BaseRow extends Kept, Named {
  readonly service: string;
  readonly resource: bigint;
  readonly scope: bigint;
  readonly span: Omit<Span, 'attributes' | 'events' | 'links' | 'resource' | 'scope'>;
  readonly hasAttached: boolean;
}

interface Attached {
  readonly events: readonly (Kept & { readonly event: Omit<SpanEvent, 'attributes'> })[];
  readonly links: readonly (Kept & { readonly link: Omit<SpanLink, 'attributes'> })[];
}

type Row = BaseRow & Attached;

const nothingAttached: Attached = { events: [], links: [] };

function keyOf({ traceId, spanId, kind }: Named): string {
  return `${traceId}${spanId}${kind}`;
}

function readNamed(reader: RowBinaryReader): Named {
  return { traceId: reader.hex(16), spanId: reader.hex(8), kind: reader.uint8() };
}

function readAttached(reader: RowBinaryReader): Named & Attached {
  return { ...readNamed(reader), events: readEvents(reader), links: readLinks(reader) };
}

function readRow(reader: RowBinaryReader): BaseRow {
  const named = readNamed(reader);
  const { traceId, spanId, kind } = named;
  const parent = reader.hex(8);
  const service = reader.text();
  const name = reader.text();
  const startNs = reader.int64();
  const duration = reader.int64();
  const status = reader.uint8();
  const statusMessage = reader.text();
  const flags = reader.uint32();
  const traceState = reader.text();
  const resource = reader.uint64();
  const scope = reader.uint64();
  const shape = reader.uint64();
  const vals = reader.texts();
  const [droppedAttributes = 0, droppedEvents = 0, droppedLinks = 0] = reader.list(() => reader.uint32());
  const hasAttached = reader.uint8() === 1;
  return {
    ...named,
    hasAttached,
    service,
    resource,
    scope,
    shape,
    vals,
    span: {
      traceId,
      spanId,
      parentSpanId: parent === '0000000000000000' ? '' : parent,
      name,
      kind: (kind <= 5 ? kind : 0) as SpanKind,
      startNs,
      endNs: startNs + duration,
      statusCode: (status <= 2 ? status : 0) as StatusCode,
      statusMessage,
      flags,
      traceState,
      droppedAttributes,
      droppedEvents,
      droppedLinks,
    },
  };
}

function readEvents(reader: RowBinaryReader): Attached['events'] {
  const times = reader.list(() => reader.int64());
  const names = reader.texts();
  const shapes = reader.list(() => reader.uint64());
  const vals = reader.list(() => reader.texts());
  const dropped = reader.list(() => reader.uint32());
  return times.map((timeNs, i) => ({
    shape: shapes[i] ?? 0n,
    vals: vals[i] ?? [],
    event: { timeNs, name: names[i] ?? '', droppedAttributes: dropped[i] ?? 0 },
  }));
}

function readLinks(reader: RowBinaryReader): Attached['links'] {
  const traceIds = reader.list(() => reader.hex(16));
  const spanIds = reader.list(() => reader.hex(8));
  const states = reader.texts();
  const flags = reader.list(() => reader.uint32());
  const shapes = reader.list(() => reader.uint64());
  const vals = reader.list(() => reader.texts());
  const dropped = reader.list(() => reader.uint32());
  return traceIds.map((traceId, i) => ({
    shape: shapes[i] ?? 0n,
    vals: vals[i] ?? [],
    link: {
      traceId,
      spanId: spanIds[i] ?? '',
      traceState: states[i] ?? '',
      flags: flags[i] ?? 0,
      droppedAttributes: dropped[i] ?? 0,
    },
  }));
}

function shapesOf(rows: readonly Row[]): Set<bigint> {
  const ids = new Set<bigint>();
  for (const row of rows) {
    ids.add(row.shape);
    for (const event of row.events) ids.add(event.shape);
    for (const link of row.links) ids.add(link.shape);
  }
  ids.delete(0n);
  return ids;
}

function compare<T extends bigint | string>(a: T, b: T): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
