/** Search: traces that have a span which fulfils every condition, newest or slowest first. */
import type { Clock } from '../base/clock.ts';
import type { Database } from '../store/database.ts';
import { findSpans, type SearchOrder, type TimeRange } from './find-spans.ts';
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
  /** There may be more than `limit`. */
  readonly more: boolean;
}

export async function searchTraces(
  db: Database,
  clock: Clock,
  search: TraceSearch,
  signal?: AbortSignal,
): Promise<FoundTraces> {
  if (search.range.fromNs > search.range.toNs) return { traces: [], more: false };
  const matches = await findTraceIds(db, clock, search, signal);
  const traces = await summariseTraces(db, matches, signal);
  return { traces: traces.sort(orders[search.order]), more: matches.length >= search.limit };
}

/** Only the matching spans, one a trace: for those who read the traces whole. */
export async function findTraceIds(db: Database, clock: Clock, search: TraceSearch, signal?: AbortSignal) {
  if (search.range.fromNs > search.range.toNs) return [];
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
