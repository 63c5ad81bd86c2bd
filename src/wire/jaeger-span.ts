/**
 * Jaeger's spans in OpenTelemetry's terms, as the Collector's receiver translates them
 * (https://github.com/open-telemetry/opentelemetry-collector-contrib/tree/main/pkg/translator/jaeger), whatever encoding they
 * came in. Beyond it: scope and trace state are found in Thrift too, and warnings are kept, as Jaeger 2 keeps them.
 */
import type { AttributeValue } from '../model/attributes.ts';
import {
  type Resource,
  type Scope,
  type Span,
  type SpanEvent,
  type SpanKind,
  type SpanLink,
  spanKind,
  type StatusCode,
  statusCode,
} from '../model/span.ts';
import { serviceOf } from './otlp-proto.ts';

/** A span as Jaeger sends it. Ids in hex digits, 32 and 16; times in ns. */
export interface JaegerSpanIn {
  readonly traceId: string;
  readonly spanId: string;
  /** 16 zeros when only the references may say it. */
  readonly parentSpanId: string;
  readonly name: string;
  /** 1 is sampled, 2 debug. */
  readonly flags: number;
  readonly startNs: bigint;
  readonly durationNs: bigint;
  readonly references: readonly JaegerReferenceIn[];
  /** The caller's own: what becomes a field of the span is taken out. */
  readonly tags: Map<string, AttributeValue>;
  readonly events: readonly SpanEvent[];
  readonly warnings: readonly string[];
}

export interface JaegerReferenceIn {
  readonly isChildOf: boolean;
  readonly traceId: string;
  readonly spanId: string;
}

/** Where Jaeger 2 keeps the warnings of a span. */
export const jaegerWarningsKey = '@jaeger@warnings';

const noId = '0000000000000000';

/** Whether a span can be kept at all. */
export function hasIds(span: JaegerSpanIn): boolean {
  return span.spanId !== noId && span.traceId !== noId + noId;
}

/** The process that sent the spans. `tags` become the resource's own. */
export function resourceOfProcess(service: string, tags: ReadonlyMap<string, AttributeValue>): Resource {
  const attributes = new Map<string, AttributeValue>();
  if (service !== '') attributes.set('service.name', service);
  for (const [key, value] of tags) attributes.set(key, value);
  move(attributes, 'hostname', 'host.name', (value) => value);
  move(attributes, 'jaeger.version', 'opencensus.exporterversion', (value) => `Jaeger-${textOf(value)}`);
  return { service: serviceOf(attributes), attributes, schemaUrl: '' };
}

/** An attribute under another name, unless that is there. */
function move(
  attributes: Map<string, AttributeValue>,
  from: string,
  to: string,
  make: (value: AttributeValue) => AttributeValue,
): void {
  const value = attributes.get(from);
  if (value === undefined || attributes.has(to)) return;
  attributes.set(to, make(value));
  attributes.delete(from);
}

/** The scopes of one request: spans of one scope share the object. */
export class Scopes {
  private readonly byName = new Map<string, Scope>();

  of(name: string, version: string): Scope {
    if (name === '' && version === '') return noScope;
    const key = `${name}\0${version}`;
    let scope = this.byName.get(key);
    if (scope === undefined) this.byName.set(key, (scope = { ...noScope, name, version }));
    return scope;
  }
}

const noScope: Scope = { name: '', version: '', attributes: new Map(), schemaUrl: '' };

export function spanOfJaeger(given: JaegerSpanIn, resource: Resource, scopes: Scopes): Span {
  const { tags } = given;
  const parentSpanId = parentOf(given);
  const kind = kinds[textOf(take(tags, 'span.kind'))] ?? spanKind.unspecified;
  const status = takeStatus(tags, kind);
  const scopeName = takeEither(tags, 'otel.scope.name', 'otel.library.name');
  const scopeVersion = takeEither(tags, 'otel.scope.version', 'otel.library.version');
  const traceState = textOf(take(tags, 'w3c.tracestate'));
  if (given.warnings.length > 0) tags.set(jaegerWarningsKey, given.warnings);
  return {
    traceId: given.traceId,
    spanId: given.spanId,
    parentSpanId,
    traceState,
    flags: given.flags & 1,
    name: given.name,
    kind,
    startNs: given.startNs,
    endNs: given.startNs + given.durationNs,
    attributes: tags,
    events: given.events,
    links: given.references.length === 0 ? noLinks : linksOf(given.references, parentSpanId),
    statusCode: status.code,
    statusMessage: status.message,
    droppedAttributes: 0,
    droppedEvents: 0,
    droppedLinks: 0,
    resource,
    scope: scopeName === '' && scopeVersion === '' ? noScope : scopes.of(scopeName, scopeVersion),
  };
}

