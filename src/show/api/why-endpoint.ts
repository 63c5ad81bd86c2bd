/** `GET /api/why?service=…&operation=…`: why an endpoint's slow calls are slow. */
import { parseDurationNs } from '../../base/duration.ts';
import { BadInput } from '../../base/errors.ts';
import type { HttpRequest } from '../../base/listener.ts';
import { chooseCohorts } from '../../diagnose/endpoint/cohorts.ts';
import { diagnoseEndpoint } from '../../diagnose/endpoint/diagnose-endpoint.ts';
import { type Observation, rowOfEndpoint } from '../../diagnose/endpoint/observe.ts';
import type { SpanDetail } from '../../diagnose/scene.ts';
import type { EndpointVerdict } from '../../diagnose/verdict-types.ts';
import { spanIdOf, type Trace } from '../../model/trace.ts';
import { type EndpointCalls, findMainOperation, readCalls, type SampledCall } from '../../query/cohorts.ts';
import type { TimeRange } from '../../query/find-spans.ts';
import { readSkeletons } from '../../query/read-skeleton.ts';
import { readTraces } from '../../query/read-trace.ts';
import type { Asking } from './deps.ts';
import { homeRange } from './home.ts';
import { languageOf, rangeOf } from './parameters.ts';
import type { EndpointWhy } from './types.ts';
import { readVerdict } from './why.ts';

/** Calls from whose durations the cohorts are chosen, and traces of each that are read. */
const mostCalls = 5_000;
const mostTraces = { slow: 40, usual: 60 } as const;
const mostDetails = 3_000;
/** Parts of one trace start near its entry; clocks may differ. */
const aroundNs = 300_000_000_000n;

export async function answerWhyEndpoint(asking: Asking, request: HttpRequest): Promise<EndpointWhy> {
  const { db } = asking;
  const { query, closed } = request;
  const language = languageOf(query, request.headers['accept-language']);
  const service = query.get('service') ?? '';
  if (service === '') throw new BadInput('service: the name of a service expected, got nothing');
  const range = homeRange(query, asking.clock.nowMs());
  const operation =
    (query.get('operation') || undefined) ?? (await findMainOperation(db, service, range, closed)) ?? '';
  const baselineRange = baselineOf(query);
  const region = { minDurationNs: durationOf(query, 'minDuration'), maxDurationNs: durationOf(query, 'maxDuration') };

  const of = { service, operation, most: mostCalls };
  const hasRegion = region.minDurationNs !== undefined || region.maxDurationNs !== undefined;
  const [calls, chosen, baseline] = await Promise.all([
    readCalls(db, { ...of, range }, closed),
    hasRegion ? readCalls(db, { ...of, range, ...region, most: 500 }, closed) : undefined,
    baselineRange && readCalls(db, { ...of, range: baselineRange }, closed),
  ]);
  const cohorts = chooseCohorts({
    calls: unique([...(chosen?.sample ?? []), ...calls.sample]),
    ...(baseline && { baseline: baseline.sample }),
    ...region,
  });
  const slow = spread(cohorts.slow, mostTraces.slow);
  const usual = spread(cohorts.usual, mostTraces.usual);
  const verdict = await judge(asking, { service, operation }, [slow, usual], closed, (observations) => {
    const seen = (list: readonly SampledCall[]) => list.flatMap(({ traceId }) => observations.get(traceId) ?? []);
    const population = calls.count + (baseline?.count ?? 0);
    return diagnoseEndpoint({
      service,
      operation,
      language,
      cohorts,
      slow: seen(slow),
      usual: seen(usual),
      population,
    });
  });
  const slowest = verdict.found === 'too-little' ? longest(calls.sample) : undefined;
  return {
    question: {
      service,
      operation,
      start_us: Number(range.fromNs / 1000n),
      end_us: Number(range.toNs / 1000n),
      ...(baselineRange && {
        baseline_start_us: Number(baselineRange.fromNs / 1000n),
        baseline_end_us: Number(baselineRange.toNs / 1000n),
      }),
    },
    calls: figuresOf(calls),
    ...verdict,
    ...(slowest && { slowest: await readVerdict(asking, slowest.traceId, language, closed) }),
  };
}

