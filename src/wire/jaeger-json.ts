/**
 * Spans as Jaeger's HTTP API shows them
 * (https://github.com/jaegertracing/jaeger/blob/v2.20.0/internal/uimodel/model.go), translated from OpenTelemetry as its Collector does
 * (https://opentelemetry.io/docs/specs/otel/trace/sdk_exporters/jaeger/).
 */
import { type Attributes, type AttributeValue, attributeText, typeOfAttribute } from '../model/attributes.ts';
import { type Resource, type Span, spanKind, spanKindNames, statusCode } from '../model/span.ts';

export interface JaegerTrace {
  /** 32 hex digits, or 16 of a 64-bit id. */
  readonly traceID: string;
  readonly spans: readonly JaegerSpan[];
  readonly processes: Readonly<Record<string, JaegerProcess>>;
  readonly warnings: readonly string[] | null;
}

export interface JaegerSpan {
  readonly traceID: string;
  readonly spanID: string;
  readonly operationName: string;
  readonly references: readonly JaegerReference[];
  /** µs since the epoch. */
  readonly startTime: number;
  /** µs. */
  readonly duration: number;
  readonly tags: readonly JaegerTag[];
  readonly logs: readonly { readonly timestamp: number; readonly fields: readonly JaegerTag[] }[];
  /** A key of `processes`. */
  readonly processID: string;
  readonly warnings: readonly string[] | null;
}

export interface JaegerReference {
  readonly refType: 'CHILD_OF' | 'FOLLOWS_FROM';
  readonly traceID: string;
  readonly spanID: string;
}

export interface JaegerTag {
  readonly key: string;
  readonly type: 'string' | 'bool' | 'int64' | 'float64' | 'binary';
  /** An int64 beyond 2^53 is a string. */
  readonly value: string | number | boolean;
}

export interface JaegerProcess {
  readonly serviceName: string;
  readonly tags: readonly JaegerTag[];
}

/** What Jaeger calls a span without a name. */
export const emptySpanName = 'empty-span-name';

/** The spans of one trace, at least one. `raw` leaves out what Jaeger's query service adjusts for reading. */
export function toJaegerTrace(spans: readonly Span[], { raw = false }: { raw?: boolean } = {}): JaegerTrace {
  const processes = new Processes(raw);
  const shown = raw ? spans : splitSharedSpans(spans);
  const known = new Set(shown.map((span) => span.spanId));
  return {
    traceID: jaegerTraceId(spans[0]?.traceId ?? ''),
    spans: shown.map((span) => toJaegerSpan(span, processes.idOf(span.resource), known, raw)),
    processes: processes.byId,
    warnings: null,
  };
}

/** A 64-bit id, stored with sixteen zeros before it, is shown without them. */
export function jaegerTraceId(traceId: string): string {
  return traceId.startsWith('0000000000000000') ? traceId.slice(16) : traceId;
}

function toJaegerSpan(span: Span, processID: string, known: ReadonlySet<string>, raw: boolean): JaegerSpan {
  const links = raw ? span.links : span.links.filter((link) => !/^0*$/.test(link.traceId));
  const warnings: string[] = [];
  if (span.endNs < span.startNs) warnings.push(negativeDuration(span));
  if (!raw && span.parentSpanId !== '' && !known.has(span.parentSpanId)) {
    warnings.push(`parent span ID=${span.parentSpanId} is not in the trace; skipping clock skew adjustment`);
  }
  for (let i = links.length; i < span.links.length; i++) warnings.push('Invalid span link removed');
  return {
    traceID: jaegerTraceId(span.traceId),
    spanID: span.spanId,
    operationName: span.name === '' ? emptySpanName : span.name,
    references: referencesOf(span, links),
    startTime: microseconds(span.startNs),
    duration: span.endNs > span.startNs ? microseconds(span.endNs - span.startNs) : 0,
    tags: spanTags(span, raw),
    logs: span.events.map((event) => ({
      timestamp: microseconds(event.timeNs),
      fields: [
        ...(event.name === '' || event.attributes.has('event') ? [] : [textTag('event', event.name)]),
        ...tagsOf(event.attributes, raw),
      ],
    })),
    processID,
    warnings: warnings.length === 0 ? null : warnings,
  };
}

function referencesOf(span: Span, links: Span['links']): JaegerReference[] {
  const traceID = jaegerTraceId(span.traceId);
  const references: JaegerReference[] = [];
  if (span.parentSpanId !== '') references.push({ refType: 'CHILD_OF', traceID, spanID: span.parentSpanId });
  for (const link of links) {
    const refType = link.attributes.get('opentracing.ref_type') === 'child_of' ? 'CHILD_OF' : 'FOLLOWS_FROM';
    const reference = { refType, traceID: jaegerTraceId(link.traceId), spanID: link.spanId } as const;
    // A link to the parent says of which kind that reference is.
    if (span.parentSpanId !== '' && reference.traceID === traceID && reference.spanID === span.parentSpanId) {
      references[0] = reference;
    } else references.push(reference);
  }
  return references;
}

