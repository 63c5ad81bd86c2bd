/** Which traces have a span that fulfils all conditions: the first step of a search. It reads as little as the order allows. */
import type { Clock } from '../base/clock.ts';
import type { Database } from '../store/database.ts';
import { Bindings } from './bindings.ts';
import { boundedMemory, limits } from './limits.ts';
import { alternativesOf, type ResolvedCondition } from './span-condition.ts';

export type SearchOrder = 'newest' | 'slowest';

/** Start times in ns since the epoch, both ends included. */
export interface TimeRange {
  readonly fromNs: bigint;
  readonly toNs: bigint;
}

/** One span that fulfils the conditions: its trace (32 hex digits), its start and its duration in ns. */
export interface Match {
  readonly traceId: string;
  readonly startNs: bigint;
  readonly durationNs: bigint;
}

export interface FindSpans {
  readonly conditions: readonly ResolvedCondition[];
  readonly range: TimeRange;
  readonly order: SearchOrder;
  /** Traces, not spans. */
  readonly limit: number;
}

export const everything: TimeRange = { fromNs: -(2n ** 63n), toNs: 2n ** 63n - 1n };

/** One match for each trace, the newest or slowest first; at most `limit` of them. */
export async function findSpans(
  db: Database,
  clock: Clock,
  question: FindSpans,
  signal?: AbortSignal,
): Promise<Match[]> {
  const values = new Bindings();
  const alternatives = question.conditions.map((condition) => alternativesOf(condition, values));
  const found = new Found(question);
  const first = productOf(alternatives.map((a) => a.first));
  await searchBranches(db, clock, question, first, values, found, signal);
  if (found.isFull) return found.best();
  // What no index serves: one condition at a time by its later alternatives, the others by any.
  const later = alternatives.flatMap((a, i) =>
    a.later.map((sql) => [sql, ...alternatives.flatMap((b, j) => (i === j ? [] : [anyOf([...b.first, ...b.later])]))]),
  );
  await searchBranches(db, clock, question, later, values, found, signal);
  return found.best();
}

async function searchBranches(
  db: Database,
  clock: Clock,
  question: FindSpans,
  branches: readonly (readonly string[])[],
  values: Bindings,
  found: Found,
  signal?: AbortSignal,
): Promise<void> {
  for (const window of windowsOf(question, clock)) {
    const parts = branches.map((conditions) => searchWindow(db, question, conditions, window, values, signal));
    for (const matches of await Promise.all(parts)) found.add(matches);
    if (found.isFull) return;
  }
}

/**
 * The newest spans are most often what fills the answer, so the last minute is read first, then the hour, then the rest:
 * a frequent value then costs what a rare one does. The slowest may be anywhere.
 */
function windowsOf({ range, order }: FindSpans, clock: Clock): TimeRange[] {
  if (order === 'slowest') return [range];
  const nowNs = BigInt(Math.round(clock.nowMs())) * 1_000_000n;
  const anchor = range.toNs < nowNs ? range.toNs : nowNs;
  const windows: TimeRange[] = [];
  let toNs = range.toNs;
  for (const seconds of [60n, 3600n]) {
    const fromNs = anchor - seconds * 1_000_000_000n;
    if (fromNs <= range.fromNs) break;
    windows.push({ fromNs, toNs });
    toNs = fromNs - 1n;
  }
  windows.push({ fromNs: range.fromNs, toNs });
  return windows;
}

/**
 * Rows are spans, wanted are traces: a trace with many matching spans may fill the rows. Then the search goes on below the last
 * row, leaving out the traces found; each round so finds new ones or ends.
 */
async function searchWindow(
  db: Database,
  { order, limit }: FindSpans,
  conditions: readonly string[],
  window: TimeRange,
  bound: Bindings,
  signal?: AbortSignal,
): Promise<Match[]> {
  const column = order === 'newest' ? 'ts' : 'duration';
  const rowLimit = limit * 4 + 16;
  const found = new Map<string, Match>();
  let below: bigint | undefined;
  for (let round = 0; round < 50; round++) {
    const values = bound.fork();
    const where = [
      ...conditions,
      `ts >= ${values.bind('Int64', window.fromNs)}`,
      `ts <= ${values.bind('Int64', window.toNs)}`,
    ];
    if (below !== undefined) {
      where.push(`${column} <= ${values.bind('Int64', below)}`);
      where.push(`trace_id NOT IN ${values.traceIds([...found.keys()])}`);
    }
    const rows = await db.select<{ id: string; ts: string; duration: string }>({
      sql: `SELECT lower(hex(trace_id)) AS id, ts, duration FROM spans
        WHERE ${where.join('\n AND ')}
        ORDER BY ${column} DESC LIMIT ${rowLimit}`,
      params: values.params,
      timeoutMs: limits.searchTimeoutMs,
      settings: boundedMemory,
      ...(signal && { signal }),
    });
    for (const { id, ts, duration } of rows) {
      if (found.size === limit) break;
      if (!found.has(id)) found.set(id, { traceId: id, startNs: BigInt(ts), durationNs: BigInt(duration) });
    }
    const last = rows.at(-1);
    if (last === undefined || rows.length < rowLimit || found.size >= limit) break;
    below = BigInt(order === 'newest' ? last.ts : last.duration);
  }
  return [...found.values()];
}

/** The best match of each trace, whatever branch found it. */
class Found {
  private readonly byTrace = new Map<string, Match>();
  private readonly question: FindSpans;

  constructor(question: FindSpans) {
    this.question = question;
  }

  get isFull(): boolean {
    return this.byTrace.size >= this.question.limit;
  }

  add(matches: readonly Match[]): void {
    for (const match of matches) {
      const known = this.byTrace.get(match.traceId);
      if (known === undefined || this.compare(match, known) < 0) this.byTrace.set(match.traceId, match);
    }
  }

  best(): Match[] {
    return [...this.byTrace.values()].sort((a, b) => this.compare(a, b)).slice(0, this.question.limit);
  }

  private compare(a: Match, b: Match): number {
    const [x, y] = this.question.order === 'newest' ? [a.startNs, b.startNs] : [a.durationNs, b.durationNs];
    return x > y ? -1 : x < y ? 1 : 0;
  }
}

const maxBranches = 8;

/** Every way to pick one alternative of each condition; where these are many, conditions with several are joined by OR. */
function productOf(conditions: readonly (readonly string[])[]): string[][] {
  let branches: string[][] = [[]];
  for (const alternatives of conditions) {
    const picks = branches.length * alternatives.length > maxBranches ? [anyOf(alternatives)] : alternatives;
    branches = branches.flatMap((branch) => picks.map((pick) => [...branch, pick]));
  }
  return branches;
}

function anyOf(alternatives: readonly string[]): string {
  return alternatives.length === 0 ? '0' : `(${alternatives.join(' OR ')})`;
}
