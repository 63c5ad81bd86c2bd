/** The columns of the table `spans` while rows are put into them. */
import { Column } from './column.ts';
import type { StoredResource, StoredScope } from './dictionary.ts';
import { type NativeColumn, nativeBlock } from './native.ts';
import type { Shape } from './shapes.ts';

/** A column of type `Array(String)`: attribute values. */
export class ValueLists {
  readonly ends = new Column();
  readonly strings = new Column();
  count = 0;
}

/** The columns of `events`. `ends` is that of the rows; the lists of `values` belong to events. */
export class EventColumns {
  readonly ends = new Column();
  readonly ts = new Column();
  readonly name = new Column();
  readonly shape = new Column();
  readonly values = new ValueLists();
  readonly dropped = new Column();
  count = 0;
}

export class LinkColumns {
  readonly ends = new Column();
  readonly traceId = new Column();
  readonly spanId = new Column();
  readonly traceState = new Column();
  readonly flags = new Column();
  readonly shape = new Column();
  readonly values = new ValueLists();
  readonly dropped = new Column();
  count = 0;
}

let serials = 0;

export class SpanBlock {
  rows = 0;
  readonly day = new Column();
  readonly service = new Column();
  readonly name = new Column();
  readonly ts = new Column();
  readonly duration = new Column();
  readonly traceId = new Column();
  readonly spanId = new Column();
  readonly parentId = new Column();
  readonly kind = new Column();
  readonly status = new Column();
  readonly statusMessage = new Column();
  readonly flags = new Column();
  readonly traceState = new Column();
  readonly resourceId = new Column();
  readonly scopeId = new Column();
  readonly shape = new Column();
  readonly values = new ValueLists();
  readonly droppedEnds = new Column();
  readonly dropped = new Column();
  readonly events = new EventColumns();
  readonly links = new LinkColumns();

  /** What the rows refer to, each once. */
  readonly shapes: Shape[] = [];
  readonly resources: StoredResource[] = [];
  readonly scopes: StoredScope[] = [];

  private serial = ++serials;
  private readonly lists = [this.values, this.events.values, this.links.values, this.events, this.links];
  private readonly columns = this.lists.flatMap(columnsOf).concat(columnsOf(this));

  /** Bytes held so far; the block's file is a little larger. */
  get size(): number {
    return this.columns.reduce((sum, column) => sum + column.length, 0);
  }

  /** Notes that the rows refer to `thing`. */
  refer<T extends { block: number }>(thing: T, list: T[]): void {
    if (thing.block === this.serial) return;
    thing.block = this.serial;
    list.push(thing);
  }

  /** Call the result to forget every row put since. */
  mark(): () => void {
    const { rows } = this;
    const lengths = this.columns.map((column) => column.length);
    const counts = this.lists.map((list) => list.count);
    return () => {
      this.rows = rows;
      this.columns.forEach((column, i) => (column.length = lengths[i] ?? 0));
      this.lists.forEach((list, i) => (list.count = counts[i] ?? 0));
    };
  }

  /** Empties the block, keeping its memory for the next rows. */
  clear(): void {
    this.rows = 0;
    for (const column of this.columns) column.length = 0;
    for (const list of this.lists) list.count = 0;
    for (const things of [this.shapes, this.resources, this.scopes]) things.length = 0;
    this.serial = ++serials;
  }

  /**
   * The block in `Native` format and the names of its columns. The pieces are views: write them before `clear` or another row.
   * Columns without anything in them are left out: their default is the empty array.
   */
  finish(): { columns: string[]; pieces: Uint8Array[] } {
    const columns: NativeColumn[] = [
      { name: 'day', type: 'Date', data: [this.day] },
      { name: 'service', type: 'String', data: [this.service] },
      { name: 'name', type: 'String', data: [this.name] },
      { name: 'ts', type: 'Int64', data: [this.ts] },
      { name: 'duration', type: 'Int64', data: [this.duration] },
      { name: 'trace_id', type: 'FixedString(16)', data: [this.traceId] },
      { name: 'span_id', type: 'FixedString(8)', data: [this.spanId] },
      { name: 'parent_id', type: 'FixedString(8)', data: [this.parentId] },
      { name: 'kind', type: 'UInt8', data: [this.kind] },
      { name: 'status', type: 'UInt8', data: [this.status] },
      { name: 'status_message', type: 'String', data: [this.statusMessage] },
      { name: 'flags', type: 'UInt32', data: [this.flags] },
      { name: 'trace_state', type: 'String', data: [this.traceState] },
      { name: 'res_id', type: 'UInt64', data: [this.resourceId] },
      { name: 'scope_id', type: 'UInt64', data: [this.scopeId] },
      { name: 'shape', type: 'UInt64', data: [this.shape] },
      { name: 'vals', type: 'Array(String)', data: [this.values.ends, this.values.strings] },
    ];
    if (this.dropped.length > 0) {
      columns.push({ name: 'dropped', type: 'Array(UInt32)', data: [this.droppedEnds, this.dropped] });
    }
    if (this.events.count > 0) columns.push(...eventColumns(this.events));
    if (this.links.count > 0) columns.push(...linkColumns(this.links));
    return { columns: columns.map((column) => column.name), pieces: nativeBlock(this.rows, columns) };
  }
}

function columnsOf(owner: object): Column[] {
  return Object.values(owner).filter((value): value is Column => value instanceof Column);
}

function eventColumns({ ends, ts, name, shape, values, dropped }: EventColumns): NativeColumn[] {
  return [
    { name: 'events.ts', type: 'Array(Int64)', data: [ends, ts] },
    { name: 'events.name', type: 'Array(String)', data: [ends, name] },
    { name: 'events.shape', type: 'Array(UInt64)', data: [ends, shape] },
    { name: 'events.vals', type: 'Array(Array(String))', data: [ends, values.ends, values.strings] },
    { name: 'events.dropped', type: 'Array(UInt32)', data: [ends, dropped] },
  ];
}

function linkColumns(links: LinkColumns): NativeColumn[] {
  const { ends, traceId, spanId, traceState, flags, shape, values, dropped } = links;
  return [
    { name: 'links.trace_id', type: 'Array(FixedString(16))', data: [ends, traceId] },
    { name: 'links.span_id', type: 'Array(FixedString(8))', data: [ends, spanId] },
    { name: 'links.trace_state', type: 'Array(String)', data: [ends, traceState] },
    { name: 'links.flags', type: 'Array(UInt32)', data: [ends, flags] },
    { name: 'links.shape', type: 'Array(UInt64)', data: [ends, shape] },
    { name: 'links.vals', type: 'Array(Array(String))', data: [ends, values.ends, values.strings] },
    { name: 'links.dropped', type: 'Array(UInt32)', data: [ends, dropped] },
  ];
}
