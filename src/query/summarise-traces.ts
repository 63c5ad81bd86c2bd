/** What a list of traces shows of each: root, start, duration, spans, errors, services. The second step of a search. */
import { statusCode } from '../model/span.ts';
import type { Database } from '../store/database.ts';
import { Bindings } from './bindings.ts';
import { everything, type Match, type TimeRange } from './find-spans.ts';
import { limits } from './limits.ts';

export interface TraceSummary {
  /** 32 hex digits. */
  readonly traceId: string;
  /** Of the root (the earliest span without a parent), or of the earliest span when no root arrived. */
  readonly service: string;
  readonly operation: string;
  readonly hasRoot: boolean;
  /** Earliest start, ns since the epoch. */
  readonly startNs: bigint;
  /** The root's duration, or from the first start to the last end when no root arrived. */
  readonly durationNs: bigint;
  /** Latest end, ns since the epoch. */
  readonly endNs: bigint;
  readonly spans: number;
  readonly errors: number;
  /** Most spans first. */
  readonly services: readonly { readonly name: string; readonly spans: number }[];
}

const second = 1_000_000_000n;
/** Around a matching span, what is read first. Most traces are shorter; the others are read again, wider. */
const nearNs = 120n * second;
const wideNs = 7200n * second;
const edgeNs = 20n * second;

/** Summaries of the traces of these matches, in their order. A trace that is gone meanwhile is left out. */
export async function summariseTraces(
  db: Database,
  matches: readonly Match[],
  signal?: AbortSignal,
): Promise<TraceSummary[]> {
  const near = await summariseWithin(db, matches, (match) => around(match, nearNs), signal);
  const cut = matches.filter((match) => {
    const summary = near.get(match.traceId);
    return summary !== undefined && (!summary.hasRoot || touchesEdge(summary, around(match, nearNs)));
  });
  const wide = await summariseWithin(db, cut, (match) => around(match, wideNs), signal);
  return matches.flatMap(({ traceId }) => wide.get(traceId) ?? near.get(traceId) ?? []);
}

/** The summary of one trace, wherever in time its spans are. */
export async function summariseTrace(
  db: Database,
  traceId: string,
  signal?: AbortSignal,
): Promise<TraceSummary | undefined> {
  const match = { traceId, startNs: 0n, durationNs: 0n };
  return (await summariseWithin(db, [match], () => everything, signal)).get(traceId);
}

async function summariseWithin(
  db: Database,
  matches: readonly Match[],
  rangeOf: (match: Match) => TimeRange,
  signal?: AbortSignal,
): Promise<Map<string, TraceSummary>> {
  if (matches.length === 0) return new Map();
  const values = new Bindings();
  const ids = values.traceIds(matches.map((m) => m.traceId));
  const times = mergeRanges(matches.map(rangeOf))
    .map(({ fromNs, toNs }) => `ts BETWEEN ${values.bind('Int64', fromNs)} AND ${values.bind('Int64', toNs)}`)
    .join(' OR ');
  const rows = await db.select<SummaryRow>({
    // Ends are summed in 128 bits: a span of 2262 must not end in 1677.
    sql: `SELECT lower(hex(trace_id)) AS id, min(ts) AS start, toString(max(toInt128(ts) + greatest(duration, 0))) AS end,
        count() AS spans, countIf(status = ${statusCode.error}) AS errors, countIf(isRoot) AS roots,
        argMin((service, name, greatest(duration, 0)), (NOT isRoot, ts)) AS first,
        sumMap([service], [toUInt64(1)]) AS services
      FROM (
        SELECT trace_id, ts, duration, service, name, status, parent_id = toFixedString('', 8) AS isRoot FROM spans
        PREWHERE trace_id IN ${ids} WHERE ${times}
        LIMIT 1 BY trace_id, span_id, kind
      ) GROUP BY trace_id`,
    params: values.params,
    timeoutMs: limits.searchTimeoutMs,
    ...(signal && { signal }),
  });
  return new Map(rows.map((row) => [row.id, summaryOf(row)]));
}

interface SummaryRow {
  readonly id: string;
  readonly start: string;
  readonly end: string;
  readonly spans: string;
  readonly errors: string;
  readonly roots: string;
  readonly first: readonly [service: string, name: string, duration: string];
  readonly services: readonly [names: readonly string[], counts: readonly string[]];
}

function summaryOf(row: SummaryRow): TraceSummary {
  const [service, operation, rootNs] = row.first;
  const [names, counts] = row.services;
  const hasRoot = row.roots !== '0';
  const services = names.map((name, i) => ({ name, spans: Number(counts[i]) }));
  return {
    traceId: row.id,
    service,
    operation,
    hasRoot,
    startNs: BigInt(row.start),
    durationNs: hasRoot ? BigInt(rootNs) : BigInt(row.end) - BigInt(row.start),
    endNs: BigInt(row.end),
    spans: Number(row.spans),
    errors: Number(row.errors),
    services: services.sort((a, b) => b.spans - a.spans || (a.name < b.name ? -1 : 1)),
  };
}

function around({ startNs, durationNs }: Match, ns: bigint): TimeRange {
  const lasts = durationNs > 0n ? durationNs : 0n;
  return { fromNs: clamp(startNs - ns), toNs: clamp(startNs + lasts + ns) };
}

function touchesEdge(summary: TraceSummary, range: TimeRange): boolean {
  return summary.startNs - range.fromNs < edgeNs || range.toNs - summary.endNs < edgeNs;
}

function clamp(ns: bigint): bigint {
  if (ns < everything.fromNs) return everything.fromNs;
  return ns > everything.toNs ? everything.toNs : ns;
}

const maxRanges = 40;

/** Overlapping ranges as one; of many, the closest are joined, so that the statement stays small. */
function mergeRanges(ranges: readonly TimeRange[]): TimeRange[] {
  const sorted = [...ranges].sort((a, b) => (a.fromNs < b.fromNs ? -1 : a.fromNs > b.fromNs ? 1 : 0));
  const merge = (gapNs: bigint) => {
    const merged: TimeRange[] = [];
    for (const range of sorted) {
      const last = merged.at(-1);
      if (last === undefined || range.fromNs - last.toNs > gapNs) merged.push(range);
      else merged[merged.length - 1] = { fromNs: last.fromNs, toNs: range.toNs > last.toNs ? range.toNs : last.toNs };
    }
    return merged;
  };
  let merged = merge(0n);
  for (let gapNs = 60n * second; merged.length > maxRanges; gapNs *= 4n) merged = merge(gapNs);
  return merged;
}