function spanTags(span: Span, raw: boolean): JaegerTag[] {
  const tags: JaegerTag[] = [];
  if (span.scope.name !== '') tags.push(textTag('otel.scope.name', span.scope.name));
  if (span.scope.version !== '') tags.push(textTag('otel.scope.version', span.scope.version));
  tags.push(...tagsOf(span.attributes, raw));
  if (span.kind !== spanKind.unspecified) tags.push(textTag('span.kind', spanKindNames[span.kind]));
  if (span.statusCode === statusCode.error) tags.push(textTag('otel.status_code', 'ERROR'));
  if (span.statusCode === statusCode.ok) tags.push(textTag('otel.status_code', 'OK'));
  if (span.statusCode === statusCode.error) tags.push({ key: 'error', type: 'bool', value: true });
  if (span.statusMessage !== '') tags.push(textTag('otel.status_description', span.statusMessage));
  if (span.traceState !== '') tags.push(textTag('w3c.tracestate', span.traceState));
  return tags;
}

function tagsOf(attributes: Attributes, raw: boolean): JaegerTag[] {
  const tags = Array.from(attributes, ([key, value]) => tagOf(key, raw ? value : readableAddress(key, value)));
  return raw ? tags : tags.sort((a, b) => (a.key < b.key ? -1 : a.key > b.key ? 1 : 0));
}

function tagOf(key: string, value: AttributeValue): JaegerTag {
  switch (typeof value) {
    case 'boolean':
      return { key, type: 'bool', value };
    case 'bigint': {
      const isSafe = value <= Number.MAX_SAFE_INTEGER && value >= Number.MIN_SAFE_INTEGER;
      return { key, type: 'int64', value: isSafe ? Number(value) : value.toString() };
    }
    case 'number':
      return { key, type: 'float64', value: Number.isFinite(value) ? value : String(value) };
    default:
      return { key, type: typeOfAttribute(value) === 'y' ? 'binary' : 'string', value: attributeText(value) };
  }
}

function textTag(key: string, value: string): JaegerTag {
  return { key, type: 'string', value };
}

/** Old clients send IPv4 addresses as a number. */
function readableAddress(key: string, value: AttributeValue): AttributeValue {
  if ((key !== 'ip' && key !== 'peer.ipv4') || (typeof value !== 'bigint' && typeof value !== 'number')) return value;
  const bits = BigInt.asUintN(32, typeof value === 'bigint' ? value : BigInt(Math.trunc(value) || 0));
  return [24n, 16n, 8n, 0n].map((shift) => (bits >> shift) & 255n).join('.');
}

/**
 * Zipkin's clients give the client's and the server's half of a call one id. The server's gets a free one, below the client's;
 * what was below the shared id is below the server's.
 */
export function splitSharedSpans(spans: readonly Span[]): readonly Span[] {
  const used = new Set(spans.map((span) => span.spanId));
  if (used.size === spans.length) return spans;
  const clients = new Set(spans.flatMap((span) => (span.kind === spanKind.client ? span.spanId : [])));
  const renamed = new Map<string, string>();
  let next = 0n;
  const freeId = () => {
    do next++;
    while (used.has(next.toString(16).padStart(16, '0')));
    return next.toString(16).padStart(16, '0');
  };
  for (const span of spans) {
    if (span.kind === spanKind.server && clients.has(span.spanId)) renamed.set(span.spanId, freeId());
  }
  return spans.map((span) => {
    const own = span.kind === spanKind.server ? renamed.get(span.spanId) : undefined;
    if (own !== undefined) return { ...span, spanId: own, parentSpanId: span.spanId };
    return { ...span, parentSpanId: renamed.get(span.parentSpanId) ?? span.parentSpanId };
  });
}

/** Spans of equal processes share one, named p1, p2 … in the order in which they come. */
class Processes {
  readonly byId: Record<string, JaegerProcess> = {};
  private readonly byResource = new Map<Resource, string>();
  private readonly byContent = new Map<string, string>();
  private readonly raw: boolean;

  constructor(raw: boolean) {
    this.raw = raw;
  }

  idOf(resource: Resource): string {
    const seen = this.byResource.get(resource);
    if (seen !== undefined) return seen;
    const attributes = new Map(resource.attributes);
    attributes.delete('service.name');
    const process = {
      serviceName: resource.service,
      tags: tagsOf(attributes, this.raw),
    };
    const content = JSON.stringify(process);
    const id = this.byContent.get(content) ?? `p${this.byContent.size + 1}`;
    this.byResource.set(resource, id);
    this.byContent.set(content, id);
    this.byId[id] = process;
    return id;
  }
}

/** Rounded towards the past, as Jaeger does for times after 1970. */
function microseconds(ns: bigint): number {
  return Number(ns >= 0n ? ns / 1000n : -((-ns + 999n) / 1000n));
}

function negativeDuration({ startNs, endNs }: Span): string {
  return `Negative duration detected, sanitizing end timestamp. Original end timestamp: ${goTime(endNs)}, adjusted to: ${goTime(startNs + 1n)}`;
}

/** As Go prints a time: `2026-01-01 00:00:00.5 +0000 UTC`. */
function goTime(ns: bigint): string {
  const seconds = ns >= 0n ? ns / 1_000_000_000n : -((-ns + 999_999_999n) / 1_000_000_000n);
  const rest = String(ns - seconds * 1_000_000_000n).padStart(9, '0');
  const fraction = `.${rest}`.replace(/\.?0+$/, '');
  const [date, time] = new Date(Number(seconds) * 1000).toISOString().split('T');
  return `${date} ${time?.slice(0, 8)}${fraction} +0000 UTC`;
}
