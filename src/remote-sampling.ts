/** Remote sampling from its settings: the strategies of a file, and adaptive rates for the services that it does not name. */
import { join } from 'node:path';
import type { Clock } from './base/clock.ts';
import { ConfigError } from './base/errors.ts';
import type { Log } from './base/log.ts';
import type { Settings } from './config/settings.ts';
import { readBegunTraces } from './query/begun-traces.ts';
import { type AdaptiveSampling, startAdaptiveSampling } from './sampling/adaptive-sampling.ts';
import type { SamplingDeps } from './sampling/routes.ts';
import { openStrategiesFile } from './sampling/strategies-file.ts';
import type { Database } from './store/database.ts';

export interface RemoteSampling extends SamplingDeps {
  stop(): void;
}

export interface RemoteSamplingOptions {
  readonly settings: Settings['sampling'];
  readonly dataDir: string;
  readonly database: Database;
  readonly clock: Clock;
  readonly log: Log;
}

/** Throws `ConfigError` for a file that cannot be read and for rates that are none. */
export async function startRemoteSampling(options: RemoteSamplingOptions): Promise<RemoteSampling> {
  const { settings, clock } = options;
  checkShares(settings);
  const log = options.log.with({ part: 'sampling' });
  const file = await openStrategiesFile({
    file: settings.strategies_file,
    reloadMs: settings.reload_interval,
    defaultRate: settings.default_probability,
    clock,
    log,
  });
  const adaptive = settings.adaptive.enabled ? await startAdaptive({ ...options, log }) : undefined;
  return {
    strategyOf: (service) =>
      file.current.byService.get(service) ?? adaptive?.strategyOf(service) ?? file.current.fallback,
    stop() {
      adaptive?.stop();
      file.stop();
    },
    ...(adaptive !== undefined && { adaptiveState: () => adaptive.state }),
  };
}

function startAdaptive(options: RemoteSamplingOptions): Promise<AdaptiveSampling> {
  const { database, dataDir, clock, log } = options;
  const { adaptive } = options.settings;
  return startAdaptiveSampling({
    settings: {
      targetPerSecond: adaptive.target_samples_per_second,
      initialRate: adaptive.initial_sampling_probability,
      leastRate: adaptive.min_sampling_probability,
      leastPerSecond: adaptive.min_samples_per_second,
    },
    intervalMs: adaptive.calculation_interval,
    stateFile: join(dataDir, 'adaptive-sampling.json'),
    sampledIn: (range) => readBegunTraces(database, range),
    clock,
    log,
  });
}

function checkShares({ default_probability, adaptive }: Settings['sampling']): void {
  const shares = {
    default_probability,
    'adaptive.initial_sampling_probability': adaptive.initial_sampling_probability,
    'adaptive.min_sampling_probability': adaptive.min_sampling_probability,
  };
  for (const [key, value] of Object.entries(shares)) {
    if (value < 0 || value > 1) throw new ConfigError(`ariane.sampling.${key}`, `expected 0 to 1, got ${value}`);
  }
  if (adaptive.target_samples_per_second <= 0) {
    const got = adaptive.target_samples_per_second;
    throw new ConfigError('ariane.sampling.adaptive.target_samples_per_second', `expected more than 0, got ${got}`);
  }
  if (adaptive.calculation_interval < 1000) {
    throw new ConfigError('ariane.sampling.adaptive.calculation_interval', 'expected at least 1s');
  }
}