/** A log as an event: its field `event` is the name. `fields` become the event's own. */
export function eventOfLog(timeNs: bigint, fields: Map<string, AttributeValue> | undefined): SpanEvent {
  if (fields === undefined) return { timeNs, name: '', attributes: noFields, droppedAttributes: 0 };
  return { timeNs, name: textOf(take(fields, 'event')), attributes: fields, droppedAttributes: 0 };
}

const noFields: ReadonlyMap<string, AttributeValue> = new Map();

const kinds: Readonly<Record<string, SpanKind>> = {
  client: spanKind.client,
  server: spanKind.server,
  producer: spanKind.producer,
  consumer: spanKind.consumer,
  internal: spanKind.internal,
};

const noLinks: readonly SpanLink[] = [];

/** Named, or the first reference within the trace; one that says "child of" comes first. */
function parentOf({ parentSpanId, references, traceId }: JaegerSpanIn): string {
  if (parentSpanId !== noId) return parentSpanId;
  const own = references.filter((reference) => reference.traceId === traceId && reference.spanId !== noId);
  return (own.find((reference) => reference.isChildOf) ?? own[0])?.spanId ?? '';
}

/** All references but the one that is the parent already. */
function linksOf(references: readonly JaegerReferenceIn[], parentSpanId: string): readonly SpanLink[] {
  return references
    .filter((reference) => !reference.isChildOf || reference.spanId !== parentSpanId)
    .map(({ traceId, spanId, isChildOf }) => ({
      traceId,
      spanId,
      traceState: '',
      attributes: isChildOf ? childOf : followsFrom,
      flags: 0,
      droppedAttributes: 0,
    }));
}

const childOf: ReadonlyMap<string, string> = new Map([['opentracing.ref_type', 'child_of']]);
const followsFrom: ReadonlyMap<string, string> = new Map([['opentracing.ref_type', 'follows_from']]);

/**
 * The tag `error` is the truth; without it `otel.status_code`; without that the HTTP status, where 4xx is the client's error
 * and not the server's (https://opentelemetry.io/docs/specs/semconv/http/http-spans/#status).
 */
function takeStatus(tags: Map<string, AttributeValue>, kind: SpanKind): { code: StatusCode; message: string } {
  const error = tags.get('error');
  const told = tags.get('otel.status_code');
  if (told !== undefined) tags.delete('otel.status_code');
  // Jaeger's own page takes the text for an error too.
  if (error === true || error === 'true') {
    tags.delete('error');
    const description = take(tags, 'otel.status_description');
    return { code: statusCode.error, message: textOf(description ?? tags.get('http.status_message')) };
  }
  if (told !== undefined) {
    const code = statuses[textOf(told).toUpperCase()] ?? statusCode.unset;
    return { code, message: textOf(take(tags, 'otel.status_description')) };
  }
  const http = httpStatus(tags.get('http.status_code') ?? tags.get('http.response.status_code'));
  if (http === undefined || !isHttpError(http, kind)) return unset;
  return { code: statusCode.error, message: textOf(tags.get('http.status_message')) };
}

const unset = { code: statusCode.unset, message: '' };
const statuses: Readonly<Record<string, StatusCode>> = { OK: statusCode.ok, ERROR: statusCode.error };

/** Jaeger's client for Node sends every number as a double. */
function httpStatus(value: AttributeValue | undefined): number | undefined {
  if (typeof value === 'bigint' || typeof value === 'number') return Number(value);
  return typeof value === 'string' && /^\d{1,9}$/.test(value) ? Number(value) : undefined;
}

function isHttpError(status: number, kind: SpanKind): boolean {
  if (status >= 400 && status < 500 && kind === spanKind.server) return false;
  return status < 100 || status >= 400;
}

function take(attributes: Map<string, AttributeValue>, key: string): AttributeValue | undefined {
  const value = attributes.get(key);
  if (value !== undefined) attributes.delete(key);
  return value;
}

function takeEither(attributes: Map<string, AttributeValue>, key: string, older: string): string {
  const value = take(attributes, key);
  const old = take(attributes, older);
  return textOf(value ?? old);
}

function textOf(value: AttributeValue | undefined): string {
  return typeof value === 'string' ? value : '';
}
