/** `GET /api/live`: the figures of `/api/stats` as server-sent events (https://html.spec.whatwg.org/multipage/server-sent-events.html). */
import type { Clock } from '../../base/clock.ts';
import type { HttpReply, HttpRequest } from '../../base/listener.ts';
import type { Stats } from './types.ts';

const everyMs = 1_000;
/** Proxies close connections that are silent for longer. */
const silentTicks = 15;

/** One reading a second serves every page that listens. */
export function liveStats(clock: Clock, read: () => Promise<Stats>): (request: HttpRequest) => HttpReply {
  let last: { atMs: number; stats: Promise<Stats> } | undefined;
  const current = (): Promise<Stats> => {
    if (last === undefined || clock.nowMs() - last.atMs >= everyMs * 0.9) {
      last = { atMs: clock.nowMs(), stats: read() };
    }
    return last.stats;
  };
  return ({ closed }) => ({
    status: 200,
    headers: { 'content-type': 'text/event-stream', 'cache-control': 'no-store', 'x-accel-buffering': 'no' },
    body: events(clock, current, closed),
  });
}

async function* events(clock: Clock, read: () => Promise<Stats>, closed: AbortSignal): AsyncGenerator<string> {
  let told = '';
  let silent = 0;
  yield ': open\n\n';
  while (!closed.aborted) {
    const stats = await readOrNothing(read);
    const figures = stats === undefined ? told : JSON.stringify({ ...stats, uptime_s: 0 });
    if (figures !== told) {
      told = figures;
      silent = 0;
      yield `event: stats\ndata: ${JSON.stringify(stats)}\n\n`;
    } else if (++silent % silentTicks === 0) yield ': still here\n\n';
    await pause(clock, closed);
  }
}

/** While the store restarts there is nothing to tell; the page keeps what it has. */
async function readOrNothing(read: () => Promise<Stats>): Promise<Stats | undefined> {
  try {
    return await read();
  } catch {
    return undefined;
  }
}

function pause(clock: Clock, closed: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const wake = () => {
      cancel();
      closed.removeEventListener('abort', wake);
      resolve();
    };
    const cancel = clock.after(everyMs, wake);
    closed.addEventListener('abort', wake);
    if (closed.aborted) wake();
  });
}
