import { words } from '../words/words.ts';
import { pending } from './api.ts';
import { isOnline, nowMs, stats } from './live.ts';

// Sooner than this an answer needs no progress.
const showAfterS = 0.3;
const explainAfterS = 4;

/** One line on top of the page: what is under way when it takes longer than an eye's blink, and what is wrong with the server. */
export function Progress() {
  // `nowMs` ticks: the age of a question is looked at again every second.
  void nowMs.value;
  const oldest = Math.min(...pending.value.map((question) => question.sinceMs));
  const ageS = Number.isFinite(oldest) ? (performance.now() - oldest) / 1000 : 0;
  const sentence = trouble() ?? (ageS >= explainAfterS ? words().app.stillWorking(Math.floor(ageS)) : undefined);
  return (
    <div class="progress" role="status">
      {pending.value.length > 0 && <div class="progress-bar" style={{ animationDelay: `${showAfterS}s` }} />}
      {sentence !== undefined && <p class="progress-text">{sentence}</p>}
    </div>
  );
}

function trouble(): string | undefined {
  const { errors } = words();
  if (!isOnline.value) return errors.offline;
  switch (stats.value?.store.state) {
    case 'starting':
      return errors.storeStarting;
    case 'restarting':
      return errors.storeRestarting(stats.value.signals.traces.spooled);
    case 'failed':
      return errors.storeFailed;
    case 'ready':
    case undefined:
      return undefined;
  }
}
