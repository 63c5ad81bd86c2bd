/**
 * Jaeger's gRPC query services: `jaeger.api_v2.QueryService`, which answers spans in Jaeger's terms, and `jaeger.api_v3.QueryService`,
 * which answers them as OTLP.
 */
import { BadInput } from '../../base/errors.ts';
import type { GrpcCall, GrpcRoute, GrpcStreamRoute } from '../../base/listener.ts';
import type { Span } from '../../model/span.ts';
import { everything, type TimeRange } from '../../query/find-spans.ts';
import { listOperations } from '../../query/list-operations.ts';
import { listServices } from '../../query/list-services.ts';
import { readServiceCalls } from '../../query/service-calls.ts';
import { tracesDataParts } from '../../wire/jaeger-api-otlp.ts';
import {
  encodeDependencies,
  encodeOperations,
  encodeServices,
  encodeSpanChunks,
  encodeSummaries,
} from '../../wire/jaeger-api-replies.ts';
import {
  type QueryParameters,
  readDependenciesRequest,
  readFindRequest,
  readOperationsRequest,
  readTraceRequestV2,
  readTraceRequestV3,
} from '../../wire/jaeger-api-requests.ts';
import { type Asking, askingOf, findIds, type JaegerDeps, readInBatches, readStored } from '../jaeger/asking.ts';
import { conditionsOfFilter } from '../jaeger/filter.ts';
import { clampNs } from '../jaeger/go-values.ts';
import { conditionsOf, type JaegerSearch, parseTraceId } from '../jaeger/parameters.ts';
import { shownKind, shownName } from '../jaeger/routes.ts';
import { readSummaries } from '../jaeger/v3-routes.ts';
import { searchOf } from '../jaeger/v3-parameters.ts';

/** Requests are small: names, times, a filter. */
export const maxRequestBytes = 256 * 1024;

/** A client takes 4 MiB at once unless told otherwise, and spans are rarely above 2 KiB. */
const spansInMessage = 1_000;

export type GrpcMethod = GrpcRoute | GrpcStreamRoute;

export function jaegerQueryMethods(given: JaegerDeps): GrpcMethod[] {
  const asking = askingOf(given);
  return [...methodsV2(asking), ...methodsV3(asking)];
}

function methodsV2(asking: Asking): GrpcMethod[] {
  const service = '/jaeger.api_v2.QueryService';
  return [
    streaming(`${service}/GetTrace`, async function* (message, { closed }) {
      const { traceId, raw } = readTraceRequestV2(message);
      yield* encodeSpanChunks(await readKnown(asking, traceId, closed), { raw });
    }),
    unary(`${service}/ArchiveTrace`, async (message, { closed }) => {
      const { traceId } = readTraceRequestV2(message);
      if (asking.archive === undefined) throw new BadInput('archive storage was not configured', { status: 501 });
      await asking.archive.keep(traceId, await readKnown(asking, traceId, closed));
      return new Uint8Array();
    }),
    streaming(`${service}/FindTraces`, async function* (message, { closed }) {
      const search = searchOfRequest(readFindRequest(message), 2);
      for await (const spans of find(asking, search, closed)) yield* encodeSpanChunks(spans, search);
    }),
    ...lists(asking, service, 2),
  ];
}

function methodsV3(asking: Asking): GrpcMethod[] {
  const service = '/jaeger.api_v3.QueryService';
  return [
    streaming(`${service}/GetTrace`, async function* (message, { closed }) {
      const { traceId, raw } = readTraceRequestV3(message);
      const spans = await readKnown(asking, traceId === '' ? '' : parseTraceId(traceId), closed);
      yield* tracesDataParts(spans, { raw, most: spansInMessage });
    }),
    streaming(`${service}/FindTraces`, async function* (message, { closed }) {
      const search = searchOfRequest(readFindRequest(message), 3);
      for await (const spans of find(asking, search, closed)) {
        yield* tracesDataParts(spans, { raw: search.raw, most: spansInMessage });
      }
    }),
    streaming(`${service}/FindTraceSummaries`, async function* (message, { closed }) {
      const search = searchOfRequest(readFindRequest(message), 3);
      yield encodeSummaries(await readSummaries(asking, search, closed));
    }),
    ...lists(asking, service, 3),
  ];
}

