/** `GET /api/search` */
import type { HttpRequest } from '../../base/listener.ts';
import { diagnoseTrace } from '../../diagnose/diagnose-trace.ts';
import { everything } from '../../query/find-spans.ts';
import { readNewestMs } from '../../query/newest-span.ts';
import { readSkeletons } from '../../query/read-skeleton.ts';
import { resolveTraceIdQueries } from '../../query/resolve-trace-id.ts';
import { readHints } from '../../query/search-hints.ts';
import { type FoundTraces, searchTraces } from '../../query/search-traces.ts';
import { summariseTrace, type TraceSummary } from '../../query/summarise-traces.ts';
import type { Asking } from './deps.ts';
import { parseSearchParameters, type SearchParameters } from './parameters.ts';
import { summaryView } from './summary-view.ts';
import type { SearchAnswer, TraceSummary as SummaryView } from './types.ts';

export async function answerSearch(asking: Asking, request: HttpRequest): Promise<SearchAnswer> {
  const startedMs = performance.now();
  const search = parseSearchParameters(request.query);
  const found = await find(asking, search, request.closed);
  const isEmpty = found.traces.length === 0;
  const newestMs = isEmpty ? await readNewestMs(asking.db, asking.clock.nowMs(), request.closed) : newestOf(found);
  const hints = isEmpty && newestMs !== null ? await findHints(asking, search, request.closed) : [];
  const leaders = search.leaders ? await findLeaders(asking, found.traces, request.closed) : new Map();
  return {
    traces: found.traces.map((summary) => summaryView(summary, leaders.get(summary.traceId) ?? null)),
    more: found.more,
    hints,
    newestMs,
    tookMs: Math.round((performance.now() - startedMs) * 10) / 10,
  };
}

async function find(asking: Asking, search: SearchParameters, signal: AbortSignal): Promise<FoundTraces> {
  const { db, clock } = asking;
  // An id is looked for whatever else is asked: whoever pastes one means that trace.
  const byId = await resolveTraceIdQueries(db, search.traceIds, signal);
  if (byId !== undefined) {
    const ids = [byId.traceId, ...byId.alsoMatching];
    const traces = await Promise.all(ids.slice(0, search.limit).map((id) => summariseTrace(db, id, signal)));
    return { traces: traces.filter((t) => t !== undefined), more: ids.length > search.limit };
  }
  const conditions = search.conditions.map(({ condition }) => condition);
  return searchTraces(db, clock, { ...search, conditions }, signal);
}

function newestOf({ traces }: FoundTraces): number {
  return Math.max(...traces.map((trace) => Number(trace.startNs / 1_000_000n)));
}

async function findHints(
  asking: Asking,
  search: SearchParameters,
  signal: AbortSignal,
): Promise<SearchAnswer['hints']> {
  const conditions = search.conditions.map(({ condition }) => condition);
  const hints = await readHints(asking.db, conditions, search.range, signal);
  return hints.map(({ drop, wouldFind }) => ({
    drop: drop === 'range' ? 'range' : (search.conditions[drop]?.name ?? ''),
    wouldFind,
  }));
}

/** Larger traces take longer than a list may. */
const maxSpans = 2_000;
const maxTraces = 100;

async function findLeaders(
  { db, catalogue }: Asking,
  traces: readonly TraceSummary[],
  signal: AbortSignal,
): Promise<Map<string, SummaryView['leader']>> {
  const small = traces.filter((trace) => trace.spans <= maxSpans).slice(0, maxTraces);
  const range = small.reduce(
    (all, { startNs, endNs }) => ({
      fromNs: startNs < all.fromNs ? startNs : all.fromNs,
      toNs: endNs > all.toNs ? endNs : all.toNs,
    }),
    { fromNs: everything.toNs, toNs: everything.fromNs },
  );
  const skeletons = await readSkeletons(db, catalogue, small, signal, range);
  const leaders = new Map<string, SummaryView['leader']>();
  for (const [traceId, trace] of skeletons) {
    const [first] = diagnoseTrace(trace, { language: 'en', settled: true }).causes;
    if (first === undefined) continue;
    leaders.set(traceId, { service: first.service, operation: first.operation, share: first.share });
  }
  return leaders;
}
