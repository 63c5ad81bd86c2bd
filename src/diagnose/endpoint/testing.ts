/** For tests: populations of calls that a seed repeats. Not part of the program. */
import type { Drawn } from '../../../test/fixtures/draw-trace.ts';
import { draw } from '../../../test/fixtures/draw-trace.ts';
import type { AttributeValue } from '../../model/attributes.ts';
import { nameOf } from '../scene.ts';
import type { EndpointVerdict } from '../verdict-types.ts';
import { chooseCohorts, type CohortQuestion } from './cohorts.ts';
import { diagnoseEndpoint } from './diagnose-endpoint.ts';
import type { Observation } from './observe.ts';

/** Numbers around `median`, a tenth of it apart, as durations are: skewed. */
export function noisy(median: number, count: number, seed: number): number[] {
  let state = seed * 2_654_435_761;
  const next = () => {
    state = (Math.imul(state ^ (state >>> 15), state | 1) + 0x6d2b79f5) | 0;
    const mixed = Math.imul(state ^ (state >>> 14), 0x45d9f3b);
    return ((mixed ^ (mixed >>> 16)) >>> 0) / 4_294_967_296;
  };
  return Array.from({ length: count }, () => {
    const normal = Math.sqrt(-2 * Math.log(1 - next())) * Math.cos(2 * Math.PI * next());
    return median * Math.exp(0.1 * normal);
  });
}

export interface DrawnCall {
  readonly root: Drawn;
  /** By span name; those of '' on the resource of every span. */
  readonly details?: Record<string, Record<string, AttributeValue>>;
}

export interface Population extends Partial<Pick<CohortQuestion, 'minDurationNs' | 'maxDurationNs'>> {
  readonly calls: readonly DrawnCall[];
  readonly baseline?: readonly DrawnCall[];
}

/** The verdict on drawn calls, one a second. Asserts what holds of every verdict: the causes add up. */
export function judge({ calls, baseline, ...region }: Population): EndpointVerdict {
  const seen = new Map<string, Observation>();
  const listed = (list: readonly DrawnCall[], prefix: string) =>
    list.map(({ root, details }, i) => {
      const drawn = draw(root);
      const traceId = prefix + i.toString(16).padStart(31, '0');
      const trace = { ...drawn, traceId };
      seen.set(traceId, {
        trace,
        root: 0,
        detailOf: (row) => ({
          attributes: new Map(Object.entries(details?.[nameOf(trace, row)] ?? {})),
          resource: new Map(Object.entries(details?.[''] ?? {})),
          statusMessage: '',
        }),
      });
      return { traceId, startMs: 1_790_000_000_000 + i * 1000, durationNs: trace.durationNs[0] ?? 0 };
    });
  const cohorts = chooseCohorts({
    calls: listed(calls, 'a'),
    ...(baseline && { baseline: listed(baseline, 'b') }),
    ...region,
  });
  const read = (cohort: readonly { traceId: string }[]) => cohort.flatMap(({ traceId }) => seen.get(traceId) ?? []);
  const verdict = diagnoseEndpoint({
    service: 'shop',
    operation: 'GET /',
    language: 'en',
    cohorts,
    slow: read(cohorts.slow),
    usual: read(cohorts.usual),
  });
  const sum = verdict.causes.reduce((ns, cause) => ns + cause.contribution_ns, 0) + verdict.unexplained_ns;
  if (sum !== verdict.slow.mean_ns) throw new Error(`causes of ${sum} ns, mean ${verdict.slow.mean_ns} ns`);
  return verdict;
}

/** `kind service · operation excess in ms` of the first cause; what was found where that is not a cause. */
export function firstCause(population: Population): string {
  const verdict = judge(population);
  const [cause] = verdict.causes;
  if (verdict.found !== 'slower' || cause === undefined) return verdict.found;
  return `${cause.kind} ${cause.service} · ${cause.operation} ${Math.round(cause.excess_ns / 1e6)}`;
}
