/** Search: traces that have a span which fulfils every condition, newest or slowest first. */
import type { Clock } from '../base/clock.ts';
import type { Database } from '../store/database.ts';
import { findSpans, type FoundSpans, type SearchOrder, type TimeRange } from './find-spans.ts';
import type { SpanCondition } from './parse-search-text.ts';
import { resolveCondition } from './span-condition.ts';
import { summariseTraces, type TraceSummary } from './summarise-traces.ts';

export interface TraceSearch {
  readonly conditions: readonly SpanCondition[];
  /** When the matching span starts. */
  readonly range: TimeRange;
  readonly order: SearchOrder;
  /** From 1 to `limits.tracesPerSearch`. */
  readonly limit: number;
}

export interface FoundTraces {
  readonly traces: readonly TraceSummary[];
  /** There may be more than `limit`, or than could be looked through in time. */
  readonly more: boolean;
}

export async function searchTraces(
  db: Database,
  clock: Clock,
  search: TraceSearch,
  signal?: AbortSignal,
): Promise<FoundTraces> {
  const { matches, isPartial } = await findMatches(db, clock, search, signal);
  const traces = await summariseTraces(db, matches, signal);
  return { traces: traces.sort(orders[search.order]), more: isPartial || matches.length >= search.limit };
}

/** Only the ids, newest or slowest first: for those who read the traces whole. */
export async function findTraceIds(
  db: Database,
  clock: Clock,
  search: TraceSearch,
  signal?: AbortSignal,
): Promise<string[]> {
  const { matches } = await findMatches(db, clock, search, signal);
  return matches.map((match) => match.traceId);
}

async function findMatches(db: Database, clock: Clock, search: TraceSearch, signal?: AbortSignal): Promise<FoundSpans> {
  if (search.range.fromNs > search.range.toNs) return { matches: [], isPartial: false };
  const conditions = await Promise.all(search.conditions.map((c) => resolveCondition(db, c, signal)));
  return findSpans(db, clock, { ...search, conditions }, signal);
}

const orders: Record<SearchOrder, (a: TraceSummary, b: TraceSummary) => number> = {
  newest: (a, b) => compare(b.startNs, a.startNs),
  slowest: (a, b) => compare(b.durationNs, a.durationNs),
};

function compare(a: bigint, b: bigint): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
