/** Which traces have a span that fulfils all conditions: the first step of a search. It reads as little as the order allows. */
import type { Clock } from '../base/clock.ts';
import { Overloaded } from '../base/errors.ts';
import type { Database } from '../store/database.ts';
import { Bindings } from './bindings.ts';
import { limits } from './limits.ts';
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

export interface FoundSpans {
  /** One for each trace, the newest or slowest first; at most `limit` of them. */
  readonly matches: readonly Match[];
  /** Not everything could be looked through in time. */
  readonly isPartial: boolean;
}

export async function findSpans(
  db: Database,
  clock: Clock,
  question: FindSpans,
  signal?: AbortSignal,
): Promise<FoundSpans> {
  const values = new Bindings();
  const alternatives = question.conditions.map((condition) => alternativesOf(condition, values));
  const found = new Found(question);
  const first = productOf(alternatives.map((a) => a.first));
  const windows = windowsOf(question, clock);
  const search = { db, question, values, found, signal };
  await searchBranches({ ...search, windows, branches: first, timeoutMs: limits.searchTimeoutMs });
  // Words stand inside longer values, too; an attribute is looked for in events and links only where no span has it.
  const hasWords = question.conditions.some((condition) => condition.kind === 'word');
  if (found.isFull || !(found.isEmpty || hasWords)) return { matches: found.best(), isPartial: false };
  const later = alternatives.flatMap((a, i) => {
    const others = alternatives
      .filter((_, j) => i !== j)
      .map((b) => anyOf([...b.first, ...b.later.map(({ where }) => where)]));
    return a.later.map(({ prewhere, where }): Branch => ({ ...(prewhere && { prewhere }), where: [where, ...others] }));
  });
  const isPartial = !(await isInTime(
    searchBranches({
      ...search,
      windows: hasWords ? windows : [question.range],
      branches: later,
      timeoutMs: limits.wordTimeoutMs,
    }),
  ));
  return { matches: found.best(), isPartial };
}

/** False when the search hit a limit: what it had found by then counts. */
async function isInTime(search: Promise<void>): Promise<boolean> {
  try {
    await search;
    return true;
  } catch (error) {
    if (error instanceof Overloaded) return false;
    throw error;
  }
}

/** Conditions that must all hold. */
interface Branch {
  readonly prewhere?: string;
  readonly where: readonly string[];
}

interface BranchSearch {
  readonly db: Database;
  readonly question: FindSpans;
  readonly windows: readonly TimeRange[];
  /** A span of any branch counts. */
  readonly branches: readonly Branch[];
  readonly values: Bindings;
  readonly found: Found;
  readonly timeoutMs: number;
  readonly signal: AbortSignal | undefined;
}

async function searchBranches(search: BranchSearch): Promise<void> {
  for (const window of search.windows) {
    const parts = search.branches.map((branch) => searchWindow(search, branch, window));
    for (const matches of await Promise.all(parts)) search.found.add(matches);
    if (search.found.isFull) return;
  }
}

const minuteNs = 60_000_000_000n;

/**
 * The newest spans are most often what fills the answer, so the last minutes are read first, and the rest only then: a value that
 * every second span has costs no more than a rare one. The slowest may be anywhere.
 */
function windowsOf({ conditions, range, order }: FindSpans, clock: Clock): TimeRange[] {
  const kinds = new Set(conditions.map((condition) => condition.kind));
  if (order === 'slowest') return [range];
  const nowNs = BigInt(Math.round(clock.nowMs())) * 1_000_000n;
  const anchor = range.toNs < nowNs ? range.toNs : nowNs;
  const windows: TimeRange[] = [];
  let { toNs } = range;
  for (const minutes of stepsOf(kinds)) {
    const fromNs = anchor - minutes * minuteNs;
    if (fromNs <= range.fromNs) break;
    windows.push({ fromNs, toNs });
    toNs = fromNs - 1n;
  }
  return [...windows, { fromNs: range.fromNs, toNs }];
}

/** In minutes. An index finds the spans of a value, and those of one operation of a service are a run of rows: one step is enough. */
function stepsOf(kinds: ReadonlySet<ResolvedCondition['kind']>): readonly bigint[] {
  if (kinds.has('attribute')) return [10n];
  return kinds.has('service') && kinds.has('operation') ? [120n] : [2n, 120n];
}

/**
 * Rows are spans, wanted are traces: a trace with many matching spans may fill the rows. Then the search goes on below the last
 * row, leaving out the traces found; each round so finds new ones or ends.
 */
async function searchWindow(
  { db, question: { order, limit }, values: bound, timeoutMs, signal }: BranchSearch,
  branch: Branch,
  window: TimeRange,
): Promise<Match[]> {
  const column = order === 'newest' ? 'ts' : 'duration';
  // Ten spans a trace are common; up to 1,000 rows the engine skips what is too old (`query_plan_max_limit_for_top_k_optimization`).
  const rowLimit = Math.max(Math.min(limit * 16, 1_000), limit * 4);
  const found = new Map<string, Match>();
  let below: bigint | undefined;
  for (let round = 0; round < 50; round++) {
    const values = bound.fork();
    const where = [
      ...branch.where.map((sql) => `(${sql})`),
      `ts >= ${values.bind('Int64', window.fromNs)}`,
      `ts <= ${values.bind('Int64', window.toNs)}`,
    ];
    if (below !== undefined) {
      where.push(`${column} <= ${values.bind('Int64', below)}`);
      where.push(`trace_id NOT IN ${values.traceIds([...found.keys()])}`);
    }
    const rows = await db.select<{ id: string; ts: string; duration: string }>({
      sql: `SELECT lower(hex(trace_id)) AS id, ts, duration FROM spans
        ${branch.prewhere === undefined ? '' : `PREWHERE ${branch.prewhere}`}
        WHERE ${where.join('\n AND ')}
        ORDER BY ${column} DESC LIMIT ${rowLimit}`,
      params: values.params,
      timeoutMs,
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

  get isEmpty(): boolean {
    return this.byTrace.size === 0;
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
function productOf(conditions: readonly (readonly string[])[]): Branch[] {
  let branches: string[][] = [[]];
  for (const alternatives of conditions) {
    const picks = branches.length * alternatives.length > maxBranches ? [anyOf(alternatives)] : alternatives;
    branches = branches.flatMap((branch) => picks.map((pick) => [...branch, pick]));
  }
  return branches.map((where) => ({ where }));
}

function anyOf(alternatives: readonly string[]): string {
  return alternatives.length === 0 ? '0' : `(${alternatives.map((sql) => `(${sql})`).join(' OR ')})`;
}
