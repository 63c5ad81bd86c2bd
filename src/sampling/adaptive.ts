/**
 * Adaptive sampling: of each operation so many traces a second, whatever its traffic
 * (https://www.jaegertracing.io/docs/latest/architecture/sampling/#adaptive-sampling). Unlike Jaeger, which nudges a rate by half at a
 * time, the traffic itself is estimated, each sampled trace standing for the reciprocal of the rate it was sampled at; the rate that
 * gives the target then follows at once. Pure.
 */
import type { Strategy } from '../wire/jaeger-api-sampling.ts';

export interface AdaptiveSettings {
  /** Traces of each operation that should be sampled. */
  readonly targetPerSecond: number;
  /** For operations not seen yet. */
  readonly initialRate: number;
  readonly leastRate: number;
  /** So many a second are sampled whatever the rate, so that a quiet operation stays visible. */
  readonly leastPerSecond: number;
}

export interface OperationState {
  /** Estimated traces that begin with the operation, sampled or not. */
  readonly perSecond: number;
  /** What clients are told. */
  readonly rate: number;
}

/** By service and operation. */
export type AdaptiveState = ReadonlyMap<string, ReadonlyMap<string, OperationState>>;

/** Sampled traces of one operation that share how they were sampled. */
export interface Sampled {
  readonly service: string;
  readonly operation: string;
  readonly sampler: string;
  readonly parameter: number | null;
  readonly traces: number;
}

/** How much a new estimate counts against those before. */
const weight = 0.3;
/** An estimate that many times higher or lower than before is a change of traffic and no noise. */
const jump = 2;
/** An operation that has not been seen for so long, halving each time, is forgotten. */
const forgottenPerSecond = 1e-4;
const maxOperations = 20_000;

/** The state after `seconds` in which these traces were sampled. */
export function nextState(
  before: AdaptiveState,
  sampled: readonly Sampled[],
  seconds: number,
  settings: AdaptiveSettings,
): AdaptiveState {
  const estimates = estimate(before, sampled, seconds, settings);
  const after = new Map<string, Map<string, OperationState>>();
  let operations = 0;
  const keep = (service: string, operation: string, perSecond: number) => {
    if (perSecond < forgottenPerSecond || operations++ >= maxOperations) return;
    const rate = Math.min(1, Math.max(settings.leastRate, settings.targetPerSecond / perSecond));
    const own = after.get(service) ?? new Map<string, OperationState>();
    after.set(service, own.set(operation, { perSecond, rate }));
  };
  for (const [service, own] of estimates) {
    for (const [operation, perSecond] of own) {
      keep(service, operation, smoothed(before.get(service)?.get(operation)?.perSecond, perSecond));
    }
  }
  for (const [service, own] of before) {
    for (const [operation, { perSecond }] of own) {
      // Nothing came: it may be quiet, or its rate too low to see it. Either way more of it may be sampled.
      if (!estimates.get(service)?.has(operation)) keep(service, operation, perSecond / 2);
    }
  }
  return after;
}

export function adaptiveStrategy(state: AdaptiveState, service: string, settings: AdaptiveSettings): Strategy {
  const rates = Array.from(state.get(service) ?? [], ([operation, { rate }]) => ({ operation, rate }));
  return {
    sampling: { kind: 'probabilistic', rate: settings.initialRate },
    perOperation: {
      defaultRate: settings.initialRate,
      leastPerSecond: settings.leastPerSecond,
      mostPerSecond: 0,
      rates,
    },
  };
}

function estimate(
  before: AdaptiveState,
  sampled: readonly Sampled[],
  seconds: number,
  { initialRate }: AdaptiveSettings,
): Map<string, Map<string, number>> {
  const estimates = new Map<string, Map<string, number>>();
  for (const { service, operation, sampler, parameter, traces } of sampled) {
    // What was sampled to stay visible says nothing of how much there is.
    if (sampler === 'lowerbound' || traces <= 0) continue;
    const told = before.get(service)?.get(operation)?.rate ?? initialRate;
    const isSaid = sampler === 'probabilistic' && parameter !== null && parameter > 0 && parameter <= 1;
    const own = estimates.get(service) ?? new Map<string, number>();
    const more = traces / (isSaid ? parameter : sampler === '' ? told : 1) / seconds;
    estimates.set(service, own.set(operation, (own.get(operation) ?? 0) + more));
  }
  return estimates;
}

function smoothed(before: number | undefined, now: number): number {
  if (before === undefined || now > before * jump || now < before / jump) return now;
  return before + weight * (now - before);
}
