/** A customer who never tires: asks for a page, looks at it a while, and asks for the next. */
export interface Traffic {
  /** Answered so far. */
  readonly requests: number;
  stop(): Promise<void>;
}

/** Every third page is a checkout. */
const pages = ['/checkout', '/products', '/products'] as const;
const leastPauseMs = 150;
const mostPauseMs = 450;

/**
 * Two or three requests a second, never two at once, however slow the shop is: the database answers one at a time, and who
 * waits for another's query would blame the wrong one.
 */
export function startTraffic(shopUrl: string): Traffic {
  const end = new AbortController();
  let requests = 0;
  const customer = async () => {
    for (let i = 0; !end.signal.aborted; i++) {
      try {
        const reply = await fetch(shopUrl + (pages[i % pages.length] ?? '/'), { signal: end.signal });
        await reply.arrayBuffer();
        requests += 1;
      } catch {
        // Stopped, or a page that failed: its span says so, and the next one may do.
      }
      await pause(leastPauseMs + Math.random() * (mostPauseMs - leastPauseMs), end.signal);
    }
  };
  const walking = customer();
  return {
    get requests() {
      return requests;
    },
    async stop() {
      end.abort();
      await walking;
    },
  };
}

function pause(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((wake) => {
    if (signal.aborted) return wake();
    const done = () => {
      clearTimeout(timer);
      signal.removeEventListener('abort', done);
      wake();
    };
    const timer = setTimeout(done, ms);
    signal.addEventListener('abort', done);
  });
}
