/**
 * Requests of Jaeger's gRPC query services, both versions
 * (https://github.com/jaegertracing/jaeger-idl/blob/main/proto/api_v2/query.proto,
 * https://github.com/jaegertracing/jaeger-idl/blob/main/proto/api_v3/query_service.proto). All throw `BadInput` for malformed bytes.
 */
import { BadInput } from '../base/errors.ts';
import { ProtoReader } from './protobuf.ts';

export interface TraceRequest {
  /** 32 hex digits in version 2, as given in version 3; `''` when absent. */
  readonly traceId: string;
  readonly raw: boolean;
}

export interface QueryParameters {
  readonly service: string;
  readonly operation: string;
  readonly attributes: ReadonlyMap<string, string>;
  /** ns since the epoch; undefined when absent. */
  readonly fromNs: bigint | undefined;
  readonly toNs: bigint | undefined;
  /** 0 when absent. */
  readonly leastNs: bigint;
  readonly mostNs: bigint;
  readonly depth: number;
  readonly raw: boolean;
  readonly filter: FilterCall | undefined;
}

/** A structured filter, of version 3: an operator over terms. */
export interface FilterCall {
  readonly op: string;
  readonly args: readonly FilterTerm[];
}

export type FilterTerm =
  | { readonly kind: 'attr'; readonly key: string; readonly level: string }
  | { readonly kind: 'field'; readonly name: string; readonly level: string }
  | { readonly kind: 'scalar'; readonly value: string; readonly type: string }
  | { readonly kind: 'list'; readonly values: readonly string[]; readonly type: string }
  | { readonly kind: 'call'; readonly call: FilterCall }
  | { readonly kind: 'other'; readonly name: string };

/** As Jaeger bounds it. */
export const maxFilterDepth = 32;

/** `GetTraceRequest` and `ArchiveTraceRequest` of version 2. */
export function readTraceRequestV2(message: Uint8Array): TraceRequest {
  let traceId = '';
  let raw = false;
  eachField(new ProtoReader(message), (field, reader) => {
    if (field === 0x0a) traceId = Buffer.from(reader.bytes()).toString('hex');
    else if (field === 0x20) raw = reader.varint() !== 0;
    else reader.skip(field);
  });
  if (traceId.length > 32) throw new BadInput(`a trace id has at most 16 bytes, got ${traceId.length / 2}`);
  return { traceId: /^0*$/.test(traceId) ? '' : traceId.padStart(32, '0'), raw };
}

export function readTraceRequestV3(message: Uint8Array): TraceRequest {
  let traceId = '';
  let raw = false;
  eachField(new ProtoReader(message), (field, reader) => {
    if (field === 0x0a) traceId = reader.string();
    else if (field === 0x20) raw = reader.varint() !== 0;
    else reader.skip(field);
  });
  return { traceId, raw };
}

/** `FindTracesRequest` and `FindTraceSummariesRequest`; undefined without a query. */
export function readFindRequest(message: Uint8Array): QueryParameters | undefined {
  let query: QueryParameters | undefined;
  eachField(new ProtoReader(message), (field, reader) => {
    if (field === 0x0a) query = readParameters(reader.message());
    else reader.skip(field);
  });
  return query;
}

/** `GetOperationsRequest`. */
export function readOperationsRequest(message: Uint8Array): { readonly service: string; readonly kind: string } {
  const [service = '', kind = ''] = readStrings(new ProtoReader(message));
  return { service, kind };
}

/** `GetDependenciesRequest`: ns since the epoch; undefined when absent. */
export function readDependenciesRequest(message: Uint8Array) {
  let fromNs: bigint | undefined;
  let toNs: bigint | undefined;
  eachField(new ProtoReader(message), (field, reader) => {
    if (field === 0x0a) fromNs = readNs(reader.message());
    else if (field === 0x12) toNs = readNs(reader.message());
    else reader.skip(field);
  });
  return { fromNs, toNs };
}

