/**
 * Jaeger's spans in Thrift (https://github.com/jaegertracing/jaeger-idl/blob/main/thrift/jaeger.thrift), as its clients send
 * them in datagrams (https://github.com/jaegertracing/jaeger-idl/blob/main/thrift/agent.thrift) and over HTTP.
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
import { type ThriftReader, thriftType } from './thrift.ts';
import { type Translated, Translation } from './translated.ts';

/** A `Batch`. Throws `BadInput`. */
export function translateJaegerBatch(reader: ThriftReader): Translated {
  const translation = new Translation();
  let resource: Resource | undefined;
  let spansAt: number | undefined;
  reader.enter();
  for (let key = reader.field(); key !== 0; key = reader.field()) {
    if (key === 0x1c) resource = readProcess(reader);
    else if (key === 0x2f && resource !== undefined) readSpans(reader, resource, translation);
    else {
      // The spans, before their process: they are read when that is known.
      if (key === 0x2f) spansAt = reader.pos;
      reader.skip(key & 15);
    }
  }
  if (spansAt !== undefined) {
    reader.pos = spansAt;
    readSpans(reader, resource ?? resourceOfProcess('', noTags), translation);
  }
  return translation.finish();
}

function readSpans(reader: ThriftReader, resource: Resource, translation: Translation): void {
  const scopes = new Scopes();
  for (let left = reader.listOf(thriftType.struct); left > 0; left--) {
    const span = readSpan(reader);
    if (hasIds(span)) translation.add(spanOfJaeger(span, resource, scopes));
    else translation.reject();
  }
}

const noTags: ReadonlyMap<string, AttributeValue> = new Map();

function readProcess(reader: ThriftReader): Resource {
  let service = '';
  let tags = noTags;
  reader.enter();
  for (let key = reader.field(); key !== 0; key = reader.field()) {
    if (key === 0x1b) service = reader.string();
    else if (key === 0x2f) tags = readTags(reader);
    else reader.skip(key & 15);
  }
  return resourceOfProcess(service, tags);
}

const noId = '0000000000000000';
const noReferences: readonly JaegerReferenceIn[] = [];
const noEvents: readonly SpanEvent[] = [];
const noWarnings: readonly string[] = [];

function readSpan(reader: ThriftReader): JaegerSpanIn {
  let traceLow = noId;
  let traceHigh = noId;
  let spanId = noId;
  let parentSpanId = noId;
  let name = '';
  let references = noReferences;
  let flags = 0;
  let startNs = 0n;
  let durationNs = 0n;
  let tags: Map<string, AttributeValue> | undefined;
  let events = noEvents;
  reader.enter();
  for (let key = reader.field(); key !== 0; key = reader.field()) {
    switch (key) {
      case 0x1a:
        traceLow = readId(reader);
        break;
      case 0x2a:
        traceHigh = readId(reader);
        break;
      case 0x3a:
        spanId = readId(reader);
        break;
      case 0x4a:
        parentSpanId = readId(reader);
        break;
      case 0x5b:
        name = reader.string();
        break;
      case 0x6f:
        references = readReferences(reader);
        break;
      case 0x78:
        flags = reader.i32();
        break;
      case 0x8a:
        startNs = readMicroseconds(reader);
        break;
      case 0x9a:
        durationNs = readMicroseconds(reader);
        break;
      case 0xaf:
        tags = readTags(reader);
        break;
      case 0xbf:
        events = readLogs(reader);
        break;
      default:
        reader.skip(key & 15);
    }
  }
  return {
    traceId: traceHigh + traceLow,
    spanId,
    parentSpanId,
    name,
    flags,
    startNs,
    durationNs,
    references,
    tags: tags ?? new Map(),
    events,
    warnings: noWarnings,
  };
}

function readId(reader: ThriftReader): string {
  reader.i64();
  return reader.hex;
}

/** As ns. What does not fit 64 bits wraps when it is written. */
function readMicroseconds(reader: ThriftReader): bigint {
  reader.i64();
  return reader.bigint * 1000n;
}

function readReferences(reader: ThriftReader): readonly JaegerReferenceIn[] {
  const references: JaegerReferenceIn[] = [];
  for (let left = reader.listOf(thriftType.struct); left > 0; left--) {
    let type = 0;
    let low = noId;
    let high = noId;
    let spanId: string | undefined;
    reader.enter();
    for (let key = reader.field(); key !== 0; key = reader.field()) {
      if (key === 0x18) type = reader.i32();
      else if (key === 0x2a) low = readId(reader);
      else if (key === 0x3a) high = readId(reader);
      else if (key === 0x4a) spanId = readId(reader);
      else reader.skip(key & 15);
    }
    if (spanId === undefined) throw reader.missing('SpanRef.spanId');
    references.push({ isChildOf: type === 0, traceId: high + low, spanId });
  }
  return references;
}

function readLogs(reader: ThriftReader): readonly SpanEvent[] {
  const events: SpanEvent[] = [];
  for (let left = reader.listOf(thriftType.struct); left > 0; left--) {
    let timeNs: bigint | undefined;
    let fields: Map<string, AttributeValue> | undefined;
    reader.enter();
    for (let key = reader.field(); key !== 0; key = reader.field()) {
      if (key === 0x1a) timeNs = readMicroseconds(reader);
      else if (key === 0x2f) fields = readTags(reader);
      else reader.skip(key & 15);
    }
    if (timeNs === undefined) throw reader.missing('Log.timestamp');
    events.push(eventOfLog(timeNs, fields));
  }
  return events;
}

/** By their type; of a key given twice the last value counts. */
function readTags(reader: ThriftReader): Map<string, AttributeValue> {
  const tags = new Map<string, AttributeValue>();
  for (let left = reader.listOf(thriftType.struct); left > 0; left--) {
    let name: string | undefined;
    let type = 0;
    let text = '';
    let double = 0;
    let bool = false;
    let long = 0n;
    let binary: Uint8Array | undefined;
    reader.enter();
    for (let key = reader.field(); key !== 0; key = reader.field()) {
      switch (key) {
        case 0x1b:
          name = reader.string();
          break;
        case 0x28:
          type = reader.i32();
          break;
        case 0x3b:
          text = reader.string();
          break;
        case 0x44:
          double = reader.double();
          break;
        case 0x52:
          bool = reader.bool();
          break;
        case 0x6a:
          reader.i64();
          long = reader.bigint;
          break;
        case 0x7b:
          binary = Uint8Array.from(reader.binary());
          break;
        default:
          reader.skip(key & 15);
      }
    }
    if (name === undefined) throw reader.missing('Tag.key');
    tags.set(name, valueOfTag(type, text, double, bool, long, binary));
  }
  return tags;
}

function valueOfTag(
  type: number,
  text: string,
  double: number,
  bool: boolean,
  long: bigint,
  binary: Uint8Array | undefined,
): AttributeValue {
  switch (type) {
    case 0:
      return text;
    case 1:
      return double;
    case 2:
      return bool;
    case 3:
      return long;
    case 4:
      return binary ?? new Uint8Array();
    default:
      return `<unknown Jaeger tag type ${type}>`;
  }
}