function lists({ db }: Asking, service: string, version: 2 | 3): GrpcMethod[] {
  return [
    unary(`${service}/GetServices`, async (_, { closed }) => encodeServices(await listServices(db, closed))),
    unary(`${service}/GetOperations`, async (message, { closed }) => {
      const { service: name, kind } = readOperationsRequest(message);
      const operations = (await listOperations(db, name, closed))
        .map((operation) => ({ name: shownName(operation.name), spanKind: shownKind(operation.kind) }))
        .filter((operation) => kind === '' || operation.spanKind === kind);
      return encodeOperations(operations, version);
    }),
    unary(`${service}/GetDependencies`, async (message, { closed }) => {
      const { fromNs, toNs } = readDependenciesRequest(message);
      if (fromNs === undefined || toNs === undefined) throw new BadInput('start_time and end_time are required');
      if (fromNs >= toNs) throw new BadInput('end_time must be after start_time');
      const calls = await readServiceCalls(db, rangeOf(fromNs, toNs), closed);
      return encodeDependencies(calls.map(({ from, to, calls }) => ({ parent: from, child: to, calls })));
    }),
  ];
}

function unary(path: string, handle: (message: Uint8Array, call: GrpcCall) => Promise<Uint8Array>): GrpcRoute {
  // A thrown parse error must become a rejection like any other.
  return { path, maxMessageBytes: maxRequestBytes, handle: async (message, call) => handle(message, call) };
}

/** One request, many answers. */
function streaming(
  path: string,
  answer: (message: Uint8Array, call: GrpcCall) => AsyncGenerator<Uint8Array>,
): GrpcStreamRoute {
  return {
    path,
    maxMessageBytes: maxRequestBytes,
    async *stream(messages, call) {
      for await (const message of messages) {
        yield* answer(message, call);
        return;
      }
      throw new BadInput('expected one message, got none');
    },
  };
}

async function readKnown(asking: Asking, traceId: string, signal: AbortSignal): Promise<Span[]> {
  if (traceId === '') throw new BadInput('uninitialized TraceID is not allowed');
  const spans = await readStored(asking, traceId, signal);
  if (spans.length === 0) throw new BadInput('trace not found', { status: 404 });
  return spans;
}

async function* find(asking: Asking, search: JaegerSearch, signal: AbortSignal): AsyncGenerator<Span[]> {
  const ids = await findIds(asking, search, signal);
  for await (const batch of readInBatches(asking, ids, signal)) for (const [, spans] of batch) yield spans;
}

const defaultDepth = 100;

/** Version 3 needs the times; in 2 what is absent is not limited. */
function searchOfRequest(query: QueryParameters | undefined, version: 2 | 3): JaegerSearch {
  if (query === undefined) throw new BadInput('missing query');
  const { fromNs = everything.fromNs, toNs = everything.toNs, depth, raw, filter } = query;
  if (version === 3 && (query.fromNs === undefined || query.toNs === undefined)) {
    throw new BadInput('start time min and max are required parameters');
  }
  const conditions = conditionsOf(query);
  if (filter !== undefined && conditions.length > 0) {
    throw new BadInput('filter cannot be combined with other conditions: express them in the filter');
  }
  return searchOf({
    conditions: filter === undefined ? conditions : conditionsOfFilter(filter),
    ...rangeOf(fromNs, toNs),
    // Protobuf cannot tell an absent 0 from a given one.
    depth: BigInt(depth <= 0 ? defaultDepth : depth),
    raw,
  });
}

function rangeOf(fromNs: bigint, toNs: bigint): TimeRange {
  return { fromNs: clampNs(fromNs), toNs: clampNs(toNs) };
}
