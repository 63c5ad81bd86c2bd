/**
 * The page asks for a trace's skeleton and for its verdict at the same moment, and both begin with reading all its spans: for
 * a large trace that is most of their cost, so it is read once.
 */
import type { Clock } from '../base/clock.ts';
import type { Trace } from '../model/trace.ts';

export type ReadSkeleton = (traceId: string, signal: AbortSignal) => Promise<Trace | undefined>;

interface Reading {
  readonly trace: Promise<Trace | undefined>;
  readonly ended: AbortController;
  askers: number;
}

/** The same as `read`, where whoever asks for one trace within `keptMs` of another gets that one's answer. The read ends when all have left. */
export function shareSkeletons(read: ReadSkeleton, clock: Clock, keptMs = 1_000): ReadSkeleton {
  const readings = new Map<string, Reading>();

  const begin = (traceId: string): Reading => {
    const ended = new AbortController();
    const trace = read(traceId, ended.signal);
    const reading: Reading = { trace, ended, askers: 0 };
    readings.set(traceId, reading);
    const forget = () => {
      if (readings.get(traceId) === reading) readings.delete(traceId);
    };
    trace.then((found) => (found === undefined ? forget() : clock.after(keptMs, forget)), forget);
    return reading;
  };

  return async (traceId, signal) => {
    signal.throwIfAborted();
    const reading = readings.get(traceId) ?? begin(traceId);
    reading.askers++;
    let leave = () => {};
    const left = new Promise<never>((_, reject) => {
      leave = () => reject(signal.reason instanceof Error ? signal.reason : new Error('aborted'));
    });
    signal.addEventListener('abort', leave, { once: true });
    try {
      return await Promise.race([reading.trace, left]);
    } finally {
      signal.removeEventListener('abort', leave);
      reading.askers--;
      if (reading.askers === 0 && signal.aborted) {
        if (readings.get(traceId) === reading) readings.delete(traceId);
        reading.ended.abort(signal.reason);
      }
    }
  };
}
