/**
 * `key = value` over attributes kept as shapes. The text index on `vals` finds the few spans that have the value at all; that it stands
 * under the key is then checked by the position that the span's shape gives the key.
 */
import type { Database } from '../store/database.ts';
import type { Bindings } from './bindings.ts';
import { boundedMemory, limits } from './limits.ts';

/** Where a key with a value may be. Nothing at all where the store has never seen the key. */
export interface AttributePlaces {
  readonly key: string;
  /** Texts of the value by type letter: `1.0` is the string `1.0`, and the double `1`. */
  readonly texts: readonly { readonly text: string; readonly types: string }[];
  /** Shapes that have the key, and where in them (from 1). */
  readonly shapes: readonly { readonly id: bigint; readonly position: number; readonly type: string }[];
  readonly resources: readonly { readonly id: bigint; readonly service: string }[];
  readonly scopes: readonly bigint[];
  /** Only the resource was asked for. */
  readonly onlyResource: boolean;
}

export async function findAttributePlaces(
  db: Database,
  { key, value, isString }: { readonly key: string; readonly value: string; readonly isString: boolean },
  signal?: AbortSignal,
): Promise<AttributePlaces> {
  // As in Jaeger, `resource.host.name` asks for the resource's own `host.name`.
  const onlyResource = key.startsWith('resource.');
  const bare = onlyResource ? key.slice('resource.'.length) : key;
  const texts = textsOf(value, isString);
  const [shapes, resources, scopes] = await Promise.all([
    onlyResource ? [] : findShapes(db, bare, texts, signal),
    findHolders(db, 'resources', 'service', bare, texts, signal),
    onlyResource ? [] : findScopes(db, key, value, texts, signal),
  ]);
  return {
    key: bare,
    texts,
    shapes,
    resources: resources.map((row) => ({ id: BigInt(row.id), service: row.service })),
    scopes,
    onlyResource,
  };
}

/** A value as each type would be written in the store. An unquoted number may be meant as any type. */
function textsOf(value: string, isString: boolean): AttributePlaces['texts'] {
  if (isString) return [{ text: value, types: 's' }];
  const number = value.trim() === '' ? Number.NaN : Number(value);
  const shortest = String(number);
  if (Number.isNaN(number) || shortest === value) return [{ text: value, types: 'sbidyn' }];
  return [
    { text: value, types: 'sbiyn' },
    { text: shortest, types: 'd' },
  ];
}

/**
 * SQL for each place by itself: one that an index serves must not be joined by OR to one that none does. `later` are the places
 * that have no index at all: attributes of events and links.
 */
export function attributeAlternatives(places: AttributePlaces, values: Bindings): { first: string[]; later: string[] } {
  const first: string[] = [];
  const later: string[] = [];
  if (!places.onlyResource) {
    first.push(...places.texts.map(({ text, types }) => spanSql(places, text, types, values)));
    later.push(...places.texts.flatMap(({ text, types }) => eventSql(places, text, types, values)));
  }
  if (places.resources.length > 0) {
    const services = [...new Set(places.resources.map((r) => r.service))];
    const ids = places.resources.map((r) => r.id);
    // The services are implied by the resources; naming them lets the primary key skip the others.
    first.push(
      `(service IN (SELECT arrayJoin(${values.bind('Array(String)', services)}))
        AND res_id IN (SELECT arrayJoin(${values.bind('Array(UInt64)', ids)})))`,
    );
  }
  if (places.scopes.length > 0) {
    first.push(`scope_id IN (SELECT arrayJoin(${values.bind('Array(UInt64)', places.scopes)}))`);
  }
  return { first, later };
}

function spanSql(places: AttributePlaces, text: string, types: string, values: Bindings): string {
  const value = values.bind('String', text);
  const key = values.bind('String', places.key);
  const letters = values.bind('Array(String)', Array.from(types));
  // Shape 0 keeps key, type and value one after another.
  const inline = `shape = 0 AND has(vals, ${key}) AND arrayExists(
    (k, at) -> at % 3 = 1 AND k = ${key} AND has(${letters}, vals[at + 1]) AND vals[at + 2] = ${value}, vals, arrayEnumerate(vals))`;
  const shapes = places.shapes.filter((s) => types.includes(s.type));
  const keyed =
    shapes.length === 0 ? '' : `(${atPosition('shape', 'vals', shapes, values)} = ${value} AND shape != 0) OR `;
  return `(has(vals, ${value}) AND (${keyed}(${inline})))`;
}

