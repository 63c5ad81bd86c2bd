/**
 * `key = value` over attributes kept as shapes. The text index on `vals` finds the few spans that have the value at all; that it stands
 * under the key is then checked by the position that the span's shape gives the key.
 */
import type { Database } from '../store/database.ts';
import type { Bindings } from './bindings.ts';
import { limits } from './limits.ts';
import type { Alternatives, LaterAlternative } from './span-condition.ts';

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
  const places = await findPlaces(db, bare, value, texts, signal);
  const of = (place: Place['place']) =>
    onlyResource && place !== 'resource' ? [] : places.filter((p) => p.place === place);
  return {
    key: bare,
    texts,
    shapes: of('shape').map(({ id, position, type }) => ({ id: BigInt(id), position, type })),
    resources: of('resource').map(({ id, service }) => ({ id: BigInt(id), service })),
    scopes: of('scope').map(({ id }) => BigInt(id)),
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
export function attributeAlternatives(places: AttributePlaces, values: Bindings): Alternatives {
  const first: string[] = [];
  const later: LaterAlternative[] = [];
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

/** Which spans have events or links at all is read first: few have. */
function eventSql(places: AttributePlaces, text: string, types: string, values: Bindings): LaterAlternative[] {
  const shapes = places.shapes.filter((s) => types.includes(s.type));
  if (shapes.length === 0) return [];
  const value = values.bind('String', text);
  return ['events', 'links'].map((table) => ({
    prewhere: `notEmpty(${table}.shape)`,
    where: `arrayExists((s, v) -> s != 0 AND ${atPosition('s', 'v', shapes, values)} = ${value}, ${table}.shape, ${table}.vals)`,
  }));
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

interface Place {
  readonly place: 'shape' | 'resource' | 'scope';
  readonly id: string;
  readonly position: number;
  readonly type: string;
  readonly service: string;
}

/** In one statement: three would cost three times as much, for the tables are small. */
async function findPlaces(
  db: Database,
  key: string,
  value: string,
  texts: AttributePlaces['texts'],
  signal?: AbortSignal,
): Promise<Place[]> {
  // A key given twice counts by its last value, as where attributes are shown.
  const position = 'toUInt16(length(keys) + 1 - indexOf(reverse(keys), {key:String}))';
  const hasValue = `arrayExists((text, letters) -> vals[${position}] = text AND position(letters, substring(types, ${position}, 1)) > 0,
    {texts:Array(String)}, {types:Array(String)})`;
  // A scope has its name and version in columns, under which Jaeger's API shows them as tags.
  const column = scopeColumns.get(key);
  const ofScope = column === undefined ? `has(keys, {key:String}) AND ${hasValue}` : `${column} = {value:String}`;
  return db.select<Place>({
    sql: `SELECT 'shape' AS place, id, ${position} AS position, substring(types, position, 1) AS type, '' AS service FROM shapes
        WHERE has(keys, {key:String}) AND position({letters:String}, type) > 0 LIMIT 1 BY id LIMIT ${limits.dictionaryMatches}
      UNION ALL
      SELECT 'resource', id, 0, '', service FROM resources
        WHERE has(keys, {key:String}) AND ${hasValue} LIMIT 1 BY id LIMIT ${limits.dictionaryMatches}
      UNION ALL
      SELECT 'scope', id, 0, '', '' FROM scopes
        WHERE ${ofScope} LIMIT 1 BY id LIMIT ${limits.dictionaryMatches}`,
    params: {
      key,
      value,
      texts: texts.map((t) => t.text),
      types: texts.map((t) => t.types),
      letters: texts.map((t) => t.types).join(''),
    },
    timeoutMs: limits.searchTimeoutMs,
    ...(signal && { signal }),
  });
}

const scopeColumns: ReadonlyMap<string, string> = new Map([
  ['otel.scope.name', 'name'],
  ['scope.name', 'name'],
  ['otel.library.name', 'name'],
  ['otel.scope.version', 'version'],
  ['scope.version', 'version'],
  ['otel.library.version', 'version'],
]);