function readParameters(message: ProtoReader): QueryParameters {
  const attributes = new Map<string, string>();
  const query: { -readonly [K in keyof QueryParameters]: QueryParameters[K] } = {
    service: '',
    operation: '',
    attributes,
    fromNs: undefined,
    toNs: undefined,
    leastNs: 0n,
    mostNs: 0n,
    depth: 0,
    raw: false,
    filter: undefined,
  };
  eachField(message, (field, reader) => {
    switch (field) {
      case 0x0a:
        query.service = reader.string();
        break;
      case 0x12:
        query.operation = reader.string();
        break;
      case 0x1a: {
        const [key = '', value = ''] = readStrings(reader.message());
        attributes.set(key, value);
        break;
      }
      case 0x22:
        query.fromNs = readNs(reader.message());
        break;
      case 0x2a:
        query.toNs = readNs(reader.message());
        break;
      case 0x32:
        query.leastNs = readNs(reader.message());
        break;
      case 0x3a:
        query.mostNs = readNs(reader.message());
        break;
      case 0x40:
        query.depth = Number(BigInt.asIntN(32, reader.varint64()));
        break;
      case 0x48:
        query.raw = reader.varint() !== 0;
        break;
      case 0x52:
        query.filter = readCall(reader.message(), 1);
        break;
      default:
        reader.skip(field);
    }
  });
  return query;
}

function readCall(message: ProtoReader, depth: number): FilterCall {
  if (depth > maxFilterDepth) throw new BadInput(`filter is nested more than ${maxFilterDepth} deep`);
  const args: FilterTerm[] = [];
  let op = '';
  eachField(message, (field, reader) => {
    if (field === 0x0a) op = reader.string();
    else if (field === 0x12) args.push(readTerm(reader.message(), depth));
    else reader.skip(field);
  });
  return { op, args };
}

/** Of a oneof the last one given counts. */
function readTerm(message: ProtoReader, depth: number): FilterTerm {
  let term: FilterTerm | undefined;
  eachField(message, (field, reader) => {
    const inner = (field & 7) === 2 ? reader.message() : undefined;
    if (inner === undefined) reader.skip(field);
    else if (field >>> 3 === 6) term = { kind: 'call', call: readCall(inner, depth + 1) };
    else if (field >>> 3 === 5) term = readList(inner);
    else {
      const [first = '', second = ''] = readStrings(inner);
      const kinds: Readonly<Record<number, FilterTerm>> = {
        1: { kind: 'attr', key: first, level: second },
        2: { kind: 'field', name: first, level: second },
        3: { kind: 'other', name: 'nested' },
        4: { kind: 'scalar', value: first, type: second },
      };
      term = kinds[field >>> 3] ?? term;
    }
  });
  if (term === undefined) throw new BadInput('filter argument is empty');
  return term;
}

function readList(message: ProtoReader): FilterTerm {
  const values: string[] = [];
  let type = '';
  eachField(message, (field, reader) => {
    if (field === 0x0a) values.push(reader.string());
    else if (field === 0x12) type = reader.string();
    else reader.skip(field);
  });
  return { kind: 'list', values, type };
}

/** The string fields 1 and 2 of a message. */
function readStrings(message: ProtoReader): [string | undefined, string | undefined] {
  const strings: [string | undefined, string | undefined] = [undefined, undefined];
  eachField(message, (field, reader) => {
    if (field === 0x0a) strings[0] = reader.string();
    else if (field === 0x12) strings[1] = reader.string();
    else reader.skip(field);
  });
  return strings;
}

/** `google.protobuf.Timestamp` and `Duration`: seconds and nanoseconds. */
function readNs(message: ProtoReader): bigint {
  let [seconds, nanos] = [0n, 0n];
  eachField(message, (field, reader) => {
    if (field === 0x08) seconds = BigInt.asIntN(64, reader.varint64());
    else if (field === 0x10) nanos = BigInt.asIntN(32, reader.varint64());
    else reader.skip(field);
  });
  return seconds * 1_000_000_000n + nanos;
}

function eachField(reader: ProtoReader, read: (field: number, reader: ProtoReader) => void): void {
  while (reader.hasMore) read(reader.key(), reader);
}
