/** `GET /api/why/{id}`: where one trace's time goes. */
import type { HttpRequest } from '../../base/listener.ts';
import { diagnoseTrace } from '../../diagnose/diagnose-trace.ts';
import type { SpanDetail } from '../../diagnose/scene.ts';
import { type Usuals, usualKey } from '../../diagnose/usual.ts';
import { spanKind } from '../../model/span.ts';
import { spanFlag, spanIdOf, type Trace } from '../../model/trace.ts';
import { readTrace } from '../../query/read-trace.ts';
import { readUsualDurations } from '../../query/usual-durations.ts';
import type { Asking } from './deps.ts';
import { languageOf } from './parameters.ts';
import { findTrace, isSettled } from './trace.ts';
import type { Language, TraceVerdict } from './types.ts';

export function answerWhy(asking: Asking, { params, query, headers, closed }: HttpRequest): Promise<TraceVerdict> {
  return readVerdict(asking, params.id ?? '', languageOf(query, headers['accept-language']), closed);
}

/** The verdict on a trace, compared with what its operations took in the time before it. Throws `BadInput` when there is no such trace. */
export async function readVerdict(
  asking: Asking,
  id: string,
  language: Language,
  signal: AbortSignal,
): Promise<TraceVerdict> {
  const { value: trace } = await findTrace(asking, id, signal, (exact) => asking.readSkeleton(exact, signal));
  const [usual, details] = await Promise.all([readUsuals(asking, trace, signal), readDetails(asking, trace, signal)]);
  const detailOf = (row: number) => details.get(spanIdOf(trace, row));
  return diagnoseTrace(trace, { usual, detailOf, language, settled: isSettled(asking, endOf(trace)) });
}

async function readUsuals({ db }: Asking, trace: Trace, signal: AbortSignal): Promise<Usuals> {
  const operations = new Map<string, { service: string; operation: string }>();
  for (let row = 0; row < trace.count; row++) {
    const service = trace.services[trace.service[row] ?? 0] ?? '';
    const operation = trace.names[trace.name[row] ?? 0] ?? '';
    operations.set(usualKey(service, operation), { service, operation });
  }
  const usual = await readUsualDurations(db, [...operations.values()], trace.baseNs, signal);
  return new Map(usual.map((u) => [usualKey(u.service, u.operation), { p50Ns: u.p50Ns, count: u.count }]));
}

const mostDetails = 200;

/** Of the spans whose words a sentence may want, by id: the longest failures, calls without a callee, and senders of messages. */
async function readDetails(
  { db, catalogue }: Asking,
  trace: Trace,
  signal: AbortSignal,
): Promise<Map<string, SpanDetail>> {
  const rows: number[] = [];
  for (let row = 0; row < trace.count; row++) {
    const isFailed = ((trace.flags[row] ?? 0) & spanFlag.error) !== 0;
    const isLastCall = trace.kind[row] === spanKind.client && trace.size[row] === 1;
    if (isFailed || isLastCall || trace.kind[row] === spanKind.producer) rows.push(row);
  }
  rows.sort((a, b) => (trace.durationNs[b] ?? 0) - (trace.durationNs[a] ?? 0));
  const spanIds = rows.slice(0, mostDetails).map((row) => spanIdOf(trace, row));
  if (spanIds.length === 0) return new Map();
  const spans = await readTrace(db, catalogue, trace.traceId, { signal, spanIds });
  return new Map(
    spans.map(({ spanId, attributes, resource, statusMessage }) => [
      spanId,
      { attributes, resource: resource.attributes, statusMessage },
    ]),
  );
}

function endOf(trace: Trace): bigint {
  let latest = 0;
  for (let row = 0; row < trace.count; row++) {
    latest = Math.max(latest, (trace.startNs[row] ?? 0) + (trace.durationNs[row] ?? 0));
  }
  return trace.baseNs + BigInt(Math.round(latest));
}
