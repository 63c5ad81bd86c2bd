/** For tests: the real engine, and spans put into it row by row. Not part of the program. */
import { createHash } from 'node:crypto';
import { attributeText, type Attributes, type AttributeValue, typeOfAttribute } from '../model/attributes.ts';
import type { Span } from '../model/span.ts';
import type { Database } from '../store/database.ts';
import { openTestStore } from '../store/open-test-store.ts';

export interface TestDatabase {
  readonly db: Database;
  insert(spans: readonly Span[]): Promise<void>;
  stop(): Promise<void>;
}

export async function openTestDatabase(): Promise<TestDatabase> {
  const store = await openTestStore();
  return {
    db: store.database,
    insert: async (spans) => {
      for (const sql of insertsOf(spans)) await store.database.command(sql);
    },
    stop: () => store.stop(),
  };
}

// The day of arrival: what is older than the retention is dropped at once.
const today = new Date().toISOString().slice(0, 10);

/** Writes spans as the transcoder does: shapes, resources and scopes by id, values as text. */
function insertsOf(spans: readonly Span[]): string[] {
  const tables = {
    shapes: new Map<bigint, string>(),
    resources: new Map<bigint, string>(),
    scopes: new Map<bigint, string>(),
  };
  const keep = (attributes: Attributes) => {
    const { keys, types, vals } = columnsOf(attributes);
    const id = keys.length === 0 ? 0n : hash([...keys, types]);
    if (id !== 0n) tables.shapes.set(id, `(${id}, ${list(keys)}, ${text(types)}, '${today}')`);
    return { id, vals };
  };
  const rows = spans.map((span) => {
    const { resource, scope } = span;
    const r = columnsOf(resource.attributes);
    const resourceId = hash(['r', ...r.keys, r.types, ...r.vals, resource.schemaUrl]);
    tables.resources.set(
      resourceId,
      `(${resourceId}, ${text(resource.service)}, ${list(r.keys)}, ${text(r.types)}, ${list(r.vals)}, ${text(resource.schemaUrl)}, 0, '${today}')`,
    );
    const s = columnsOf(scope.attributes);
    const scopeId = hash(['s', scope.name, scope.version, ...s.keys, ...s.vals]);
    tables.scopes.set(
      scopeId,
      `(${scopeId}, ${text(scope.name)}, ${text(scope.version)}, ${list(s.keys)}, ${text(s.types)}, ${list(s.vals)}, ${text(scope.schemaUrl)}, 0, '${today}')`,
    );
    const own = isInline(span) ? { id: 0n, vals: inlineOf(span.attributes) } : keep(span.attributes);
    const events = span.events.map((event) => ({ ...event, kept: keep(event.attributes) }));
    const links = span.links.map((link) => ({ ...link, kept: keep(link.attributes) }));
    const of = <T>(items: readonly T[], print: (item: T) => string) => `[${items.map(print).join(', ')}]`;
    return `('${today}', ${text(resource.service)}, ${text(span.name)}, ${span.startNs}, ${span.endNs - span.startNs},
      ${id(span.traceId)}, ${id(span.spanId)}, ${id(span.parentSpanId || '0'.repeat(16))}, ${span.kind}, ${span.statusCode},
      ${text(span.statusMessage)}, ${span.flags}, ${text(span.traceState)}, ${resourceId}, ${scopeId}, ${own.id}, ${list(own.vals)},
      [${span.droppedAttributes}, ${span.droppedEvents}, ${span.droppedLinks}],
      ${of(events, (e) => String(e.timeNs))}, ${of(events, (e) => text(e.name))}, ${of(events, (e) => String(e.kept.id))},
      ${of(events, (e) => list(e.kept.vals))}, ${of(events, (e) => String(e.droppedAttributes))},
      ${of(links, (l) => id(l.traceId))}, ${of(links, (l) => id(l.spanId))}, ${of(links, (l) => text(l.traceState))},
      ${of(links, (l) => String(l.flags))}, ${of(links, (l) => String(l.kept.id))}, ${of(links, (l) => list(l.kept.vals))},
      ${of(links, (l) => String(l.droppedAttributes))})`;
  });
  return [
    ...Object.entries(tables).map(([table, entries]) => [table, [...entries.values()]] as const),
    ['spans', rows] as const,
  ].flatMap(([table, list]) => (list.length === 0 ? [] : `INSERT INTO ${table} VALUES ${list.join(',')}`));
}

