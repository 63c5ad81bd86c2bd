/** Customers who never tire: each asks for a page, looks at it a while, and asks for the next. */
export interface Traffic {
  /** Answered so far. */
  readonly requests: number;
  stop(): Promise<void>;
}

const customersAtOnce = 2;
/** Every third page is a checkout. */
const pages = ['/products', '/checkout', '/products'] as const;
const leastPauseMs = 300;
const mostPauseMs = 900;

/** A few requests a second, and never more than `customersAtOnce` under way, however slow the shop is. */
export function startTraffic(shopUrl: string): Traffic {
  const end = new AbortController();
  let requests = 0;
  const customer = async (first: number) => {
    for (let i = first; !end.signal.aborted; i++) {
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
  const all = Promise.all(Array.from({ length: customersAtOnce }, (_, i) => customer(i)));
  return {
    get requests() {
      return requests;
    },
    async stop() {
      end.abort();
      await all;
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
