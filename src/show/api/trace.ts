/** `GET /api/trace/{id}` and what is below it. */
import { BadInput } from '../../base/errors.ts';
import type { HttpReply, HttpRequest } from '../../base/listener.ts';
import { demoMark } from '../../model/demo-mark.ts';
import { isSpanId, parseTraceIdQuery } from '../../model/ids.ts';
import { encodeSkeleton } from '../../model/skeleton.ts';
import { findInTrace } from '../../query/find-in-trace.ts';
import { findTraceIdsByPrefix } from '../../query/find-trace-ids.ts';
import { readResource } from '../../query/read-resource.ts';
import { readTrace } from '../../query/read-trace.ts';
import { summariseTrace } from '../../query/summarise-traces.ts';
import type { Asking } from './deps.ts';
import { spanDetails } from './span-view.ts';
import { summaryView } from './summary-view.ts';
import type { SpanDetails, TraceHead } from './types.ts';

/** A trace that ended less than this before now may still grow. */
const settlesAfterMs = 60_000;
const maxAlso = 20;
const maxSpanIds = 200;
const longestText = 1_000;

export async function answerHead(asking: Asking, request: HttpRequest): Promise<TraceHead> {
  const { db, catalogue } = asking;
  const found = await findAsked(asking, request, async (id) => {
    const [summary, resource] = await Promise.all([
      summariseTrace(db, id, request.closed),
      readResource(db, catalogue, id, request.closed),
    ]);
    return summary && { summary, isDemo: resource?.attributes.get(demoMark) === true };
  });
  const { summary, isDemo } = found.value;
  return {
    traceId: summary.traceId,
    summary: summaryView(summary),
    settled: isSettled(asking, summary.endNs),
    alsoMatching: found.alsoMatching,
    isDemo,
  };
}

export async function answerSkeleton(asking: Asking, request: HttpRequest): Promise<HttpReply> {
  const { value } = await findAsked(asking, request, (id) => asking.readSkeleton(id, request.closed));
  const headers = { 'content-type': 'application/octet-stream', 'cache-control': 'no-store' };
  return { status: 200, headers, body: encodeSkeleton(value) };
}

export async function answerSpans(asking: Asking, request: HttpRequest): Promise<{ spans: SpanDetails[] }> {
  const { db, catalogue } = asking;
  const spanIds = (request.query.get('ids') ?? '').toLowerCase().split(',').filter(Boolean);
  if (spanIds.length === 0 || spanIds.length > maxSpanIds || !spanIds.every(isSpanId)) {
    throw new BadInput(`ids: expected 1 to ${maxSpanIds} span ids of 16 hex digits, with commas between`);
  }
  const { value } = await findAsked(asking, request, async (id) => {
    const spans = await readTrace(db, catalogue, id, { signal: request.closed, spanIds });
    return spans.length === 0 ? undefined : spans;
  });
  return { spans: value.map(spanDetails) };
}

export async function answerFind(asking: Asking, request: HttpRequest): Promise<{ span_ids: string[] }> {
  const text = request.query.get('q') ?? '';
  if (text.length > longestText) throw new BadInput(`q: ${text.length} characters, at most ${longestText} are read`);
  const { value } = await findAsked(asking, request, async (id) => {
    const found = await findInTrace(asking.db, id, text, request.closed);
    return found.length > 0 || (await hasSpans(asking, id, request.closed)) ? found : undefined;
  });
  return { span_ids: value };
}

/** Reads the trace that a text names: exactly, or by a prefix that is looked up only when no id fits. */
export async function findTrace<T>(
  { db }: Asking,
  text: string,
  signal: AbortSignal,
  read: (traceId: string) => Promise<T | undefined>,
): Promise<{ readonly value: T; readonly alsoMatching: readonly string[] }> {
  const queries = parseTraceIdQuery(text);
  if (queries.length === 0) throw new BadInput(`"${text.slice(0, 80)}" is no trace id: 1 to 32 hex digits expected`);
  for (const query of queries) {
    const ids =
      query.kind === 'exact' ? [query.traceId] : await findTraceIdsByPrefix(db, query.prefix, maxAlso + 1, signal);
    const [traceId, ...alsoMatching] = ids;
    const value = traceId === undefined ? undefined : await read(traceId);
    if (value !== undefined) return { value, alsoMatching };
  }
  throw new BadInput(`no trace ${text.trim()} is stored: not here yet, or dropped`, { status: 404 });
}

function findAsked<T>(
  asking: Asking,
  { params, closed }: HttpRequest,
  read: (traceId: string) => Promise<T | undefined>,
): Promise<{ readonly value: T; readonly alsoMatching: readonly string[] }> {
  return findTrace(asking, params.id ?? '', closed, read);
}

export function isSettled({ clock }: Asking, endNs: bigint): boolean {
  return clock.nowMs() - Number(endNs / 1_000_000n) >= settlesAfterMs;
}

async function hasSpans({ db }: Asking, traceId: string, signal: AbortSignal): Promise<boolean> {
  return (await summariseTrace(db, traceId, signal)) !== undefined;
}
