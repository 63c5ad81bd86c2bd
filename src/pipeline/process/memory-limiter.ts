/**
 * Stops reading the spool while this process uses too much memory. Keys as in the Collector
 * (https://github.com/open-telemetry/opentelemetry-collector/tree/main/processor/memorylimiterprocessor); unlike there
 * nobody is refused: what waits is on disk, and only the spool's size limit refuses senders.
 */
import { totalmem } from 'node:os';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import type { Clock } from '../../base/clock.ts';
import { ConfigError } from '../../base/errors.ts';
import { boolean, count, durationMs, object } from '../../base/schema.ts';
import { processor } from '../../component/component.ts';

export const memoryLimiter = processor({
  type: 'memory_limiter',
  config: object({
    check_interval: durationMs('1s'),
    /** Hard limit of this process's heap and buffers, in MiB. 0: `limit_percentage` counts. */
    limit_mib: count(0),
    /** The soft limit lies this far below the hard one. 0: a fifth of it. */
    spike_limit_mib: count(0),
    /** Hard limit as a share of the machine's or container's memory. */
    limit_percentage: count(0),
    spike_limit_percentage: count(0),
    min_gc_interval_when_soft_limited: durationMs('10s'),
    min_gc_interval_when_hard_limited: durationMs('0s'),
    /** Where memory is looked at. Accepted for compatibility: it is always this process. */
    use_system_memory: boolean(false),
  }),
  create(config, context, next) {
    const limits = readLimits(config, `processors.${context.id}`);
    const gate = createMemoryGate({
      ...limits,
      checkMs: Math.max(config.check_interval, 10),
      softCollectMs: config.min_gc_interval_when_soft_limited,
      hardCollectMs: config.min_gc_interval_when_hard_limited,
      clock: context.clock,
      usedBytes: memoryInUse,
      collect: createCollect(),
      onChange: (isAbove, usedBytes) => {
        const fields = {
          used_mib: Math.round(usedBytes / 2 ** 20),
          soft_limit_mib: Math.round(limits.softBytes / 2 ** 20),
        };
        if (isAbove) context.log.warn('memory limit reached: waiting before reading on', fields);
        else context.log.info('memory is below the limit again: reading on', fields);
      },
    });
    return {
      ready: () => gate.wait(),
      consume: (batch) => next.consume(batch),
      stop: async () => gate.close(),
    };
  },
});

interface GateOptions {
  readonly softBytes: number;
  readonly hardBytes: number;
  readonly checkMs: number;
  readonly softCollectMs: number;
  readonly hardCollectMs: number;
  readonly clock: Clock;
  usedBytes(): number;
  /** Runs the garbage collector: without it, what is used and what is only not collected yet look the same. */
  collect(): void;
  onChange(isAbove: boolean, usedBytes: number): void;
}

/** Exported for its test. `wait` gives a promise while memory is above the soft limit. */
export function createMemoryGate(options: GateOptions): { wait(): Promise<void> | undefined; close(): void } {
  const { clock, softBytes, hardBytes } = options;
  let checkedMs = Number.NEGATIVE_INFINITY;
  let collectedMs = Number.NEGATIVE_INFINITY;
  let waiting: { promise: Promise<void>; open: () => void } | undefined;
  let isClosed = false;

  const isAbove = (): boolean => {
    let used = options.usedBytes();
    if (used <= softBytes) return false;
    const collectMs = used > hardBytes ? options.hardCollectMs : options.softCollectMs;
    if (clock.nowMs() - collectedMs >= collectMs) {
      options.collect();
      collectedMs = clock.nowMs();
      used = options.usedBytes();
    }
    return used > softBytes;
  };

  const check = (): void => {
    checkedMs = clock.nowMs();
    const above = !isClosed && isAbove();
    if (above) clock.after(options.checkMs, check);
    if (above === (waiting !== undefined)) return;
    options.onChange(above, options.usedBytes());
    if (above) waiting = createLatch();
    else {
      waiting?.open();
      waiting = undefined;
    }
  };

  return {
    wait() {
      if (!isClosed && waiting === undefined && clock.nowMs() - checkedMs >= options.checkMs) check();
      return waiting?.promise;
    },
    close() {
      isClosed = true;
      waiting?.open();
      waiting = undefined;
    },
  };
}

function createLatch(): { promise: Promise<void>; open: () => void } {
  let open = () => {};
  const promise = new Promise<void>((resolve) => {
    open = resolve;
  });
  return { promise, open };
}

function readLimits(
  config: { limit_mib: number; spike_limit_mib: number; limit_percentage: number; spike_limit_percentage: number },
  path: string,
): { softBytes: number; hardBytes: number } {
  const machineBytes = process.constrainedMemory() || totalmem();
  const share = (percent: number) => (Math.min(machineBytes, totalmem()) * percent) / 100;
  const hardBytes = config.limit_mib > 0 ? config.limit_mib * 2 ** 20 : share(config.limit_percentage);
  const spikeBytes = config.limit_mib > 0 ? config.spike_limit_mib * 2 ** 20 : share(config.spike_limit_percentage);
  if (hardBytes === 0) throw new ConfigError(path, 'expected limit_mib or limit_percentage');
  if (spikeBytes >= hardBytes) throw new ConfigError(path, 'expected the spike limit to be smaller than the limit');
  return { hardBytes, softBytes: hardBytes - (spikeBytes || hardBytes / 5) };
}

// Resident memory would not do: the allocator gives it back late or never, and reading would not go on.
function memoryInUse(): number {
  const { heapUsed, external } = process.memoryUsage();
  return heapUsed + external;
}

function createCollect(): () => void {
  let collect: (() => void) | undefined;
  return () => {
    if (collect === undefined) {
      setFlagsFromString('--expose-gc');
      const gc: unknown = runInNewContext('gc');
      collect = typeof gc === 'function' ? () => void gc() : () => {};
    }
    collect();
  };
}
