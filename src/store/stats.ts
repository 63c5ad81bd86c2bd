/** What `/api/stats` and the metrics say of the store, measured at most once a second. */
import type { Clock } from '../base/clock.ts';
import { Overloaded } from '../base/errors.ts';
import type { Database } from './database.ts';
import type { Retention, RetentionLimits } from './retention.ts';
import { createSpanTimes, type SpanTimes, type Usage } from './usage.ts';

export interface StoreStats extends SpanTimes {
  readonly state: Database['state'];
  /** Compressed bytes on disk of the traces' tables. */
  readonly bytes: number;
  readonly spans: number;
  readonly isFull: boolean;
  /** 0: none. */
  readonly limitBytes: number;
  /** 0: for ever. */
  readonly retentionDays: number;
}

export interface Stats {
  read(): Promise<StoreStats>;
  /** What was measured last, by `read` or by retention. */
  last(): StoreStats;
}

const maxAgeMs = 1_000;

export function createStats(options: {
  database: Database;
  retention: Retention;
  limits: RetentionLimits;
  clock: Clock;
}): Stats {
  const { database, retention, limits, clock } = options;
  const spanTimes = createSpanTimes(database);
  let times: SpanTimes = { oldestMs: null, newestMs: null };
  let usage: Usage = { bytes: 0, rows: 0, days: [] };
  let measuredMs = Number.NEGATIVE_INFINITY;
  let measuring: Promise<void> | undefined;

  async function measure(): Promise<void> {
    try {
      const now = await retention.measure();
      // Nothing new, nothing to look for.
      if (now.rows !== usage.rows || now.days.length !== usage.days.length) times = await spanTimes(now);
      usage = now;
      measuredMs = clock.nowMs();
    } catch (error) {
      // The engine is away or busy: the state says so, the figures are the last known.
      if (!(error instanceof Overloaded)) throw error;
    }
  }

  const last = (): StoreStats => ({
    state: database.state,
    bytes: retention.lastUsage().bytes,
    spans: retention.lastUsage().rows,
    ...times,
    isFull: retention.isFull(),
    limitBytes: limits.maxBytes,
    retentionDays: limits.days,
  });

  return {
    last,
    async read() {
      if (clock.nowMs() - measuredMs >= maxAgeMs) {
        measuring ??= measure().finally(() => {
          measuring = undefined;
        });
        await measuring;
      }
      return last();
    },
  };
}
