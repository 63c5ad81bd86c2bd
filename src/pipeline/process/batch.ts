/**
 * Joins small batches into larger ones, so that exporters make fewer requests. Parts stay as they are: nothing is decoded.
 * Keys as in the Collector (https://github.com/open-telemetry/opentelemetry-collector/tree/main/processor/batchprocessor).
 */
import type { Cancel } from '../../base/clock.ts';
import { ConfigError } from '../../base/errors.ts';
import { count, durationMs, list, object, string } from '../../base/schema.ts';
import { type Consumer, processor } from '../../component/component.ts';
import type { Batch, Part } from '../../model/batch.ts';

/** A batch that is being filled, and the promise that it will be taken. */
interface Filling {
  readonly signal: Batch['signal'];
  readonly pipeline: string;
  readonly parts: Part[];
  count: number;
  readonly taken: Promise<void>;
  readonly send: () => void;
}

export const batch = processor({
  type: 'batch',
  config: object({
    /** A batch goes at the latest this long after its first part; 0 sends each at once. */
    timeout: durationMs('200ms'),
    /** A batch goes when it holds this many spans, data points or log records; 0: only `timeout` counts. */
    send_batch_size: count(8192),
    /** A batch holds no more than this, unless a single request does: requests are not split. 0: no limit. */
    send_batch_max_size: count(0),
    /** Accepted for compatibility: the spool does not keep the senders' headers, so all share one batch. */
    metadata_keys: list(string()),
    metadata_cardinality_limit: count(1000),
  }),
  create(config, context, next) {
    const { timeout, send_batch_size: size, send_batch_max_size: maxSize } = config;
    if (maxSize > 0 && maxSize < size) {
      throw new ConfigError(
        `processors.${context.id}.send_batch_max_size`,
        `expected at least send_batch_size (${size}), got ${maxSize}`,
      );
    }
    let filling: Filling | undefined;
    let cancel: Cancel | undefined;
    const open = new Set<Promise<void>>();

    const flush = () => {
      cancel?.();
      cancel = undefined;
      filling?.send();
      filling = undefined;
    };

    const add = (batch: Batch, part: Part): Promise<void> => {
      if (filling && maxSize > 0 && filling.count + part.count > maxSize) flush();
      if (!filling) {
        filling = startFilling(batch, next);
        if (timeout > 0) cancel = context.clock.after(timeout, flush);
      }
      filling.parts.push(part);
      filling.count += part.count;
      const { taken } = filling;
      if (size > 0 && filling.count >= size) flush();
      return taken;
    };

    return {
      async consume(batch) {
        const taken = new Set(batch.parts.map((part) => add(batch, part)));
        if (timeout === 0) flush();
        for (const promise of taken) {
          open.add(promise);
          const forget = () => void open.delete(promise);
          promise.then(forget, forget);
        }
        await Promise.all(taken);
      },
      async stop() {
        flush();
        await Promise.allSettled(open);
      },
    };
  },
});

function startFilling({ signal, pipeline }: Batch, next: Consumer): Filling {
  const parts: Part[] = [];
  let send = () => {};
  const sent = new Promise<void>((resolve) => {
    send = resolve;
  });
  const taken = sent.then(() => next.consume({ signal, pipeline, parts }));
  return { signal, pipeline, parts, count: 0, taken, send };
}
