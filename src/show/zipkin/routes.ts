/** Zipkin's HTTP API v2, the reading half (https://zipkin.io/zipkin-api/): plain JSON, errors as plain text. */
import type { Clock } from '../../base/clock.ts';
import { BadInput } from '../../base/errors.ts';
import { type Failure, type HttpReply, type HttpRequest, type HttpRoute, json } from '../../base/listener.ts';
import { type Catalogue, createCatalogue } from '../../query/catalogue.ts';
import type { TimeRange } from '../../query/find-spans.ts';
import { listAttributeKeys, listAttributeValues } from '../../query/list-attributes.ts';
import { listOperations } from '../../query/list-operations.ts';
import { listServices } from '../../query/list-services.ts';
import { type QueryDatabase, withPlainErrors } from '../../query/plain-errors.ts';
import { readTrace, readTraces } from '../../query/read-trace.ts';
import { findTraceIds } from '../../query/search-traces.ts';
import { readServiceCalls } from '../../query/service-calls.ts';
import { jaegerTraceId } from '../../wire/jaeger-json.ts';
import { remoteServiceKeys, toZipkinTrace } from '../../wire/zipkin-out.ts';
import { parseRange, parseTraceIds, parseZipkinSearch, parseZipkinTraceId, required } from './parameters.ts';

export interface ZipkinDeps {
  readonly database: QueryDatabase;
  readonly clock: Clock;
  /** Shared with others; its own otherwise. */
  readonly catalogue?: Catalogue;
  readonly version: string;
}

/** Paths begin with `prefix`: `''` on Zipkin's own port, where `/zipkin` serves, too. */
export function zipkinRoutes(given: ZipkinDeps, prefix: string): HttpRoute[] {
  const { database, clock, version } = given;
  const db = withPlainErrors(database);
  const catalogue = given.catalogue ?? createCatalogue(db);
  const get = (path: string, handle: (request: HttpRequest) => Promise<HttpReply>): HttpRoute => ({
    method: 'GET',
    path: prefix + path,
    handle: async (request) => handle(request),
    failed: errorReply,
  });
  return [
    get('/api/v2/services', async ({ closed }) => json(await listServices(db, closed))),
    get('/api/v2/spans', async ({ query, closed }) => {
      const service = await storedName(db, required(query, 'serviceName'), closed);
      const operations = await listOperations(db, service, closed);
      return json([...new Set(operations.map((operation) => operation.name))].filter((name) => name !== ''));
    }),
    get('/api/v2/remoteServices', async ({ query, closed }) => {
      const service = await storedName(db, required(query, 'serviceName'), closed);
      const range = lastWeek(clock);
      const names = await Promise.all(
        remoteServiceKeys.map((key) => listAttributeValues(db, { key, service, range }, closed)),
      );
      return json([...new Set(names.flat())].sort());
    }),
    get('/api/v2/traces', async ({ query, closed }) => {
      const { service, conditions, range, limit } = parseZipkinSearch(query, clock.nowMs());
      const name = service === '' ? '' : await storedName(db, service, closed);
      const search = {
        conditions: [...(name === '' ? [] : [{ kind: 'service' as const, name }]), ...conditions],
        range,
        limit,
        order: 'newest' as const,
      };
      return answerTraces(db, catalogue, await findTraceIds(db, clock, search, closed), closed);
    }),
    get('/api/v2/trace/:id', async ({ params, closed }) => {
      const traceId = parseZipkinTraceId(params.id ?? '');
      const spans = await readTrace(db, catalogue, traceId, { signal: closed });
      if (spans.length === 0) throw new BadInput(`${jaegerTraceId(traceId)} not found`, { status: 404 });
      return json(toZipkinTrace(spans));
    }),
    get('/api/v2/traceMany', async ({ query, closed }) => answerTraces(db, catalogue, parseTraceIds(query), closed)),
    get('/api/v2/dependencies', async ({ query, closed }) => {
      const calls = await readServiceCalls(db, parseRange(query), closed);
      const links = calls.map(({ from, to, calls, errors }) => ({
        parent: from,
        child: to,
        callCount: calls,
        ...(errors > 0 && { errorCount: errors }),
      }));
      return json(links);
    }),
    get('/api/v2/autocompleteKeys', async ({ closed }) => json(await listAttributeKeys(db, maxKeys, closed))),
    get('/api/v2/autocompleteValues', async ({ query, closed }) =>
      json(await listAttributeValues(db, { key: required(query, 'key'), range: lastWeek(clock) }, closed)),
    ),
    get('/health', () => {
      const isUp = database.state === 'ready';
      const status = isUp ? 'UP' : 'DOWN';
      return Promise.resolve(json({ status, zipkin: { status } }, isUp ? 200 : 503));
    }),
    get('/info', () => Promise.resolve(json({ zipkin: { version } }))),
  ];
}

/** Zipkin has none unless they are configured; more would make its form unwieldy. */
const maxKeys = 100;
/** So many traces stand in memory at a time. */
const batchSize = 50;
const weekNs = 7n * 86_400_000_000_000n;

function errorReply({ status, message }: Failure): HttpReply {
  return { status, headers: { 'content-type': 'text/plain; charset=utf-8' }, body: message };
}

function lastWeek(clock: Clock): TimeRange {
  const toNs = BigInt(Math.round(clock.nowMs())) * 1_000_000n;
  return { fromNs: toNs - weekNs, toNs };
}

/** Zipkin writes service names in lower case; who asks so finds the name as it was sent. */
async function storedName(db: QueryDatabase, name: string, signal: AbortSignal): Promise<string> {
  const names = await listServices(db, signal);
  if (names.includes(name)) return name;
  return names.find((known) => known.toLowerCase() === name.toLowerCase()) ?? name;
}

/** A list of lists. The first traces are read before the status is sent: what fails early is told as an error. */
async function answerTraces(
  db: QueryDatabase,
  catalogue: Catalogue,
  traceIds: readonly string[],
  signal: AbortSignal,
): Promise<HttpReply> {
  const read = async (at: number) => {
    const batch = traceIds.slice(at, at + batchSize);
    const traces = batch.length === 0 ? undefined : await readTraces(db, catalogue, batch, { signal });
    return batch.flatMap((id) => {
      const spans = traces?.get(id);
      return spans === undefined ? [] : [JSON.stringify(toZipkinTrace(spans))];
    });
  };
  const first = await read(0);
  async function* body(): AsyncGenerator<string> {
    yield `[${first.join(',')}`;
    let isFirst = first.length === 0;
    for (let at = batchSize; at < traceIds.length; at += batchSize) {
      for (const trace of await read(at)) {
        yield isFirst ? trace : `,${trace}`;
        isFirst = false;
      }
    }
    yield ']';
  }
  return { status: 200, headers: { 'content-type': 'application/json' }, body: body() };
}
