/** The end of a pipeline: every exporter gets every batch. */
import { describeError } from '../base/errors.ts';
import type { Log } from '../base/log.ts';
import type { Consumer } from '../component/component.ts';
import { type Batch, countOf } from '../model/batch.ts';

export type CountDropped = (batch: Batch, where: string, reason: string) => void;

/**
 * Resolves when all have taken the batch or said that they never will; then the others are not held up. What one refuses
 * is counted and logged with its reason.
 */
export function fanOut(exporters: ReadonlyMap<string, Consumer>, log: Log, countDropped: CountDropped): Consumer {
  const guarded = [...exporters].map(([id, exporter]) => guard(id, exporter, log, countDropped));
  const [only] = guarded;
  if (only !== undefined && guarded.length === 1) return only;
  return {
    async consume(batch) {
      await Promise.all(guarded.map((exporter) => exporter.consume(batch)));
    },
  };
}

/** The same consumer, which never rejects. */
export function guard(id: string, consumer: Consumer, log: Log, countDropped: CountDropped): Consumer {
  return {
    async consume(batch) {
      try {
        await consumer.consume(batch);
      } catch (error) {
        countDropped(batch, id, 'rejected');
        log.error('dropped what can never be delivered', {
          component: id,
          pipeline: batch.pipeline,
          items: countOf(batch),
          from_seq: batch.parts[0]?.seq,
          to_seq: batch.parts.at(-1)?.seq,
          reason: describeError(error),
        });
      }
    },
  };
}
