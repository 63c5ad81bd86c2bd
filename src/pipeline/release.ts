/** Tells exporters what will not be replayed any more. */
import { describeError } from '../base/errors.ts';
import type { Log } from '../base/log.ts';
import type { Exporter, Lifecycle } from '../component/component.ts';
import { type Signal, signals } from '../model/batch.ts';
import { pipelinesCursor, type Spool } from '../spool/spool.ts';

export interface ReleaseTarget {
  readonly signal: Signal;
  readonly pipeline: string;
  readonly exporter: Exporter;
}

/** Its start tells where the cursors stand; its stop puts them on disk once more, while the exporters still listen. */
export function createReleases(
  spools: Readonly<Record<Signal, Spool>>,
  targets: readonly ReleaseTarget[],
  log: Log,
): Lifecycle {
  let isRunning = false;
  const telling = new Set<Promise<void>>();

  const tell = async ({ signal, pipeline, exporter }: ReleaseTarget, seq: number): Promise<void> => {
    try {
      await exporter.released?.(signal, pipeline, seq);
    } catch (error) {
      // It keeps more than it needs until the next time; nothing is lost.
      log.error('cannot tell an exporter what is done', { signal, pipeline, error: describeError(error) });
    }
  };
  const tellAll = (signal: Signal, seq: number) => {
    if (!isRunning) return;
    for (const target of targets) {
      if (target.signal !== signal) continue;
      const told = tell(target, seq);
      telling.add(told);
      void told.then(() => telling.delete(told));
    }
  };
  for (const signal of signals) {
    spools[signal].onSaved((cursor, seq) => {
      if (cursor === pipelinesCursor) tellAll(signal, seq);
    });
  }
  return {
    async start() {
      isRunning = true;
      for (const signal of signals) tellAll(signal, spools[signal].cursor(pipelinesCursor).seq);
      await Promise.all(telling);
    },
    async stop() {
      if (!isRunning) return;
      for (const signal of signals) await spools[signal].save();
      isRunning = false;
      await Promise.all(telling);
    },
  };
}