/**
 * Judges twice: the first time no span says anything of itself, and it is noted of which spans that was asked; these are read, and it
 * judges again. So of some hundred traces only the columns and a few whole spans are read.
 */
async function judge(
  { db, catalogue }: Asking,
  endpoint: { service: string; operation: string },
  cohorts: readonly (readonly SampledCall[])[],
  signal: AbortSignal,
  verdictOn: (observations: ReadonlyMap<string, Observation>) => EndpointVerdict,
): Promise<EndpointVerdict> {
  const calls = unique(cohorts.flat());
  const traces = await readSkeletons(db, catalogue, calls, signal, around(calls));
  const wanted = new Map<string, Set<string>>();
  let asked = 0;
  const observe = (detailOf: (trace: Trace, row: number) => SpanDetail | undefined) =>
    new Map(
      Array.from(traces).flatMap(([traceId, trace]) => {
        const root = rowOfEndpoint(trace, endpoint.service, endpoint.operation);
        return root < 0 ? [] : [[traceId, { trace, root, detailOf: (row: number) => detailOf(trace, row) }] as const];
      }),
    );
  const first = verdictOn(
    observe((trace, row) => {
      const ids = wanted.get(trace.traceId) ?? new Set();
      wanted.set(trace.traceId, ids);
      if (asked < mostDetails && !ids.has(spanIdOf(trace, row))) asked += ids.add(spanIdOf(trace, row)) && 1;
      return undefined;
    }),
  );
  if (asked === 0) return first;
  const spanIds = Array.from(wanted.values(), (ids) => [...ids]).flat();
  const spans = await readTraces(db, catalogue, [...wanted.keys()], { signal, spanIds });
  const details = new Map<string, SpanDetail>();
  for (const span of Array.from(spans.values()).flat()) {
    const { attributes, resource, statusMessage } = span;
    details.set(span.traceId + span.spanId, { attributes, resource: resource.attributes, statusMessage });
  }
  return verdictOn(observe((trace, row) => details.get(trace.traceId + spanIdOf(trace, row))));
}

function around(calls: readonly SampledCall[]): TimeRange | undefined {
  if (calls.length === 0) return undefined;
  const starts = calls.map((call) => call.startMs);
  const longestMs = Math.ceil((longest(calls)?.durationNs ?? 0) / 1e6);
  const ns = (ms: number) => BigInt(Math.round(ms)) * 1_000_000n;
  return { fromNs: ns(Math.min(...starts)) - aroundNs, toNs: ns(Math.max(...starts) + longestMs) + aroundNs };
}

function longest(calls: readonly SampledCall[]): SampledCall | undefined {
  return calls.reduce<SampledCall | undefined>(
    (a, b) => (a !== undefined && a.durationNs >= b.durationNs ? a : b),
    undefined,
  );
}

function figuresOf({ count, meanNs, p50Ns, p95Ns }: EndpointCalls): EndpointWhy['calls'] {
  return { count, mean_ns: meanNs, p50_ns: p50Ns, p95_ns: p95Ns };
}

function unique(calls: readonly SampledCall[]): SampledCall[] {
  return [...new Map(calls.map((call) => [call.traceId, call])).values()];
}

/** At most `most` of the list, over all of it. */
function spread<T>(list: readonly T[], most: number): readonly T[] {
  if (list.length <= most) return list;
  return Array.from({ length: most }, (_, i) => list[Math.floor((i * list.length) / most)]).filter(
    (one) => one !== undefined,
  );
}

function baselineOf(query: URLSearchParams): TimeRange | undefined {
  const [start, end] = [query.get('baselineStart') ?? '', query.get('baselineEnd') ?? ''];
  if (start === '' && end === '') return undefined;
  if (start === '' || end === '') throw new BadInput('baselineStart, baselineEnd: expected both, in µs since 1970');
  return rangeOf(query, 'baselineStart', 'baselineEnd', { fromNs: 0n, toNs: 0n });
}

function durationOf(query: URLSearchParams, name: string): number | undefined {
  const text = query.get(name) ?? '';
  if (text === '') return undefined;
  const ns = parseDurationNs(text);
  if (ns === undefined || ns < 0)
    throw new BadInput(`${name}: expected a duration such as 500ms or 2s, got "${text.slice(0, 100)}"`);
  return ns;
}
