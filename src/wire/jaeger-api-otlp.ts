/**
 * Traces as version 3 of Jaeger's API gives them: OTLP `TracesData`, whose fields are those of an `ExportTraceServiceRequest`
 * (https://github.com/jaegertracing/jaeger-idl/blob/main/proto/api_v3/query_service.proto).
 */
import type { Resource, Scope, Span } from '../model/span.ts';
import { splitSharedSpans } from './jaeger-json.ts';
import { type JsonObject, otlpToJson } from './otlp-json.ts';
import { encodeTraces } from './otlp-proto.ts';

/** The spans of one trace in protobuf. `raw` leaves out what Jaeger's query service adjusts for reading. */
export function tracesData(spans: readonly Span[], { raw = false }: { raw?: boolean } = {}): Uint8Array {
  return encodeTraces(byResourceAndScope(raw ? spans : adjusted(spans)));
}

/** The same in messages of at most `most` spans. */
export function* tracesDataParts(
  spans: readonly Span[],
  { raw, most }: { raw: boolean; most: number },
): Generator<Uint8Array> {
  const shown = byResourceAndScope(raw ? spans : adjusted(spans));
  for (let at = 0; at < shown.length; at += most) yield encodeTraces(shown.slice(at, at + most));
}

/** The same in JSON. */
export function tracesDataJson(spans: readonly Span[], options: { raw?: boolean } = {}): JsonObject {
  return otlpToJson('ExportTraceServiceRequest', tracesData(spans, options));
}

function adjusted(spans: readonly Span[]): Span[] {
  return splitSharedSpans(spans).map(withoutEmptyLinks);
}

function withoutEmptyLinks(span: Span): Span {
  const links = span.links.filter((link) => !/^0*$/.test(link.traceId));
  return links.length === span.links.length ? span : { ...span, links };
}

/** Spans come by time, services in turn: put together, each resource is written once. */
function byResourceAndScope(spans: readonly Span[]): Span[] {
  const resources = new Map<Resource, Map<Scope, Span[]>>();
  for (const span of spans) {
    const scopes = resources.get(span.resource) ?? new Map<Scope, Span[]>();
    resources.set(span.resource, scopes);
    const group = scopes.get(span.scope);
    if (group === undefined) scopes.set(span.scope, [span]);
    else group.push(span);
  }
  return [...resources.values()].flatMap((scopes) => [...scopes.values()].flat());
}
