/** Where receivers hand requests in: into the spool of the signal, in the receiver's name. */
import type { Clock } from '../base/clock.ts';
import { Overloaded } from '../base/errors.ts';
import type { Metrics } from '../base/metrics.ts';
import type { Intake } from '../component/component.ts';
import type { PipelineConfig } from '../config/config.ts';
import { type Signal, signals } from '../model/batch.ts';
import type { Spool } from '../spool/spool.ts';

interface IntakeCounts {
  received: number;
  refused: number;
  /** Acknowledged and let go, because no pipeline takes this signal from this receiver. */
  unrouted: number;
}

export interface Intakes {
  of(receiver: string): Intake;
  counts(signal: Signal): Readonly<IntakeCounts>;
}

export function createIntakes(options: {
  readonly pipelines: readonly PipelineConfig[];
  readonly spools: Readonly<Record<Signal, Spool>>;
  readonly metrics: Metrics;
  readonly clock: Clock;
}): Intakes {
  const { pipelines, spools, metrics, clock } = options;
  const zero = (): IntakeCounts => ({ received: 0, refused: 0, unrouted: 0 });
  const counts = { traces: zero(), metrics: zero(), logs: zero() };
  const intakes = new Map<string, Intake>();

  const door = (receiver: string, signal: Signal) => {
    const labels = { signal, receiver };
    const received = metrics.counter('received_total', 'Items acknowledged.').with(labels);
    const refused = metrics.counter('refused_total', 'Items that senders were told to send again later.');
    const unrouted = metrics.counter('unrouted_total', 'Items acknowledged that no pipeline takes.').with(labels);
    const hasPipeline = pipelines.some((p) => p.signal === signal && p.receivers.includes(receiver));
    const count = counts[signal];
    const spool = spools[signal];
    return async (bytes: Uint8Array, items: number): Promise<void> => {
      if (items === 0) return;
      if (hasPipeline) {
        try {
          await spool.append({ receiver, receivedMs: clock.nowMs(), count: items, bytes });
        } catch (error) {
          count.refused += items;
          refused.add(items, { ...labels, reason: error instanceof Overloaded ? error.reason : 'error' });
          throw error;
        }
      } else {
        count.unrouted += items;
        unrouted.add(items);
      }
      count.received += items;
      received.add(items);
    };
  };

  return {
    of(receiver) {
      let intake = intakes.get(receiver);
      if (intake === undefined) {
        const doors = {
          traces: door(receiver, 'traces'),
          metrics: door(receiver, 'metrics'),
          logs: door(receiver, 'logs'),
        };
        intake = { accept: (signal, { bytes, count }) => doors[signal](bytes, count) };
        intakes.set(receiver, intake);
      }
      return intake;
    },
    counts: (signal) => counts[signal],
  };
}

/** Gauges of what lies in the spools. */
export function registerSpoolGauges(spools: Readonly<Record<Signal, Spool>>, metrics: Metrics): void {
  const each = (read: (spool: Spool) => number) => () =>
    signals.map((signal) => ({ labels: { signal }, value: read(spools[signal]) }));
  metrics.gauge(
    'spooled_items',
    'Items acknowledged and not taken by every exporter.',
    each((s) => s.spooledCount),
  );
  metrics.gauge(
    'spool_bytes',
    'Size of the spool on disk.',
    each((s) => s.spooledBytes),
  );
  metrics.gauge(
    'spool_lost_items',
    'Items acknowledged that could not be read back.',
    each((s) => s.lost.items),
  );
  metrics.gauge(
    'spool_cut_bytes',
    'Bytes cut from the end of the spool when it was opened.',
    each((s) => s.lostBytes),
  );
}
