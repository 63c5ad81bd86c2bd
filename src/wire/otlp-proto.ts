/**
 * OTLP traces in protobuf
 * (https://github.com/open-telemetry/opentelemetry-proto/blob/main/opentelemetry/proto/trace/v1/trace.proto), to spans and back.
 * A field is taken only with the wire type of its specification; anything else is unknown and skipped, as protobuf asks.
 */
import { BadInput } from '../base/errors.ts';
import { attributeText } from '../model/attributes.ts';
import type { AttributeValue, Attributes } from '../model/attributes.ts';
import type { Resource, Scope, Span, SpanEvent, SpanKind, SpanLink, StatusCode } from '../model/span.ts';
import { readKeyValue, writeAttributes } from './otlp-attributes.ts';
import { ProtoReader, ProtoWriter } from './protobuf.ts';

/** The service of a resource that names none (https://opentelemetry.io/docs/specs/semconv/resource/#service). */
export const unknownService = 'unknown_service';

/**
 * The spans of an `ExportTraceServiceRequest`, in order; spans of one `ResourceSpans` share their resource.
 * Throws `BadInput` for malformed bytes. A span whose ids have an impossible length is left out and told to `reject`;
 * without `reject` it is `BadInput` too.
 */
export function decodeTraces(bytes: Uint8Array, reject?: (reason: string) => void): Span[] {
  const spans: Span[] = [];
  const request = new ProtoReader(bytes);
  while (request.hasMore) {
    const field = request.key();
    if (field === 0x0a) readResourceSpans(request.message(), spans, reject);
    else request.skip(field);
  }
  return spans;
}

/** An `ExportTraceServiceRequest`. Neighbours with the same (identical) resource and scope share one `ScopeSpans`. */
export function encodeTraces(spans: readonly Span[]): Uint8Array {
  const writer = new ProtoWriter();
  for (const ofResource of runsOf(spans, (a, b) => a.resource === b.resource)) {
    writer.messageField(1, (w) => writeResourceSpans(w, ofResource));
  }
  return writer.finish();
}

function readResourceSpans(reader: ProtoReader, spans: Span[], reject?: (reason: string) => void): void {
  const resource = { service: unknownService, attributes: new Map<string, AttributeValue>(), schemaUrl: '' };
  const scopeSpans: ProtoReader[] = [];
  while (reader.hasMore) {
    const field = reader.key();
    if (field === 0x0a) readAttributes(reader.message(), 0x0a, resource.attributes);
    else if (field === 0x12) scopeSpans.push(reader.message());
    else if (field === 0x1a) resource.schemaUrl = reader.string();
    else reader.skip(field);
  }
  resource.service = serviceOf(resource.attributes);
  for (const each of scopeSpans) readScopeSpans(each, resource, spans, reject);
}

/** `service.name` as text, or `unknown_service`. */
export function serviceOf(resource: Attributes): string {
  return attributeText(resource.get('service.name')) || unknownService;
}

function readScopeSpans(reader: ProtoReader, resource: Resource, spans: Span[], reject?: (reason: string) => void) {
  const scope = { name: '', version: '', attributes: new Map<string, AttributeValue>(), schemaUrl: '' };
  const messages: ProtoReader[] = [];
  while (reader.hasMore) {
    const field = reader.key();
    if (field === 0x0a) readScope(reader.message(), scope);
    else if (field === 0x12) messages.push(reader.message());
    else if (field === 0x1a) scope.schemaUrl = reader.string();
    else reader.skip(field);
  }
  for (const message of messages) {
    const span = readSpan(message, resource, scope);
    const problem = problemOfIds(span);
    if (problem === undefined) spans.push(span);
    else if (reject === undefined) throw new BadInput(problem);
    else reject(problem);
  }
}

function problemOfIds(span: Span): string | undefined {
  if (span.traceId.length !== 32) return `a trace id has 16 bytes, got ${span.traceId.length / 2}`;
  if (span.spanId.length !== 16) return `a span id has 8 bytes, got ${span.spanId.length / 2}`;
  if (span.parentSpanId !== '' && span.parentSpanId.length !== 16)
    return `a parent span id has 8 bytes, got ${span.parentSpanId.length / 2}`;
  return undefined;
}

type Writable<T> = { -readonly [K in keyof T]: T[K] };

function readScope(reader: ProtoReader, scope: Writable<Scope> & { attributes: Map<string, AttributeValue> }): void {
  while (reader.hasMore) {
    const field = reader.key();
    if (field === 0x0a) scope.name = reader.string();
    else if (field === 0x12) scope.version = reader.string();
    else if (field === 0x1a) readAttribute(reader, scope.attributes);
    else reader.skip(field);
  }
}

