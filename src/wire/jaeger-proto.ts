/**
 * Jaeger's spans in protobuf (https://github.com/jaegertracing/jaeger-idl/blob/main/proto/api_v2/model.proto), as its agents
 * and Collectors send them over gRPC. A process of a span's own goes before the batch's.
 */
import type { AttributeValue } from '../model/attributes.ts';
import type { Resource, SpanEvent } from '../model/span.ts';
import {
  eventOfLog,
  hasIds,
  type JaegerReferenceIn,
  type JaegerSpanIn,
  resourceOfProcess,
  Scopes,
  spanOfJaeger,
} from './jaeger-span.ts';
import { ProtoReader } from './protobuf.ts';
import { type Translated, Translation } from './translated.ts';

/** A `PostSpansRequest`. Throws `BadInput`. */
export function translatePostSpans(bytes: Uint8Array): Translated {
  const translation = new Translation();
  const processes = new Processes(bytes);
  const scopes = new Scopes();
  const request = new ProtoReader(bytes);
  while (request.hasMore) {
    const field = request.key();
    if (field !== 0x0a) {
      request.skip(field);
      continue;
    }
    const batch = request.message();
    const shared = processOfBatch(new ProtoReader(bytes, batch.pos, batch.end), processes);
    while (batch.hasMore) {
      const part = batch.key();
      if (part !== 0x0a) {
        batch.skip(part);
        continue;
      }
      const { span, own } = readSpan(batch.message(), processes);
      if (hasIds(span)) translation.add(spanOfJaeger(span, own ?? shared, scopes));
      else translation.reject();
    }
  }
  return translation.finish();
}

/** It comes after the spans. */
function processOfBatch(batch: ProtoReader, processes: Processes): Resource {
  let process: Resource | undefined;
  while (batch.hasMore) {
    const part = batch.key();
    if (part === 0x12) process = processes.read(batch.message());
    else batch.skip(part);
  }
  return process ?? resourceOfProcess('', new Map());
}

/** Processes with the same bytes are one resource: each span may repeat its own. */
class Processes {
  private readonly byBytes = new Map<string, Resource>();
  private readonly buffer: Buffer;

  constructor(bytes: Uint8Array) {
    this.buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
  }

  read(reader: ProtoReader): Resource {
    const key = this.buffer.toString('latin1', reader.pos, reader.end);
    const known = this.byBytes.get(key);
    if (known !== undefined) return known;
    let service = '';
    const tags = new Map<string, AttributeValue>();
    while (reader.hasMore) {
      const field = reader.key();
      if (field === 0x0a) service = reader.string();
      else if (field === 0x12) readTag(reader.message(), tags);
      else reader.skip(field);
    }
    const resource = resourceOfProcess(service, tags);
    this.byBytes.set(key, resource);
    return resource;
  }
}

const noId = '0000000000000000';

function readSpan(reader: ProtoReader, processes: Processes): { span: JaegerSpanIn; own: Resource | undefined } {
  const references: JaegerReferenceIn[] = [];
  const tags = new Map<string, AttributeValue>();
  const events: SpanEvent[] = [];
  const warnings: string[] = [];
  let traceId = noId + noId;
  let spanId = noId;
  let name = '';
  let flags = 0;
  let startNs = 0n;
  let durationNs = 0n;
  let own: Resource | undefined;
  while (reader.hasMore) {
    const field = reader.key();
    switch (field) {
      case 0x0a:
        traceId = readId(reader, 32);
        break;
      case 0x12:
        spanId = readId(reader, 16);
        break;
      case 0x1a:
        name = reader.string();
        break;
      case 0x22:
        readReference(reader.message(), references);
        break;
      case 0x28:
        flags = reader.varint() >>> 0;
        break;
      case 0x32:
        startNs = readTime(reader.message());
        break;
      case 0x3a:
        durationNs = readTime(reader.message());
        break;
      case 0x42:
        readTag(reader.message(), tags);
        break;
      case 0x4a:
        readLog(reader.message(), events);
        break;
      case 0x52:
        own = processes.read(reader.message());
        break;
      case 0x62:
        warnings.push(reader.string());
        break;
      default:
        reader.skip(field);
    }
  }
  return {
    span: {
      traceId,
      spanId,
      parentSpanId: noId,
      name,
      flags,
      startNs,
      durationNs,
      references,
      tags,
      events,
      warnings,
    },
    own,
  };
}

