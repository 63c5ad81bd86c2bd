/** Sessions of one purpose and the requests that wait for one of them, first come first served. */
import { EngineError, engineCode } from './engine-error.ts';
import type { EngineSession } from './session.ts';

export interface Lane {
  /**
   * Runs `work` on a session that nobody else uses meanwhile. When `signal` aborts, a waiting request leaves the queue
   * and a running query is killed. Refuses with TOO_MANY_SIMULTANEOUS_QUERIES when too many wait already.
   */
  use<T>(signal: AbortSignal, work: (session: EngineSession) => Promise<T>): Promise<T>;
  readonly running: number;
  readonly waiting: number;
}

/** `kill` ends what runs on the session; it is asked again until the query is over, because it may come before the query begins. */
export function createLane(
  sessions: readonly EngineSession[],
  maxWaiting: number,
  kill: (session: EngineSession) => Promise<void>,
): Lane {
  const free = [...sessions];
  const waiters: { give: (session: EngineSession) => void }[] = [];

  function acquire(signal: AbortSignal): Promise<EngineSession> {
    signal.throwIfAborted();
    const session = free.shift();
    if (session !== undefined) return Promise.resolve(session);
    if (waiters.length >= maxWaiting)
      throw new EngineError(engineCode.tooManyQueries, `Too many queries wait already: ${waiters.length}.`);
    return new Promise((resolve, reject) => {
      const waiter = {
        give(session: EngineSession) {
          signal.removeEventListener('abort', leave);
          resolve(session);
        },
      };
      function leave() {
        waiters.splice(waiters.indexOf(waiter), 1);
        reject(new EngineError(engineCode.queryWasCancelled, 'The client left before its query began.'));
      }
      signal.addEventListener('abort', leave, { once: true });
      waiters.push(waiter);
    });
  }

  function release(session: EngineSession): void {
    const next = waiters.shift();
    if (next === undefined) free.push(session);
    else next.give(session);
  }

  async function killUntilDone(session: EngineSession, isDone: () => boolean): Promise<void> {
    while (!isDone()) {
      await kill(session).catch(() => {});
      if (!isDone()) await new Promise((resolve) => setTimeout(resolve, 20));
    }
  }

  return {
    get running() {
      return sessions.length - free.length;
    },
    get waiting() {
      return waiters.length;
    },
    async use(signal, work) {
      const session = await acquire(signal);
      let isDone = false;
      let killed: Promise<void> | undefined;
      const onAbort = () => {
        killed = killUntilDone(session, () => isDone);
      };
      signal.addEventListener('abort', onAbort, { once: true });
      if (signal.aborted) onAbort();
      try {
        return await work(session);
      } finally {
        isDone = true;
        signal.removeEventListener('abort', onAbort);
        // A kill under way must not hit the next query of this session.
        await killed;
        release(session);
      }
    },
  };
}