/** All `KeyValue`s of the repeated field whose key is `attributesKey`. */
function readAttributes(reader: ProtoReader, attributesKey: number, into: Map<string, AttributeValue>): void {
  while (reader.hasMore) {
    const field = reader.key();
    if (field === attributesKey) readAttribute(reader, into);
    else reader.skip(field);
  }
}

function readAttribute(reader: ProtoReader, into: Map<string, AttributeValue>): void {
  const [key, value] = readKeyValue(reader.message());
  into.set(key, value);
}

function readSpan(reader: ProtoReader, resource: Resource, scope: Scope): Span {
  const attributes = new Map<string, AttributeValue>();
  const events: SpanEvent[] = [];
  const links: SpanLink[] = [];
  const span: Writable<Span> = {
    traceId: '',
    spanId: '',
    parentSpanId: '',
    traceState: '',
    flags: 0,
    name: '',
    kind: 0,
    startNs: 0n,
    endNs: 0n,
    attributes,
    events,
    links,
    statusCode: 0,
    statusMessage: '',
    droppedAttributes: 0,
    droppedEvents: 0,
    droppedLinks: 0,
    resource,
    scope,
  };
  while (reader.hasMore) {
    const field = reader.key();
    switch (field) {
      case 0x0a:
        span.traceId = traceIdOf(reader.bytes());
        break;
      case 0x12:
        span.spanId = hex(reader.bytes());
        break;
      case 0x1a:
        span.traceState = reader.string();
        break;
      case 0x22:
        span.parentSpanId = parentIdOf(reader.bytes());
        break;
      case 0x2a:
        span.name = reader.string();
        break;
      case 0x30:
        span.kind = kindOf(reader.varint());
        break;
      case 0x39:
        span.startNs = BigInt.asIntN(64, reader.fixed64());
        break;
      case 0x41:
        span.endNs = BigInt.asIntN(64, reader.fixed64());
        break;
      case 0x4a:
        readAttribute(reader, attributes);
        break;
      case 0x50:
        span.droppedAttributes = reader.varint() >>> 0;
        break;
      case 0x5a:
        events.push(readEvent(reader.message()));
        break;
      case 0x60:
        span.droppedEvents = reader.varint() >>> 0;
        break;
      case 0x6a:
        links.push(readLink(reader.message()));
        break;
      case 0x70:
        span.droppedLinks = reader.varint() >>> 0;
        break;
      case 0x7a:
        readStatus(reader.message(), span);
        break;
      case 0x85:
        span.flags = reader.fixed32();
        break;
      default:
        reader.skip(field);
    }
  }
  return span;
}

function readEvent(reader: ProtoReader): SpanEvent {
  const attributes = new Map<string, AttributeValue>();
  const event: Writable<SpanEvent> = { timeNs: 0n, name: '', attributes, droppedAttributes: 0 };
  while (reader.hasMore) {
    const field = reader.key();
    if (field === 0x09) event.timeNs = BigInt.asIntN(64, reader.fixed64());
    else if (field === 0x12) event.name = reader.string();
    else if (field === 0x1a) readAttribute(reader, attributes);
    else if (field === 0x20) event.droppedAttributes = reader.varint() >>> 0;
    else reader.skip(field);
  }
  return event;
}

/** A link with impossible ids is kept as it is: it is a remark of the span, not an address in the store. */
function readLink(reader: ProtoReader): SpanLink {
  const attributes = new Map<string, AttributeValue>();
  const link: Writable<SpanLink> = {
    traceId: ''.padStart(32, '0'),
    spanId: ''.padStart(16, '0'),
    traceState: '',
    attributes,
    flags: 0,
    droppedAttributes: 0,
  };
  while (reader.hasMore) {
    const field = reader.key();
    if (field === 0x0a) link.traceId = fitHex(reader.bytes(), 32);
    else if (field === 0x12) link.spanId = fitHex(reader.bytes(), 16);
    else if (field === 0x1a) link.traceState = reader.string();
    else if (field === 0x22) readAttribute(reader, attributes);
    else if (field === 0x28) link.droppedAttributes = reader.varint() >>> 0;
    else if (field === 0x35) link.flags = reader.fixed32();
    else reader.skip(field);
  }
  return link;
}

function readStatus(reader: ProtoReader, span: Writable<Span>): void {
  while (reader.hasMore) {
    const field = reader.key();
    if (field === 0x12) span.statusMessage = reader.string();
    else if (field === 0x18) span.statusCode = statusOf(reader.varint());
    else reader.skip(field);
  }
}