/** Zeros in front of what is shorter, the last digits of what is longer. */
function readId(reader: ProtoReader, digits: number): string {
  const bytes = reader.bytes();
  const hex = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('hex');
  return hex.length === digits ? hex : hex.padStart(digits, '0').slice(-digits);
}

/** One that says nothing is none. */
function readReference(reader: ProtoReader, into: JaegerReferenceIn[]): void {
  if (!reader.hasMore) return;
  let traceId = noId + noId;
  let spanId = noId;
  let type = 0;
  while (reader.hasMore) {
    const field = reader.key();
    if (field === 0x0a) traceId = readId(reader, 32);
    else if (field === 0x12) spanId = readId(reader, 16);
    else if (field === 0x18) type = reader.varint();
    else reader.skip(field);
  }
  into.push({ isChildOf: type === 0, traceId, spanId });
}

/** A `Timestamp` or `Duration`, in ns: both are seconds and nanoseconds, either of which may be negative. */
function readTime(reader: ProtoReader): bigint {
  let seconds = 0n;
  let nanos = 0n;
  while (reader.hasMore) {
    const field = reader.key();
    if (field === 0x08) seconds = BigInt.asIntN(64, reader.varint64());
    else if (field === 0x10) nanos = BigInt.asIntN(32, reader.varint64());
    else reader.skip(field);
  }
  return seconds * 1_000_000_000n + nanos;
}

/** One that says nothing is none. */
function readLog(reader: ProtoReader, into: SpanEvent[]): void {
  if (!reader.hasMore) return;
  let timeNs = 0n;
  let fields: Map<string, AttributeValue> | undefined;
  while (reader.hasMore) {
    const field = reader.key();
    if (field === 0x0a) timeNs = readTime(reader.message());
    else if (field === 0x12) readTag(reader.message(), (fields ??= new Map()));
    else reader.skip(field);
  }
  into.push(eventOfLog(timeNs, fields));
}

/** Fields at their default are not on the wire: the type alone says what the value is. */
function readTag(reader: ProtoReader, into: Map<string, AttributeValue>): void {
  let key = '';
  let type = 0;
  let text = '';
  let bool = false;
  let long = 0n;
  let double = 0;
  let binary: Uint8Array | undefined;
  while (reader.hasMore) {
    const field = reader.key();
    switch (field) {
      case 0x0a:
        key = reader.string();
        break;
      case 0x10:
        type = reader.varint();
        break;
      case 0x1a:
        text = reader.string();
        break;
      case 0x20:
        bool = reader.varint() !== 0;
        break;
      case 0x28:
        long = BigInt.asIntN(64, reader.varint64());
        break;
      case 0x31:
        double = reader.double();
        break;
      case 0x3a:
        binary = new Uint8Array(reader.bytes());
        break;
      default:
        reader.skip(field);
    }
  }
  into.set(key, valueOfTag(type, text, bool, long, double, binary));
}

function valueOfTag(
  type: number,
  text: string,
  bool: boolean,
  long: bigint,
  double: number,
  binary: Uint8Array | undefined,
): AttributeValue {
  switch (type) {
    case 0:
      return text;
    case 1:
      return bool;
    case 2:
      return long;
    case 3:
      return double;
    case 4:
      return binary ?? new Uint8Array();
    default:
      return `<unknown Jaeger tag type ${type}>`;
  }
}