/** Which spans have an event or a link of these shapes is read first: hardly any, and the values only of them. */
function eventSql(places: AttributePlaces, text: string, types: string, values: Bindings): string[] {
  const shapes = places.shapes.filter((s) => types.includes(s.type));
  if (shapes.length === 0) return [];
  const value = values.bind('String', text);
  const ids = values.bind(
    'Array(UInt64)',
    shapes.map((s) => s.id),
  );
  const found = (table: string) =>
    `arrayExists((s, v) -> s != 0 AND ${atPosition('s', 'v', shapes, values)} = ${value}, ${table}.shape, ${table}.vals)`;
  return [
    `(hasAny(events.shape, ${ids}) OR hasAny(links.shape, ${ids})) AND (${found('events')} OR ${found('links')})`,
  ];
}

/** The value that a shape keeps for the key; NULL where the shape has no such key. */
function atPosition(shape: string, vals: string, shapes: AttributePlaces['shapes'], values: Bindings): string {
  const ids = values.bind(
    'Array(UInt64)',
    shapes.map((s) => s.id),
  );
  const positions = values.bind(
    'Array(UInt16)',
    shapes.map((s) => s.position),
  );
  return `if(has(${ids}, ${shape}), arrayElement(${vals}, transform(${shape}, ${ids}, ${positions}, toUInt16(0))), NULL)`;
}

async function findShapes(
  db: Database,
  key: string,
  texts: AttributePlaces['texts'],
  signal?: AbortSignal,
): Promise<AttributePlaces['shapes']> {
  const types = texts.map((t) => t.types).join('');
  const rows = await db.select<{ id: string; position: number; type: string }>({
    // A key given twice counts by its last value, as where attributes are shown.
    sql: `SELECT id, toUInt16(length(keys) + 1 - indexOf(reverse(keys), {key:String})) AS position, substring(types, position, 1) AS type
      FROM shapes WHERE has(keys, {key:String}) AND position({types:String}, type) > 0
      ORDER BY day DESC LIMIT 1 BY id LIMIT ${limits.dictionaryMatches}`,
    params: { key, types },
    timeoutMs: limits.searchTimeoutMs,
    settings: boundedMemory,
    ...(signal && { signal }),
  });
  return rows.map((row) => ({ id: BigInt(row.id), position: row.position, type: row.type }));
}

async function findHolders(
  db: Database,
  table: 'resources' | 'scopes',
  column: 'service' | 'name',
  key: string,
  texts: AttributePlaces['texts'],
  signal?: AbortSignal,
): Promise<{ id: string; service: string }[]> {
  return db.select<{ id: string; service: string }>({
    sql: `WITH length(keys) + 1 - indexOf(reverse(keys), {key:String}) AS position
      SELECT id, ${column} AS service FROM ${table}
      WHERE has(keys, {key:String})
        AND arrayExists((text, letters) -> vals[position] = text AND position(letters, substring(types, position, 1)) > 0,
          {texts:Array(String)}, {types:Array(String)})
      ORDER BY day DESC LIMIT 1 BY id LIMIT ${limits.dictionaryMatches}`,
    params: { key, texts: texts.map((t) => t.text), types: texts.map((t) => t.types) },
    timeoutMs: limits.searchTimeoutMs,
    settings: boundedMemory,
    ...(signal && { signal }),
  });
}

/** A scope has its name and version in columns, under which Jaeger's API shows them as tags. */
async function findScopes(
  db: Database,
  key: string,
  value: string,
  texts: AttributePlaces['texts'],
  signal?: AbortSignal,
): Promise<bigint[]> {
  const column = scopeColumns.get(key);
  if (column === undefined) {
    const rows = await findHolders(db, 'scopes', 'name', key, texts, signal);
    return rows.map((row) => BigInt(row.id));
  }
  const rows = await db.select<{ id: string }>({
    sql: `SELECT DISTINCT id FROM scopes WHERE ${column} = {value:String} LIMIT ${limits.dictionaryMatches}`,
    params: { value },
    timeoutMs: limits.searchTimeoutMs,
    settings: boundedMemory,
    ...(signal && { signal }),
  });
  return rows.map((row) => BigInt(row.id));
}

const scopeColumns: ReadonlyMap<string, string> = new Map([
  ['otel.scope.name', 'name'],
  ['scope.name', 'name'],
  ['otel.library.name', 'name'],
  ['otel.scope.version', 'version'],
  ['scope.version', 'version'],
  ['otel.library.version', 'version'],
]);
