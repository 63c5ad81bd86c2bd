import { signal } from '@preact/signals';
import { useEffect } from 'preact/hooks';
import type { DemoState } from '../../src/show/api/types.ts';
import { range, setParams } from '../shell/router.ts';
import { ApiFailure, explain, getJson, postJson } from '../shell/api.ts';

/** What the demo does, undefined until known or where this server has none. */
export const demo = signal<DemoState | undefined>(undefined);
/** The command under way. */
export const demoBusy = signal<DemoCommand | undefined>(undefined);
export const demoProblem = signal<string | undefined>(undefined);

export type DemoCommand = 'start' | 'stop' | 'index' | 'remove';

export async function runDemo(command: DemoCommand): Promise<void> {
  if (command === 'start' || command === 'index') watchClosely();
  demoBusy.value = command;
  demoProblem.value = undefined;
  try {
    demo.value = await postJson<DemoState>(`/api/demo/${command}`);
    demoProblem.value = demo.value.problem ?? undefined;
  } catch (error) {
    if (!(error instanceof ApiFailure)) throw error;
    demoProblem.value = explain(error);
  } finally {
    demoBusy.value = undefined;
  }
}

/** Minutes show what a click changes; an hour hides it. */
function watchClosely(): void {
  if (range.value.kind !== 'last' || range.value.ms > watchedMs)
    setParams({ last: '5m', start: undefined, end: undefined });
}

const watchedMs = 15 * 60e3;

/** Keeps `demo` current while the component stands: every 3 s while it runs. */
export function useDemo(): void {
  const isRunning = demo.value?.running === true;
  useEffect(() => {
    const abort = new AbortController();
    const read = async () => {
      try {
        const state = await getJson<DemoState>('/api/demo', abort.signal);
        if (demoBusy.peek() === undefined) demo.value = state;
      } catch (error) {
        // Without an answer the page stands without its demo.
        if (!abort.signal.aborted && !(error instanceof ApiFailure)) throw error;
      }
    };
    void read();
    const timer = isRunning ? setInterval(() => void read(), 3000) : undefined;
    return () => {
      abort.abort();
      clearInterval(timer);
    };
  }, [isRunning]);
}
