/** `GET /api/home`: what is slow now. */
import type { HttpRequest } from '../../base/listener.ts';
import { diagnoseTrace, targetOf } from '../../diagnose/diagnose-trace.ts';
import { sentenceText } from '../../diagnose/sentences/sentence.ts';
import { type Endpoint, readEndpoints, readSlowest, readSparklines } from '../../query/endpoints.ts';
import type { TimeRange } from '../../query/find-spans.ts';
import { readSkeletons } from '../../query/read-skeleton.ts';
import type { Asking } from './deps.ts';
import { languageOf, rangeOf } from './parameters.ts';
import type { Home, HomeRow, Language } from './types.ts';

const defaultMs = 3_600_000;
const maxRows = 100;
const slices = 30;
/** So many rows say why. */
const explained = 10;
const maxSpansToExplain = 5_000;

export async function answerHome(asking: Asking, request: HttpRequest): Promise<Home> {
  const range = homeRange(request.query, asking.clock.nowMs());
  const endpoints = await readEndpoints(asking.db, range, request.closed);
  const order = endpoints.some((endpoint) => endpoint.usualNs !== null) ? 'lost' : 'total';
  const weight = (endpoint: Endpoint) => (order === 'lost' ? (lostNs(endpoint) ?? 0) : endpoint.totalNs);
  const shown = endpoints.toSorted((a, b) => weight(b) - weight(a) || b.totalNs - a.totalNs).slice(0, maxRows);
  const language = languageOf(request.query, request.headers['accept-language']);
  const [sparks, slowest] = await Promise.all([
    readSparklines(asking.db, shown, range, slices, request.closed),
    readSlowest(asking.db, shown, range, request.closed),
  ]);
  const reasons = await explain(asking, slowest.slice(0, explained), language, request.closed);
  const seconds = Math.max(Number(range.toNs - range.fromNs) / 1e9, 1);
  return {
    startUs: Number(range.fromNs / 1000n),
    endUs: Number(range.toNs / 1000n),
    rows: shown.map((endpoint, i) => rowOf(endpoint, seconds, sparks[i] ?? [], slowest[i] ?? '', reasons)),
    order,
  };
}

export function homeRange(query: URLSearchParams, nowMs: number): TimeRange {
  const nowNs = BigInt(Math.round(nowMs)) * 1_000_000n;
  const toNs = rangeOf(query, 'start', 'end', { fromNs: 0n, toNs: nowNs }).toNs;
  return rangeOf(query, 'start', 'end', { fromNs: toNs - BigInt(defaultMs) * 1_000_000n, toNs });
}

function rowOf(
  endpoint: Endpoint,
  seconds: number,
  sparkNs: HomeRow['sparkNs'],
  slowestId: string,
  reasons: ReadonlyMap<string, string>,
): HomeRow {
  const { service, operation, calls, errors, p50Ns, p95Ns, p99Ns, totalNs, longestNs } = endpoint;
  return {
    service,
    operation,
    calls,
    errors,
    rate: calls / seconds,
    meanNs: totalNs / calls,
    p50Ns,
    p95Ns,
    p99Ns,
    lostNs: lostNs(endpoint),
    totalNs,
    sparkNs,
    slowest: { traceId: slowestId, durationNs: Math.max(0, Number(longestNs)) },
    why: reasons.get(slowestId) ?? null,
  };
}

function lostNs({ calls, totalNs, usualNs }: Endpoint): number | null {
  return usualNs === null ? null : totalNs - calls * usualNs;
}

/** What traces spend their time on, by trace id. */
async function explain(
  { db, catalogue }: Asking,
  traceIds: readonly (string | undefined)[],
  language: Language,
  signal: AbortSignal,
): Promise<Map<string, string>> {
  const traces = traceIds.flatMap((traceId) => (traceId === undefined ? [] : { traceId }));
  const skeletons = await readSkeletons(db, catalogue, traces, signal);
  const reasons = new Map<string, string>();
  for (const [traceId, trace] of skeletons) {
    if (trace.count > maxSpansToExplain) continue;
    const [first] = diagnoseTrace(trace, { language, settled: true }).causes;
    if (first === undefined) continue;
    const values = { ms: first.contribution_ns, t: targetOf(first), why: first.sentence.text };
    reasons.set(traceId, sentenceText('cause', values, language));
  }
  return reasons;
}
