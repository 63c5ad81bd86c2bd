/**
 * The small tables beside the spans: what a shape, a resource and a scope id mean. They are immutable (an id is a hash of
 * its content), so what was read once is kept, up to a bound.
 */
import type { Attributes } from '../model/attributes.ts';
import type { Resource, Scope } from '../model/span.ts';
import type { Database } from '../store/database.ts';
import { decodeAttributes } from '../store/transcode/decode-values.ts';
import { limits } from './limits.ts';
import { RowBinaryReader } from './row-binary.ts';

/** Ordered keys and one type letter for each. */
export interface Shape {
  readonly keys: readonly string[];
  readonly types: string;
}

/** Each gives a map of the ids asked for, without those that the store does not know. */
export interface Catalogue {
  shapes(ids: Iterable<bigint>, signal?: AbortSignal): Promise<ReadonlyMap<bigint, Shape>>;
  resources(ids: Iterable<bigint>, signal?: AbortSignal): Promise<ReadonlyMap<bigint, Resource>>;
  scopes(ids: Iterable<bigint>, signal?: AbortSignal): Promise<ReadonlyMap<bigint, Scope>>;
}

export function createCatalogue(db: Database, maxEntries = 20_000): Catalogue {
  return {
    shapes: remembered(maxEntries, loader(db, 'id, keys, types', 'shapes', readShape)),
    resources: remembered(
      maxEntries,
      loader(db, 'id, service, keys, types, vals, schema_url', 'resources', readResource),
    ),
    scopes: remembered(maxEntries, loader(db, 'id, name, version, keys, types, vals, schema_url', 'scopes', readScope)),
  };
}

const firstEntries = 2_000;

export const noAttributes: Attributes = new Map();
export const unknownScope: Scope = { name: '', version: '', attributes: noAttributes, schemaUrl: '' };

/** Those of `ids`; without ids the first `limit` of all. */
type Load<T> = (ids: readonly bigint[] | undefined, limit: number, signal?: AbortSignal) => Promise<Map<bigint, T>>;

function loader<T>(db: Database, columns: string, table: string, read: (row: RowBinaryReader) => T): Load<T> {
  return async (ids, limit, signal) => {
    const where = ids === undefined ? '' : 'WHERE id IN (SELECT arrayJoin({ids:Array(UInt64)}))';
    const bytes = await db.selectBytes({
      sql: `SELECT ${columns} FROM ${table} ${where} LIMIT 1 BY id LIMIT {limit:UInt32}`,
      params: { limit, ...(ids && { ids }) },
      format: 'RowBinary',
      timeoutMs: limits.searchTimeoutMs,
      ...(signal && { signal }),
    });
    const rows = new RowBinaryReader(bytes);
    const found = new Map<bigint, T>();
    while (rows.hasMore) found.set(rows.uint64(), read(rows));
    return found;
  };
}

function remembered<T>(maxEntries: number, load: Load<T>) {
  const known = new Map<bigint, T>();
  let hasLooked = false;
  return async (ids: Iterable<bigint>, signal?: AbortSignal): Promise<ReadonlyMap<bigint, T>> => {
    if (!hasLooked) {
      // All at once costs no more than the first few, and most stores have fewer.
      hasLooked = true;
      for (const [id, entry] of await load(undefined, firstEntries, signal)) known.set(id, entry);
    }
    const answer = new Map<bigint, T>();
    const unknown: bigint[] = [];
    for (const id of new Set(ids)) {
      const entry = known.get(id);
      if (entry === undefined) unknown.push(id);
      else answer.set(id, entry);
    }
    // In pieces, so that a trace of 100,000 different shapes makes no statement of megabytes.
    for (let at = 0; at < unknown.length; at += 5000) {
      for (const [id, entry] of await load(unknown.slice(at, at + 5000), 5000, signal)) {
        answer.set(id, entry);
        known.set(id, entry);
      }
    }
    for (const oldest of known.keys()) {
      if (known.size <= maxEntries) break;
      known.delete(oldest);
    }
    return answer;
  };
}

function readShape(row: RowBinaryReader): Shape {
  return { keys: row.texts(), types: row.text() };
}

function readResource(row: RowBinaryReader): Resource {
  const service = row.text();
  return { service, attributes: readAttributes(row), schemaUrl: row.text() };
}

function readScope(row: RowBinaryReader): Scope {
  return { name: row.text(), version: row.text(), attributes: readAttributes(row), schemaUrl: row.text() };
}

function readAttributes(row: RowBinaryReader): Attributes {
  const keys = row.texts();
  const types = row.text();
  return decodeAttributes(keys, types, row.texts());
}
