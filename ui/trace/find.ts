/** Find runs on the server, over attributes and events of all spans; the page gets the ids. */
import { useSignalEffect } from '@preact/signals';
import { ApiFailure, getJson } from '../shell/api.ts';
import type { Actions } from './actions.ts';
import type { TraceView } from './view.ts';

const typingMs = 150;

export function useFind(view: TraceView, actions: Actions): void {
  useSignalEffect(() => {
    const text = view.address.value.value.find.trim();
    const { trace, index } = view.loaded.value;
    if (text === '') {
      if (view.found.peek().text !== '') view.found.value = { text: '', rows: [] };
      return;
    }
    const abort = new AbortController();
    const ask = async () => {
      try {
        const path = `/api/trace/${trace.traceId}/find?q=${encodeURIComponent(text)}`;
        const { span_ids } = await getJson<{ readonly span_ids: readonly string[] }>(path, abort.signal);
        const rows = span_ids.map((id) => index.rowOf(id)).filter((row) => row >= 0);
        view.found.value = { text, rows: [...new Set(rows)].sort((a, b) => a - b) };
        const wanted = view.wantsMatch.current;
        view.wantsMatch.current = undefined;
        if (wanted !== undefined && rows.length > 0) actions.run(wanted > 0 ? 'next-match' : 'previous-match');
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
