/**
 * Spans in Zipkin's JSON v2 (https://zipkin.io/zipkin-api/#/default/get_trace__traceId_), translated from OpenTelemetry as its
 * specification says (https://opentelemetry.io/docs/specs/otel/trace/sdk_exporters/zipkin/).
 */
import { type AttributeValue, attributeJson, attributeText } from '../model/attributes.ts';
import { type Span, spanKind, statusCode } from '../model/span.ts';
import { jaegerTraceId } from './jaeger-json.ts';
import { noStartTimeKey } from './zipkin-span.ts';

export interface ZipkinSpan {
  /** 32 hex digits, or 16 of a 64-bit id. */
  readonly traceId: string;
  readonly parentId?: string;
  readonly id: string;
  readonly kind?: 'CLIENT' | 'SERVER' | 'PRODUCER' | 'CONSUMER';
  readonly name?: string;
  /** µs since the epoch. */
  readonly timestamp?: number;
  /** µs, at least 1. */
  readonly duration?: number;
  readonly localEndpoint?: ZipkinEndpoint;
  readonly remoteEndpoint?: ZipkinEndpoint;
  readonly annotations?: readonly { readonly timestamp: number; readonly value: string }[];
  readonly tags?: Readonly<Record<string, string>>;
  /** The server's half of a call whose client's half has the same id. */
  readonly shared?: true;
}

export interface ZipkinEndpoint {
  readonly serviceName?: string;
  readonly ipv4?: string;
  readonly ipv6?: string;
  readonly port?: number;
}

/** The spans of one trace. */
export function toZipkinTrace(spans: readonly Span[]): ZipkinSpan[] {
  const clients = new Set(spans.flatMap((span) => (span.kind === spanKind.client ? span.spanId : [])));
  return spans.map((span) => toZipkinSpan(span, span.kind === spanKind.server && clients.has(span.spanId)));
}

const kinds = [undefined, undefined, 'SERVER', 'CLIENT', 'PRODUCER', 'CONSUMER'] as const;

function toZipkinSpan(span: Span, isShared: boolean): ZipkinSpan {
  const rest = new Map(span.attributes);
  const localEndpoint = localOf(span, rest);
  const remoteEndpoint = remoteOf(rest);
  const annotations = annotationsOf(span);
  const kind = kinds[span.kind];
  // A span that came without a time goes without it again; the one it has is a guess.
  const timestamp = rest.delete(noStartTimeKey) ? 0 : microseconds(span.startNs);
  const tags = tagsOf(span, rest);
  return {
    traceId: jaegerTraceId(span.traceId),
    ...(span.parentSpanId !== '' && { parentId: span.parentSpanId }),
    id: span.spanId,
    ...(kind !== undefined && { kind }),
    ...(span.name !== '' && { name: span.name }),
    ...(timestamp > 0 && { timestamp }),
    ...(span.endNs > span.startNs && { duration: Math.max(1, microseconds(span.endNs - span.startNs)) }),
    localEndpoint,
    ...(remoteEndpoint !== undefined && { remoteEndpoint }),
    ...(annotations.length > 0 && { annotations }),
    ...(Object.keys(tags).length > 0 && { tags }),
    ...(isShared && { shared: true }),
  };
}

/** Attributes that name the service on the other side: as instrumentations write it, and as Zipkin's spans are taken in. */
export const remoteServiceKeys = ['peer.service', 'service.peer.name'] as const;

/** What is taken for an endpoint is no tag any more. */
function localOf({ resource }: Span, rest: Map<string, AttributeValue>): ZipkinEndpoint {
  const ip = takeFirst(rest, ['net.host.ip', 'network.local.address'], ipOf);
  const port = takeFirst(rest, ['net.host.port', 'network.local.port'], portOf);
  return { serviceName: resource.service, ...ip, ...port };
}

function remoteOf(rest: Map<string, AttributeValue>): ZipkinEndpoint | undefined {
  const service = takeFirst(rest, remoteServiceKeys, nameOf);
  const ip = takeFirst(rest, ['net.sock.peer.addr', 'net.peer.ip', 'network.peer.address'], ipOf);
  if (service === undefined && ip === undefined) return undefined;
  const port = takeFirst(rest, ['net.sock.peer.port', 'net.peer.port', 'network.peer.port'], portOf);
  return { ...service, ...ip, ...port };
}

function takeFirst<T>(
  rest: Map<string, AttributeValue>,
  keys: readonly string[],
  read: (value: AttributeValue | undefined) => T | undefined,
): T | undefined {
  for (const key of keys) {
    const value = read(rest.get(key));
    if (value === undefined) continue;
    rest.delete(key);
    return value;
  }
  return undefined;
}

function nameOf(value: AttributeValue | undefined): { serviceName: string } | undefined {
  return value === undefined || value === '' ? undefined : { serviceName: attributeText(value) };
}

function ipOf(value: AttributeValue | undefined): { ipv4: string } | { ipv6: string } | undefined {
  if (typeof value !== 'string') return undefined;
  if (/^\d{1,3}(?:\.\d{1,3}){3}$/.test(value)) return { ipv4: value };
  return /^[0-9a-fA-F:.]+$/.test(value) && value.includes(':') ? { ipv6: value } : undefined;
}

function portOf(value: AttributeValue | undefined): { port: number } | undefined {
  const port = typeof value === 'bigint' || typeof value === 'string' ? Number(value) : value;
  return typeof port === 'number' && Number.isInteger(port) && port > 0 && port < 65_536 ? { port } : undefined;
}

function annotationsOf(span: Span): { timestamp: number; value: string }[] {
  return span.events.map(({ timeNs, name, attributes, droppedAttributes }) => {
    const isPlain = attributes.size === 0 && droppedAttributes === 0;
    const value = isPlain ? name : `${name}|${JSON.stringify(attributeJson(attributes))}|${droppedAttributes}`;
    return { timestamp: microseconds(timeNs), value };
  });
}

function tagsOf(span: Span, rest: ReadonlyMap<string, AttributeValue>): Record<string, string> {
  const tags = new Map<string, string>();
  for (const [key, value] of span.resource.attributes) if (key !== 'service.name') tags.set(key, attributeText(value));
  for (const [key, value] of rest) tags.set(key, attributeText(value));
  if (span.kind === spanKind.internal) tags.set('span.kind', 'internal');
  for (const [i, link] of span.links.entries()) {
    const attributes = JSON.stringify(attributeJson(link.attributes));
    const parts = [link.traceId, link.spanId, link.traceState, attributes, link.droppedAttributes];
    tags.set(`otlp.link.${i}`, parts.join('|'));
  }
  if (span.statusCode === statusCode.ok) tags.set('otel.status_code', 'OK');
  if (span.statusCode === statusCode.error) {
    tags.set('otel.status_code', 'ERROR');
    // Its own value says more, as Zipkin's clients set it.
    if (!tags.has('error')) tags.set('error', span.statusMessage || 'true');
  }
  if (span.scope.name !== '') tags.set('otel.scope.name', span.scope.name);
  if (span.scope.version !== '') tags.set('otel.scope.version', span.scope.version);
  if (span.traceState !== '') tags.set('w3c.tracestate', span.traceState);
  // A sender's `__proto__` must stay a tag.
  return Object.fromEntries(tags);
}

function microseconds(ns: bigint): number {
  return Number(ns / 1000n);
}
