/** Runs adaptive sampling: asks what was sampled in the last interval, moves the rates, and keeps them over a restart. */
import { readFile, rename, writeFile } from 'node:fs/promises';
import type { Cancel, Clock } from '../base/clock.ts';
import { describeError } from '../base/errors.ts';
import type { Log } from '../base/log.ts';
import type { Strategy } from '../wire/jaeger-api-sampling.ts';
import { adaptiveStrategy, type AdaptiveSettings, type AdaptiveState, nextState, type Sampled } from './adaptive.ts';

export interface AdaptiveSamplingOptions {
  readonly settings: AdaptiveSettings;
  readonly intervalMs: number;
  /** Where the state is kept, as JSON. */
  readonly stateFile: string;
  /** What was sampled between two times, ns since the epoch. */
  sampledIn(range: { readonly fromNs: bigint; readonly toNs: bigint }): Promise<readonly Sampled[]>;
  readonly clock: Clock;
  readonly log: Log;
}

export interface AdaptiveSampling {
  readonly state: AdaptiveState;
  strategyOf(service: string): Strategy;
  stop(): void;
}

/** Spans need so long to arrive: what is counted lies before. */
const delayMs = 10_000;

export async function startAdaptiveSampling(options: AdaptiveSamplingOptions): Promise<AdaptiveSampling> {
  const { settings, intervalMs, stateFile, clock, log } = options;
  let state = await readState(stateFile, log);
  let countedMs = clock.nowMs() - delayMs;
  let isStopped = false;
  let cancel: Cancel = () => {};

  const move = async () => {
    const untilMs = clock.nowMs() - delayMs;
    try {
      const range = { fromNs: toNs(countedMs) + 1n, toNs: toNs(untilMs) };
      const sampled = await options.sampledIn(range);
      if (isStopped) return;
      state = nextState(state, sampled, (untilMs - countedMs) / 1000, settings);
      countedMs = untilMs;
      await writeState(stateFile, state);
    } catch (error) {
      // The next turn counts this interval, too; until then the rates stay.
      log.warn(`adaptive sampling keeps its rates: ${describeError(error)}`);
    }
    if (!isStopped) cancel = clock.after(intervalMs, () => void move());
  };
  cancel = clock.after(intervalMs, () => void move());
  return {
    get state() {
      return state;
    },
    strategyOf: (service) => adaptiveStrategy(state, service, settings),
    stop() {
      isStopped = true;
      cancel();
    },
  };
}

/** A file that cannot be read is as none: rates are found anew within an interval. */
async function readState(path: string, log: Log): Promise<AdaptiveState> {
  let text: string;
  try {
    text = await readFile(path, 'utf8');
  } catch {
    return new Map();
  }
  try {
    return stateOf(JSON.parse(text));
  } catch (error) {
    log.warn(`${path} is left aside: ${describeError(error)}`);
    return new Map();
  }
}

function stateOf(file: unknown): AdaptiveState {
  if (!Array.isArray(file)) throw new Error('expected a list of operations');
  const state = new Map<string, Map<string, { perSecond: number; rate: number }>>();
  for (const entry of file as readonly unknown[]) {
    const { service, operation, perSecond, rate } = { ...(entry as Record<string, unknown>) };
    if (typeof service !== 'string' || typeof operation !== 'string') throw new Error('an operation without names');
    if (typeof perSecond !== 'number' || typeof rate !== 'number') throw new Error('an operation without rates');
    const own = state.get(service) ?? new Map<string, { perSecond: number; rate: number }>();
    state.set(service, own.set(operation, { perSecond, rate }));
  }
  return state;
}

async function writeState(path: string, state: AdaptiveState): Promise<void> {
  const operations = [...state].flatMap(([service, own]) =>
    Array.from(own, ([operation, each]) => ({ service, operation, ...each })),
  );
  await writeFile(`${path}.part`, JSON.stringify(operations), { mode: 0o600 });
  await rename(`${path}.part`, path);
}

function toNs(ms: number): bigint {
  return BigInt(Math.round(ms)) * 1_000_000n;
}
