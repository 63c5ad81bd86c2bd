/** Jaeger's HTTP query API v1, as its 2.20 answers: every script that asks Jaeger may ask Ariane. */
import type { Clock } from '../../base/clock.ts';
import { BadInput } from '../../base/errors.ts';
import type { HttpReply, HttpRequest, HttpRoute } from '../../base/listener.ts';
import { spanKindNames } from '../../model/span.ts';
import { type Catalogue, createCatalogue } from '../../query/catalogue.ts';
import { type QueryDatabase, withPlainErrors } from '../../query/plain-errors.ts';
import { listOperations } from '../../query/list-operations.ts';
import { listServices } from '../../query/list-services.ts';
import { readTrace, readTraces } from '../../query/read-trace.ts';
import { findTraceIds } from '../../query/search-traces.ts';
import { readServiceCalls } from '../../query/service-calls.ts';
import { emptySpanName, type JaegerTrace, jaegerTraceId, toJaegerTrace } from '../../wire/jaeger-json.ts';
import { envelope, type EnvelopeError, envelopeOf, errorEnvelope } from './envelope.ts';
import {
  type JaegerSearch,
  parseBool,
  parseDependencies,
  parseMicros,
  parseSearch,
  parseTraceId,
} from './parameters.ts';

export interface JaegerDeps {
  readonly database: QueryDatabase;
  readonly clock: Clock;
}

interface Asking {
  readonly db: QueryDatabase;
  readonly catalogue: Catalogue;
  readonly clock: Clock;
}

export function jaegerRoutes({ database, clock }: JaegerDeps): HttpRoute[] {
  const db = withPlainErrors(database);
  const deps: Asking = { db, catalogue: createCatalogue(db), clock };
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
      const traceId = parseTraceId(request.params.id ?? '');
      parseMicros(request.query, 'start');
      parseMicros(request.query, 'end');
      const raw = parseBool(request.query, 'raw');
      const spans = await readTrace(db, deps.catalogue, traceId, { signal: request.closed });
      if (spans.length === 0) throw new BadInput('trace not found', { status: 404 });
      return envelope(request, [toJaegerTrace(spans, { raw })]);
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

function get(path: string, handle: (request: HttpRequest) => Promise<HttpReply>): HttpRoute {
  // A thrown parse error must become a rejection like any other.
  return { method: 'GET', path, handle: async (request) => handle(request), failed: errorEnvelope };
}

/** So many traces are read and written at a time. */
const batchSize = 50;

async function answerSearch(deps: Asking, request: HttpRequest, search: JaegerSearch): Promise<HttpReply> {
  const ids = await findTraceIds(deps.db, deps.clock, { ...search, order: 'newest' }, request.closed);
  return envelopeOf(request, readInBatches(deps, request, ids, search.raw), () => null);
}

async function answerIds(deps: Asking, request: HttpRequest, search: JaegerSearch): Promise<HttpReply> {
  const missing = new Set(search.traceIds);
  const found = readInBatches(deps, request, [...missing], search.raw, (id) => missing.delete(id));
  return envelopeOf(request, found, () => {
    const errors = Array.from(missing, (id): EnvelopeError => ({ msg: 'trace not found', traceID: jaegerTraceId(id) }));
    return errors.length === 0 ? null : errors;
  });
}

async function* readInBatches(
  { db, catalogue }: Asking,
  request: HttpRequest,
  traceIds: readonly string[],
  raw: boolean,
  onFound: (traceId: string) => void = () => {},
): AsyncGenerator<JaegerTrace[]> {
  for (let at = 0; at < traceIds.length; at += batchSize) {
    const batch = traceIds.slice(at, at + batchSize);
    const traces = await readTraces(db, catalogue, batch, { signal: request.closed });
    yield batch.flatMap((id) => {
      const spans = traces.get(id);
      if (spans === undefined) return [];
      onFound(id);
      return toJaegerTrace(spans, { raw });
    });
  }
}

function shownName(name: string): string {
  return name === '' ? emptySpanName : name;
}

function shownKind(kind: number): string {
  return kind === 0 ? '' : (spanKindNames[kind] ?? '');
}
