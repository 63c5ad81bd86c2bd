/**
 * Jaeger's HTTP query API v3 (https://www.jaegertracing.io/docs/latest/architecture/apis/#query-json-over-http): OTLP JSON under
 * `result`, other answers as protobuf's JSON writes them.
 */
import { BadInput } from '../../base/errors.ts';
import { type Failure, type HttpReply, type HttpRequest, type HttpRoute, json } from '../../base/listener.ts';
import type { Span } from '../../model/span.ts';
import type { TimeRange } from '../../query/find-spans.ts';
import { listOperations } from '../../query/list-operations.ts';
import { listServices } from '../../query/list-services.ts';
import { searchTraces } from '../../query/search-traces.ts';
import { readServiceCalls } from '../../query/service-calls.ts';
import type { TraceSummary } from '../../query/summarise-traces.ts';
import { readTraceCounts, type TraceCounts } from '../../query/trace-counts.ts';
import { tracesDataJson } from '../../wire/jaeger-api-otlp.ts';
import type { SummaryMessage } from '../../wire/jaeger-api-replies.ts';
import { type Asking, askingOf, findIds, type JaegerDeps, readInBatches, readStored } from './asking.ts';
import { clampNs, instantOf } from './go-values.ts';
import type { JaegerSearch } from './parameters.ts';
import { shownKind, shownName } from './routes.ts';
import { parse, parseV3Search, parseV3Trace, text } from './v3-parameters.ts';

export function jaegerV3Routes(given: JaegerDeps): HttpRoute[] {
  const deps = askingOf(given);
  const { db } = deps;
  return [
    get('/api/v3/services', async (request) => json({ services: await listServices(db, request.closed) })),
    get('/api/v3/operations', async ({ query, closed }) => {
      const kind = text(query, 'spanKind');
      const operations = (await listOperations(db, query.get('service') ?? '', closed))
        // Unlike v1, this version calls a span of no kind internal.
        .map((operation) => ({ name: shownName(operation.name), spanKind: shownKind(operation.kind) || 'internal' }))
        .filter((operation) => kind === '' || operation.spanKind === kind);
      return json({ operations });
    }),
    get('/api/v3/traces', async ({ query, closed }) => {
      const search = parseV3Search(query);
      const ids = await findIds(deps, search, closed);
      return answerTraces(readInBatches(deps, ids, closed), search.raw);
    }),
    get('/api/v3/traces/:id', async ({ params, query, closed }) => {
      const { traceId, raw } = parseV3Trace(params.id ?? '', query);
      return answerTraces(once([traceId, await readStored(deps, traceId, closed)]), raw);
    }),
    get('/api/v3/trace-summaries', async ({ query, closed }) => {
      const summaries = await readSummaries(deps, parseV3Search(query), closed);
      return json({ summaries });
    }),
    get('/api/v3/dependencies', async ({ query, closed }) => {
      const fromNs = parse(query, 'startTime', instantOf);
      const toNs = parse(query, 'endTime', instantOf);
      if (fromNs === undefined || toNs === undefined) throw new BadInput('startTime and endTime are required');
      if (fromNs >= toNs) throw new BadInput('endTime must be after startTime');
      const calls = await readServiceCalls(db, { fromNs, toNs }, closed);
      const dependencies = calls.map(({ from, to, calls }) => ({ parent: from, child: to, callCount: String(calls) }));
      return json({ dependencies });
    }),
  ];
}

function get(path: string, handle: (request: HttpRequest) => Promise<HttpReply>): HttpRoute {
  return { method: 'GET', path, handle: async (request) => handle(request), failed: errorReply };
}

function errorReply({ status, message }: Failure): HttpReply {
  return json({ error: { httpCode: status, message } }, status);
}

type Batches = AsyncGenerator<(readonly [traceId: string, spans: Span[]])[]>;

async function* once(trace: readonly [string, Span[]]): Batches {
  if (trace[1].length > 0) yield [trace];
}

/** One document with the resources of all traces, written a batch at a time. 404 without a trace, as Jaeger does. */
async function answerTraces(batches: Batches, raw: boolean): Promise<HttpReply> {
  let first = await batches.next();
  while (first.done !== true && first.value.length === 0) first = await batches.next();
  if (first.done === true) throw new BadInput('No traces found', { status: 404 });
  async function* body(): AsyncGenerator<string> {
    yield '{"result":{"resourceSpans":[';
    let separator = '';
    for (let batch = first; batch.done !== true; batch = await batches.next()) {
      for (const [, spans] of batch.value) {
        const { resourceSpans } = tracesDataJson(spans, { raw });
        yield separator + JSON.stringify(resourceSpans).slice(1, -1);
        separator = ',';
      }
    }
    yield ']}}';
  }
  return { status: 200, headers: { 'content-type': 'application/json' }, body: body() };
}

export async function readSummaries(
  { db, clock }: Asking,
  search: JaegerSearch,
  signal: AbortSignal,
): Promise<SummaryMessage[]> {
  const { traces } = await searchTraces(db, clock, { ...search, order: 'newest' }, signal);
  const ids = traces.map((trace) => trace.traceId);
  const counts = await readTraceCounts(db, ids, rangeOf(traces), signal);
  return traces.map((trace) => summaryOf(trace, counts.get(trace.traceId)));
}

function summaryOf(trace: TraceSummary, counts: TraceCounts | undefined): SummaryMessage {
  return {
    traceId: trace.traceId,
    rootServiceName: trace.hasRoot ? trace.service : '',
    rootOperationName: trace.hasRoot ? trace.operation : '',
    minStartTimeUnixNano: trace.startNs,
    maxEndTimeUnixNano: trace.endNs,
    spanCount: trace.spans,
    errorSpanCount: trace.errors,
    orphanSpanCount: counts?.orphans ?? 0,
    services: trace.services.map(({ name, spans }) => ({
      name,
      spanCount: spans,
      errorSpanCount: counts?.errors.get(name) ?? 0,
    })),
  };
}

/** From the first start to the last end of them all. */
function rangeOf(traces: readonly TraceSummary[]): TimeRange {
  let [fromNs, toNs] = [traces[0]?.startNs ?? 0n, traces[0]?.endNs ?? 0n];
  for (const { startNs, endNs } of traces) {
    if (startNs < fromNs) fromNs = startNs;
    if (endNs > toNs) toNs = endNs;
  }
  return { fromNs, toNs: clampNs(toNs) };
}
