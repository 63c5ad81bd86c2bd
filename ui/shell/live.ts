/** What the server says by itself: `/api/live` sends its `Stats` every second while something changes. */
import { signal } from '@preact/signals';
import type { Stats } from '../../src/show/api/types.ts';
import { ApiFailure, getJson } from './api.ts';

/** The newest figures of the server, undefined until the first answer. */
export const stats = signal<Stats | undefined>(undefined);
/** When they came, epoch ms: the server says nothing while nothing changes. */
export const statsAtMs = signal(Date.now());
/** False while the server does not answer. */
export const isOnline = signal(true);
/** Now, in epoch ms: moves every second while the page is looked at. For "3 s ago". */
export const nowMs = signal(Date.now());

/** Begins to listen. Called once, by `main.tsx`. */
export function startLive(): void {
  setInterval(() => {
    if (document.visibilityState === 'visible') nowMs.value = Date.now();
  }, 1000);
  void readOnce();
  listen();
}

function listen(): void {
  const events = new EventSource('/api/live');
  events.addEventListener('open', () => {
    isOnline.value = true;
  });
  events.addEventListener('stats', (event) => {
    isOnline.value = true;
    // The server's own JSON, typed by the contract.
    take(JSON.parse(event.data as string) as Stats);
  });
  events.addEventListener('error', () => {
    // The browser tries again by itself, except after an answer that is no event stream.
    if (events.readyState === EventSource.CLOSED) setTimeout(listen, 2000);
    else isOnline.value = false;
  });
}

async function readOnce(): Promise<void> {
  try {
    take(await getJson<Stats>('/api/stats'));
  } catch (error) {
    if (!(error instanceof ApiFailure)) throw error;
    isOnline.value = error.status !== 0;
  }
}

function take(newest: Stats): void {
  stats.value = newest;
  statsAtMs.value = Date.now();
}
