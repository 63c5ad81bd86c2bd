/** What spans refer to by id: shapes, resources, scopes. Kept in memory so that each is decoded and stored once, not once a span. */
import type { AttributeValue } from '../../model/attributes.ts';
import { readKeyValue } from '../../wire/otlp-attributes.ts';
import { serviceOf } from '../../wire/otlp-proto.ts';
import { ProtoReader } from '../../wire/protobuf.ts';
import { Column, paddedView } from './column.ts';
import type { ContentId } from './content-id.ts';
import { encodeAttributes } from './encode-value.ts';
import { Interned } from './interned.ts';
import { defaultShapeLimits, type ShapeLimits, Shapes } from './shapes.ts';

interface Described extends ContentId {
  readonly keys: readonly string[];
  readonly types: string;
  readonly vals: readonly string[];
  readonly schemaUrl: string;
  readonly dropped: number;
  /** As of `Shape`. */
  block: number;
  storedDay: number;
}

/** One row of the table `resources`. */
export interface StoredResource extends Described {
  readonly service: string;
  /** The service as a row of a String column: its length, then its bytes; `serviceLength` of them in all. */
  readonly serviceColumn: DataView<ArrayBuffer>;
  readonly serviceLength: number;
}

/** One row of the table `scopes`. */
export interface StoredScope extends Described {
  readonly name: string;
  readonly version: string;
}

export class Dictionary {
  readonly shapes: Shapes;
  readonly resources = new Interned(makeResource);
  readonly scopes = new Interned(makeScope);
  private day = -1;

  constructor(limits: Partial<ShapeLimits> = {}) {
    this.shapes = new Shapes({ ...defaultShapeLimits, ...limits });
  }

  /** To be told the day of each request: a new day makes room again for shapes that yesterday's flood kept out. */
  enterDay(day: number): void {
    if (day <= this.day) return;
    this.day = day;
    this.shapes.clear();
  }
}

function makeResource(message: Uint8Array, schemaUrl: string, id: ContentId): StoredResource {
  const attributes = new Map<string, AttributeValue>();
  let dropped = 0;
  const reader = new ProtoReader(message);
  while (reader.hasMore) {
    const field = reader.key();
    if (field === 0x0a) attributes.set(...readKeyValue(reader.message()));
    else if (field === 0x10) dropped = reader.varint() >>> 0;
    else reader.skip(field);
  }
  const service = serviceOf(attributes);
  const column = new Column(64);
  column.text(service);
  return {
    ...id,
    ...encodeAttributes(attributes),
    schemaUrl,
    dropped,
    service,
    serviceColumn: paddedView(column.content),
    serviceLength: column.length,
    block: 0,
    storedDay: -1,
  };
}

function makeScope(message: Uint8Array, schemaUrl: string, id: ContentId): StoredScope {
  const attributes = new Map<string, AttributeValue>();
  let name = '';
  let version = '';
  let dropped = 0;
  const reader = new ProtoReader(message);
  while (reader.hasMore) {
    const field = reader.key();
    if (field === 0x0a) name = reader.string();
    else if (field === 0x12) version = reader.string();
    else if (field === 0x1a) attributes.set(...readKeyValue(reader.message()));
    else if (field === 0x20) dropped = reader.varint() >>> 0;
    else reader.skip(field);
  }
  return { ...id, ...encodeAttributes(attributes), schemaUrl, dropped, name, version, block: 0, storedDay: -1 };
}
