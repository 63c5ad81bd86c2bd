/** For a search that found nothing: how many traces there would be without one of its conditions. */
import { Overloaded } from '../base/errors.ts';
import type { Database } from '../store/database.ts';
import { Bindings } from './bindings.ts';
import { everything, type TimeRange } from './find-spans.ts';
import { limits } from './limits.ts';
import type { SpanCondition } from './parse-search-text.ts';
import { alternativesOf, resolveCondition, type ResolvedCondition } from './span-condition.ts';

export interface Hint {
  /** Index of the condition, or `range`. */
  readonly drop: number | 'range';
  /** Traces, counted up to some thousands; more than 0. */
  readonly wouldFind: number;
}

const maxConditions = 6;
const maxSpans = 20_000;

/** The condition that excludes most comes first. What cannot be counted in time is left out. */
export async function readHints(
  db: Database,
  conditions: readonly SpanCondition[],
  range: TimeRange,
  signal?: AbortSignal,
): Promise<Hint[]> {
  const asked = conditions.slice(0, maxConditions);
  if (asked.length === 0) return [];
  const resolved = await Promise.all(asked.map((condition) => resolveCondition(db, condition, signal)));
  const isBounded = range.fromNs > everything.fromNs || range.toNs < everything.toNs;
  const hints = await Promise.all([
    ...resolved.map(async (_, drop): Promise<Hint> => {
      const others = resolved.filter((__, i) => i !== drop);
      return { drop, wouldFind: await countTraces(db, others, range, signal) };
    }),
    ...(isBounded ? [countTraces(db, resolved, everything, signal)] : []).map(
      async (count): Promise<Hint> => ({ drop: 'range', wouldFind: await count }),
    ),
  ]);
  return hints.filter((hint) => hint.wouldFind > 0).sort((a, b) => b.wouldFind - a.wouldFind);
}

async function countTraces(
  db: Database,
  conditions: readonly ResolvedCondition[],
  range: TimeRange,
  signal?: AbortSignal,
): Promise<number> {
  const values = new Bindings();
  const where = conditions.map((condition) => {
    const { first } = alternativesOf(condition, values);
    return first.length === 0 ? '0' : `(${first.map((sql) => `(${sql})`).join(' OR ')})`;
  });
  where.push(`ts BETWEEN ${values.bind('Int64', range.fromNs)} AND ${values.bind('Int64', range.toNs)}`);
  try {
    const [row] = await db.select<{ traces: string }>({
      sql: `SELECT uniqExact(trace_id) AS traces FROM (SELECT trace_id FROM spans WHERE ${where.join(' AND ')} LIMIT ${maxSpans})`,
      params: values.params,
      timeoutMs: limits.extraTimeoutMs,
      ...(signal && { signal }),
    });
    return Number(row?.traces ?? 0);
  } catch (error) {
    // A hint is a courtesy: too slow is as good as none.
    if (error instanceof Overloaded) return 0;
    throw error;
  }
}