/** Spans with this attribute are stored as shape 0 is. */
const inlineMark = 'test.inline';

function isInline(span: Span): boolean {
  return span.attributes.has(inlineMark);
}

function inlineOf(attributes: Attributes): string[] {
  return [...attributes].flatMap(([key, value]) => [key, typeOfAttribute(value), storedText(value)]);
}

function columnsOf(attributes: Attributes) {
  return {
    keys: [...attributes.keys()],
    types: Array.from(attributes.values(), typeOfAttribute).join(''),
    vals: Array.from(attributes.values(), storedText),
  };
}

function storedText(value: AttributeValue): string {
  return Array.isArray(value) || value instanceof Map ? JSON.stringify(anyValue(value)) : attributeText(value);
}

function anyValue(value: AttributeValue): unknown {
  if (typeof value === 'string') return { stringValue: value };
  if (typeof value === 'boolean') return { boolValue: value };
  if (typeof value === 'bigint') return { intValue: String(value) };
  if (typeof value === 'number') return { doubleValue: value };
  if (value instanceof Uint8Array) return { bytesValue: attributeText(value) };
  if (value instanceof Map) {
    return {
      kvlistValue: { values: Array.from(value, ([key, v]: [string, AttributeValue]) => ({ key, value: anyValue(v) })) },
    };
  }
  return Array.isArray(value) ? { arrayValue: { values: value.map(anyValue) } } : {};
}

function hash(parts: readonly string[]): bigint {
  return createHash('sha256').update(parts.join('\u0000')).digest().readBigUInt64LE() | 1n;
}

function text(value: string): string {
  return `'${value.replaceAll('\\', '\\\\').replaceAll("'", "\\'").replaceAll('\0', '\\0')}'`;
}

function list(values: readonly string[]): string {
  return `[${values.map(text).join(', ')}]`;
}

function id(hex: string): string {
  return `unhex('${hex}')`;
}

let made = 0;

/** A span with everything defaulted; each gets an id of its own. Times in ms from 2026-01-01T00:00:00Z. */
export function testSpan(
  given: Partial<Omit<Span, 'resource' | 'attributes'>> & {
    service?: string;
    atMs?: number;
    ms?: number;
    attributes?: Record<string, AttributeValue>;
    resource?: Record<string, AttributeValue>;
  } = {},
): Span {
  const { service = 'shop', atMs = 0, ms = 10, attributes = {}, resource = {}, ...rest } = given;
  const startNs = rest.startNs ?? testEpochNs + BigInt(Math.round(atMs * 1e6));
  return {
    traceId: 'aa'.repeat(16),
    spanId: (++made).toString(16).padStart(16, '0'),
    parentSpanId: '',
    traceState: '',
    flags: 1,
    name: 'GET /',
    kind: 2,
    startNs,
    endNs: startNs + BigInt(Math.round(ms * 1e6)),
    events: [],
    links: [],
    statusCode: 0,
    statusMessage: '',
    droppedAttributes: 0,
    droppedEvents: 0,
    droppedLinks: 0,
    scope: { name: 'test', version: '1', attributes: new Map(), schemaUrl: '' },
    ...rest,
    attributes: new Map(Object.entries(attributes)),
    resource: {
      service,
      attributes: new Map<string, AttributeValue>([['service.name', service], ...Object.entries(resource)]),
      schemaUrl: '',
    },
  };
}

/** 2026-01-01T00:00:00Z */
export const testEpochNs = 1_767_225_600_000_000_000n;