/** An unknown kind of a later specification reads as unspecified. */
function kindOf(value: number): SpanKind {
  return value === 1 || value === 2 || value === 3 || value === 4 || value === 5 ? value : 0;
}

function statusOf(value: number): StatusCode {
  return value === 1 || value === 2 ? value : 0;
}

function hex(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('hex');
}

/** A 64-bit trace id (of old tracers) is the same id with zeros in front. */
function traceIdOf(bytes: Uint8Array): string {
  return bytes.length === 8 ? hex(bytes).padStart(32, '0') : hex(bytes);
}

/** No parent is written as nothing, and by some senders as zeros. */
function parentIdOf(bytes: Uint8Array): string {
  const id = hex(bytes);
  return /^0*$/.test(id) && (id.length === 16 || id.length === 0) ? '' : id;
}

/** Exactly `digits` digits: zeros in front of what is shorter, the last ones of what is longer. */
function fitHex(bytes: Uint8Array, digits: number): string {
  return hex(bytes).padStart(digits, '0').slice(-digits);
}

function writeResourceSpans(writer: ProtoWriter, spans: readonly Span[]): void {
  const resource = spans[0]?.resource;
  if (resource === undefined) return;
  writer.messageField(1, (w) => writeAttributes(w, 1, resource.attributes));
  for (const ofScope of runsOf(spans, (a, b) => a.scope === b.scope)) {
    writer.messageField(2, (w) => writeScopeSpans(w, ofScope));
  }
  if (resource.schemaUrl !== '') writer.stringField(3, resource.schemaUrl);
}

function writeScopeSpans(writer: ProtoWriter, spans: readonly Span[]): void {
  const scope = spans[0]?.scope;
  if (scope === undefined) return;
  writer.messageField(1, (w) => {
    w.stringField(1, scope.name).stringField(2, scope.version);
    writeAttributes(w, 3, scope.attributes);
  });
  for (const span of spans) writer.messageField(2, (w) => writeSpan(w, span));
  if (scope.schemaUrl !== '') writer.stringField(3, scope.schemaUrl);
}

/** Defaults are not written, as protobuf's own writers do. */
function writeSpan(writer: ProtoWriter, span: Span): void {
  writer.bytesField(1, Buffer.from(span.traceId, 'hex')).bytesField(2, Buffer.from(span.spanId, 'hex'));
  if (span.traceState !== '') writer.stringField(3, span.traceState);
  if (span.parentSpanId !== '') writer.bytesField(4, Buffer.from(span.parentSpanId, 'hex'));
  writer.stringField(5, span.name);
  if (span.kind !== 0) writer.varintField(6, span.kind);
  writer.fixed64Field(7, span.startNs).fixed64Field(8, span.endNs);
  writeAttributes(writer, 9, span.attributes);
  if (span.droppedAttributes !== 0) writer.varintField(10, span.droppedAttributes);
  for (const event of span.events) writer.messageField(11, (w) => writeEvent(w, event));
  if (span.droppedEvents !== 0) writer.varintField(12, span.droppedEvents);
  for (const link of span.links) writer.messageField(13, (w) => writeLink(w, link));
  if (span.droppedLinks !== 0) writer.varintField(14, span.droppedLinks);
  if (span.statusCode !== 0 || span.statusMessage !== '') {
    writer.messageField(15, (w) => {
      if (span.statusMessage !== '') w.stringField(2, span.statusMessage);
      if (span.statusCode !== 0) w.varintField(3, span.statusCode);
    });
  }
  if (span.flags !== 0) writer.fixed32Field(16, span.flags);
}

function writeEvent(writer: ProtoWriter, event: SpanEvent): void {
  writer.fixed64Field(1, event.timeNs).stringField(2, event.name);
  writeAttributes(writer, 3, event.attributes);
  if (event.droppedAttributes !== 0) writer.varintField(4, event.droppedAttributes);
}

function writeLink(writer: ProtoWriter, link: SpanLink): void {
  writer.bytesField(1, Buffer.from(link.traceId, 'hex')).bytesField(2, Buffer.from(link.spanId, 'hex'));
  if (link.traceState !== '') writer.stringField(3, link.traceState);
  writeAttributes(writer, 4, link.attributes);
  if (link.droppedAttributes !== 0) writer.varintField(5, link.droppedAttributes);
  if (link.flags !== 0) writer.fixed32Field(6, link.flags);
}

/** Neighbours that belong together, in order. */
function runsOf<T>(items: readonly T[], belong: (a: T, b: T) => boolean): T[][] {
  const runs: T[][] = [];
  let run: T[] = [];
  for (const item of items) {
    const first = run[0];
    if (first === undefined || !belong(first, item)) runs.push((run = []));
    run.push(item);
  }
  return runs;
}
