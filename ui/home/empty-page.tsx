import { useEffect, useState } from 'preact/hooks';
import type { SearchAnswer } from '../../src/show/api/types.ts';
import { CopyButton } from '../parts/copy-button.tsx';
import { ApiFailure, getJson } from '../shell/api.ts';
import { stats } from '../shell/live.ts';
import { navigate, traceHref } from '../shell/router.ts';
import { words } from '../words/words.ts';
import { demo, demoBusy, demoProblem, runDemo } from './demo.ts';
import { endpointsOf, type QuickStart, quickStarts } from './quick-start.ts';

/** Nothing was ever received: the commands for each language. Turns into the first trace by itself. */
export function EmptyPage() {
  const { empty } = words();
  const endpoints = endpointsOf(stats.value?.ports ?? [], location.hostname);
  const starts = quickStarts(endpoints);
  const [id, setId] = useState<QuickStart['id']>('python');
  const chosen = starts.find((start) => start.id === id) ?? starts[0];
  const hasArrived = useFirstTrace();
  return (
    <div class="page empty-page">
      <header>
        <h1>
          <span class="waiting" aria-hidden="true" />
          {hasArrived ? empty.arrived : empty.title}
        </h1>
        <p>{empty.lead}</p>
      </header>
      <section class="quick-start">
        <div class="tabs" role="tablist" aria-label={empty.language}>
          {starts.map((start) => (
            <button
              key={start.id}
              type="button"
              role="tab"
              id={`tab-${start.id}`}
              aria-selected={start.id === id}
              aria-controls="quick-start"
              tabIndex={start.id === id ? 0 : -1}
              onClick={() => setId(start.id)}
              onKeyDown={(event) => {
                const step = event.key === 'ArrowRight' ? 1 : event.key === 'ArrowLeft' ? -1 : 0;
                const next = starts[(starts.findIndex((s) => s.id === id) + step + starts.length) % starts.length];
                if (step === 0 || next === undefined) return;
                setId(next.id);
                document.getElementById(`tab-${next.id}`)?.focus();
              }}
            >
              {start.label}
            </button>
          ))}
        </div>
        {chosen && (
          <div id="quick-start" role="tabpanel" aria-labelledby={`tab-${chosen.id}`} class="quick-start-panel">
            <div class="quick-start-head">
              <span class="quiet">{chosen.needs === '' ? empty.envOnly : empty.needs(chosen.needs)}</span>
              <CopyButton text={() => chosen.commands} />
            </div>
            <pre data-quick-start={chosen.id} tabIndex={0}>
              {chosen.commands}
            </pre>
          </div>
        )}
        <p class="quiet">{empty.listening(hostOf(endpoints.grpc), hostOf(endpoints.http))}</p>
      </section>
      <section class="demo-offer">
        <h2>{empty.demoTitle}</h2>
        <p>{empty.demoLead}</p>
        <button
          type="button"
          class="control primary"
          data-demo-start
          disabled={demoBusy.value !== undefined || demo.value?.running === true}
          onClick={() => void runDemo('start')}
        >
          {demoBusy.value === 'start' || demo.value?.running === true ? empty.demoStarting : empty.demoStart}
        </button>
        {demoProblem.value !== undefined && <p class="error">{demoProblem.value}</p>}
      </section>
    </div>
  );
}

function hostOf(url: string): string {
  return url.replace('http://', '');
}

/**
 * Goes to the first trace once something was received and it can be read: looks soon when something comes in, now and then when
 * something came before (what was stored then may be gone). The demo's traces stay here: home shows them better.
 */
function useFirstTrace(): boolean {
  const received = stats.value?.signals.traces.received ?? 0;
  const [before] = useState(received);
  const isNew = received > before;
  const isWatching = received > 0 && demo.value?.running !== true;
  useEffect(() => {
    if (!isWatching) return;
    const abort = new AbortController();
    const look = async () => {
      try {
        const found = await getJson<SearchAnswer>('/api/search?limit=1&order=newest', abort.signal);
        const first = found.traces[0];
        if (first) return navigate(traceHref(first.traceId));
      } catch (error) {
        if (abort.signal.aborted) return;
        if (!(error instanceof ApiFailure)) throw error;
      }
      setTimeout(() => !abort.signal.aborted && void look(), isNew ? soonMs : seldomMs);
    };
    void look();
    return () => abort.abort();
  }, [isWatching, isNew]);
  return isNew && isWatching;
}

const soonMs = 300;
const seldomMs = 3000;
