/** Jaeger's HTTP query API v1, as its 2.20 answers: every script that asks Jaeger may ask Ariane. */
import { BadInput } from '../../base/errors.ts';
import type { HttpReply, HttpRequest, HttpRoute } from '../../base/listener.ts';
import { type Span, spanKindNames } from '../../model/span.ts';
import { listOperations } from '../../query/list-operations.ts';
import { listServices } from '../../query/list-services.ts';
import { readServiceCalls } from '../../query/service-calls.ts';
import { emptySpanName, type JaegerTrace, jaegerTraceId, toJaegerTrace } from '../../wire/jaeger-json.ts';
import { otlpFromJson } from '../../wire/otlp-json.ts';
import { decodeTraces } from '../../wire/otlp-proto.ts';
import { type Asking, askingOf, findIds, type JaegerDeps, readInBatches, readStored } from './asking.ts';
import { envelope, type EnvelopeError, envelopeOf, errorEnvelope } from './envelope.ts';
import {
  type JaegerSearch,
  parseBool,
  parseDependencies,
  parseMicros,
  parseSearch,
  parseTraceId,
} from './parameters.ts';

export function jaegerRoutes(given: JaegerDeps): HttpRoute[] {
  const deps = askingOf(given);
  const { db, clock } = deps;
  return [
    get('/api/services', async (request) => {
      const services = await listServices(db, request.closed);
      return envelope(request, services, { total: services.length });
    }),
    get('/api/operations', async (request) => {
      const service = request.query.get('service') ?? '';
      if (service === '') throw new BadInput("parameter 'service' is required");
      const kind = request.query.get('spanKind') ?? '';
      const operations = (await listOperations(db, service, request.closed))
        .map((operation) => ({ name: shownName(operation.name), spanKind: shownKind(operation.kind) }))
        .filter((operation) => kind === '' || operation.spanKind === kind);
      return envelope(request, operations, { total: operations.length });
    }),
    get('/api/services/:service/operations', async (request) => {
      const operations = await listOperations(db, request.params.service ?? '', request.closed);
      const names = [...new Set(operations.map((operation) => shownName(operation.name)))];
      return envelope(request, names, { total: names.length });
    }),
    get('/api/traces', (request) => {
      const search = parseSearch(request.query, clock.nowMs());
      return search.traceIds.length > 0 ? answerIds(deps, request, search) : answerSearch(deps, request, search);
    }),
    get('/api/traces/:id', async (request) => {
      const { traceId, raw } = parseOneTrace(request);
      const spans = await readStored(deps, traceId, request.closed);
      if (spans.length === 0) throw new BadInput('trace not found', { status: 404 });
      return envelope(request, [toJaegerTrace(spans, { raw })]);
    }),
    post('/api/archive/:id', async (request) => {
      const { traceId } = parseOneTrace(request);
      if (deps.archive === undefined) throw new BadInput('archive storage was not configured', { status: 501 });
      const spans = await readStored(deps, traceId, request.closed);
      if (spans.length === 0) throw new BadInput('trace not found', { status: 404 });
      await deps.archive.keep(traceId, spans);
      return envelope(request, [], { errors: [] });
    }),
    // OTLP JSON in, Jaeger's JSON out: how its page shows a file that was dropped onto it.
    post('/api/transform', async (request) => {
      const otlp = otlpFromJson('ExportTraceServiceRequest', await request.body(maxTransformBytes));
      const traces = groupByTrace(decodeTraces(otlp));
      return envelope(
        request,
        Array.from(traces.values(), (spans) => toJaegerTrace(spans)),
      );
    }),
    get('/api/dependencies', async (request) => {
      const range = parseDependencies(request.query, clock.nowMs());
      const service = request.query.get('service') ?? '';
      const calls = await readServiceCalls(db, range, request.closed);
      const links = calls.filter(({ from, to }) => service === '' || from === service || to === service);
      return envelope(
        request,
        links.map(({ from, to, calls }) => ({ parent: from, child: to, callCount: calls })),
      );
    }),
  ];
}

const maxTransformBytes = 64 * 1024 * 1024;

function parseOneTrace({ params, query }: HttpRequest): { traceId: string; raw: boolean } {
  const traceId = parseTraceId(params.id ?? '');
  parseMicros(query, 'start');
  parseMicros(query, 'end');
  return { traceId, raw: parseBool(query, 'raw') };
}

function get(path: string, handle: (request: HttpRequest) => Promise<HttpReply>): HttpRoute {
  // A thrown parse error must become a rejection like any other.
  return { method: 'GET', path, handle: async (request) => handle(request), failed: errorEnvelope };
}

function post(path: string, handle: (request: HttpRequest) => Promise<HttpReply>): HttpRoute {
  return { ...get(path, handle), method: 'POST' };
}

async function answerSearch(deps: Asking, request: HttpRequest, search: JaegerSearch): Promise<HttpReply> {
  const ids = await findIds(deps, search, request.closed);
  return envelopeOf(request, showInBatches(deps, request, ids, search.raw), () => null);
}

async function answerIds(deps: Asking, request: HttpRequest, search: JaegerSearch): Promise<HttpReply> {
  const missing = new Set(search.traceIds);
  const found = showInBatches(deps, request, [...missing], search.raw, (id) => missing.delete(id));
  return envelopeOf(request, found, () => {
    const errors = Array.from(missing, (id): EnvelopeError => ({ msg: 'trace not found', traceID: jaegerTraceId(id) }));
    return errors.length === 0 ? null : errors;
  });
}

async function* showInBatches(
  deps: Asking,
  { closed }: HttpRequest,
  traceIds: readonly string[],
  raw: boolean,
  onFound: (traceId: string) => void = () => {},
): AsyncGenerator<JaegerTrace[]> {
  for await (const batch of readInBatches(deps, traceIds, closed)) {
    yield batch.map(([id, spans]) => {
      onFound(id);
      return toJaegerTrace(spans, { raw });
    });
  }
}

function groupByTrace(spans: readonly Span[]): Map<string, Span[]> {
  const traces = new Map<string, Span[]>();
  for (const span of spans) {
    const known = traces.get(span.traceId);
    if (known === undefined) traces.set(span.traceId, [span]);
    else known.push(span);
  }
  return traces;
}

export function shownName(name: string): string {
  return name === '' ? emptySpanName : name;
}

export function shownKind(kind: number): string {
  return kind === 0 ? '' : (spanKindNames[kind] ?? '');
}
