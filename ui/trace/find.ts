/** Find runs on the server, over attributes and events of all spans; the page gets the ids. */
import { useSignalEffect } from '@preact/signals';
import { ApiFailure, getJson } from '../shell/api.ts';
import type { TraceView } from './view.ts';

const typingMs = 150;

export function useFind(view: TraceView): void {
  useSignalEffect(() => {
    const text = view.address.value.value.find.trim();
    const { trace, index } = view.loaded.value;
    if (text === '') {
      view.matches.value = [];
      return;
    }
    const abort = new AbortController();
    const ask = async () => {
      try {
        const path = `/api/trace/${trace.traceId}/find?q=${encodeURIComponent(text)}`;
        const { span_ids } = await getJson<{ readonly span_ids: readonly string[] }>(path, abort.signal);
        const rows = span_ids.map((id) => index.rowOf(id)).filter((row) => row >= 0);
        view.matches.value = [...new Set(rows)].sort((a, b) => a - b);
      } catch (error) {
        if (!abort.signal.aborted && !(error instanceof ApiFailure)) throw error;
      }
    };
    const timer = setTimeout(() => void ask(), typingMs);
    return () => {
      clearTimeout(timer);
      abort.abort();
    };
  });
}
