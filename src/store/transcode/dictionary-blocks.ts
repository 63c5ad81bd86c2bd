/** Rows of the dictionary tables as `Native` blocks. */
import { Column } from './column.ts';
import type { StoredResource, StoredScope } from './dictionary.ts';
import { type NativeColumn, nativeBlock } from './native.ts';
import type { Shape } from './shapes.ts';
import type { SpanBlock } from './span-block.ts';

export interface TableBlock {
  readonly table: 'shapes' | 'resources' | 'scopes' | 'spans';
  readonly columns: readonly string[];
  readonly rows: number;
  /** The bytes of the file, in order. */
  readonly pieces: readonly Uint8Array[];
}

/** What the block's rows refer to and the store has not been given on `day` (days since 1970). Tables without news are left out. */
export function dictionaryBlocks(block: SpanBlock, day: number): TableBlock[] {
  const shapes = block.shapes.filter((thing) => thing.storedDay < day);
  const resources = block.resources.filter((thing) => thing.storedDay < day);
  const scopes = block.scopes.filter((thing) => thing.storedDay < day);
  return [
    tableBlock('shapes', shapes, shapeColumns(shapes), day),
    tableBlock('resources', resources, resourceColumns(resources), day),
    tableBlock('scopes', scopes, scopeColumns(scopes), day),
  ].filter(({ rows }) => rows > 0);
}

function tableBlock(
  table: TableBlock['table'],
  things: readonly { readonly low: number; readonly high: number }[],
  described: readonly NativeColumn[],
  day: number,
): TableBlock {
  const id = column('id', 'UInt64', things, (c, thing) => c.u64(thing.low, thing.high));
  const columns = [id, ...described, column('day', 'Date', things, (c) => c.u16(day))];
  return {
    table,
    columns: columns.map((c) => c.name),
    rows: things.length,
    pieces: nativeBlock(things.length, columns),
  };
}

function shapeColumns(shapes: readonly Shape[]): NativeColumn[] {
  return [textLists('keys', shapes, (s) => s.keys), texts('types', shapes, (s) => s.types)];
}

function resourceColumns(resources: readonly StoredResource[]): NativeColumn[] {
  return [texts('service', resources, (r) => r.service), ...describedColumns(resources)];
}

function scopeColumns(scopes: readonly StoredScope[]): NativeColumn[] {
  return [
    texts('name', scopes, (s) => s.name),
    texts('version', scopes, (s) => s.version),
    ...describedColumns(scopes),
  ];
}

function describedColumns(things: readonly (StoredResource | StoredScope)[]): NativeColumn[] {
  return [
    textLists('keys', things, (t) => t.keys),
    texts('types', things, (t) => t.types),
    textLists('vals', things, (t) => t.vals),
    texts('schema_url', things, (t) => t.schemaUrl),
    column('dropped', 'UInt32', things, (c, t) => c.u32(t.dropped | 0)),
  ];
}

function texts<T>(name: string, things: readonly T[], textOf: (thing: T) => string): NativeColumn {
  return column(name, 'String', things, (c, thing) => c.text(textOf(thing)));
}

function textLists<T>(name: string, things: readonly T[], listOf: (thing: T) => readonly string[]): NativeColumn {
  const ends = new Column();
  const strings = new Column();
  let count = 0;
  for (const thing of things) {
    const list = listOf(thing);
    for (const text of list) strings.text(text);
    ends.u64((count += list.length), 0);
  }
  return { name, type: 'Array(String)', data: [ends, strings] };
}

function column<T>(
  name: string,
  type: string,
  things: readonly T[],
  put: (column: Column, thing: T) => void,
): NativeColumn {
  const data = new Column();
  for (const thing of things) put(data, thing);
  return { name, type, data: [data] };
}
