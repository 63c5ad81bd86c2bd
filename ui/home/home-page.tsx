import { useEffect, useState } from 'preact/hooks';
import type { Home, SearchAnswer } from '../../src/show/api/types.ts';
import { Failure } from '../parts/failure.tsx';
import { SkeletonRows } from '../parts/skeleton.tsx';
import { useAnswer } from '../shell/api.ts';
import { nowMs, stats } from '../shell/live.ts';
import { useLiveRange } from '../shell/live-range.ts';
import { rangeKey, rangeParams, rangeReaching } from '../shell/range.ts';
import { range, setParams } from '../shell/router.ts';
import { useTitle } from '../shell/title.ts';
import { format, language, words } from '../words/words.ts';
import './home.css';
import { useDemo } from './demo.ts';
import { DemoStrip } from './demo-strip.tsx';
import { EmptyPage } from './empty-page.tsx';
import { HomeTable } from './home-table.tsx';

/** "What is slow now?" Or, before anything was received, how to send. */
export function HomePage() {
  const { home, app } = words();
  useTitle(home.title);
  useDemo();
  const live = useLiveRange();
  const answer = useAnswer<Home>(
    `/api/home?start=${live.startUs}&end=${live.endUs}&lang=${language.value}`,
    undefined,
    `home ${rangeKey(range.value)}`,
  ).value;
  const wasEmpty = useWasEmpty();
  const hasRows = (answer.data?.rows.length ?? 0) > 0;
  const newest = useNewest(answer.data !== undefined && !hasRows);
  if (!hasRows && (isStoreEmpty() || newest === null)) return <EmptyPage />;
  return (
    <div class="page home-page">
      <header class="page-head">
        <h1>{home.title}</h1>
        {answer.data && answer.data.rows.length > 0 && (
          <p class="quiet">{answer.data.order === 'lost' ? home.byLost : home.byTotal}</p>
        )}
        {live.newSpans > 0 && (
          <button type="button" class="new-pill num" onClick={live.refresh}>
            {app.new(live.newSpans)}
          </button>
        )}
      </header>
      <DemoStrip />
      {answer.failure && <Failure failure={answer.failure} onRetry={live.refresh} />}
      {answer.data === undefined || stats.value === undefined ? (
        !answer.failure && <SkeletonRows count={12} label={app.loading} />
      ) : answer.data.rows.length === 0 ? (
        <NothingInRange isFirst={wasEmpty} newest={newest} />
      ) : (
        <HomeTable home={answer.data} hold={live.hold} />
      )}
      <Remarks />
    </div>
  );
}

/** Nothing was ever stored, or all of it is gone. */
function isStoreEmpty(): boolean {
  return stats.value !== undefined && stats.value.store.state === 'ready' && stats.value.store.newest_ms === null;
}

/** True for a moment after the first spans came: the endpoints follow within a second, and "nothing" would be wrong. */
function useWasEmpty(): boolean {
  const isEmpty = isStoreEmpty();
  const [wasEmpty, setWasEmpty] = useState(false);
  useEffect(() => {
    if (isEmpty) return setWasEmpty(true);
    const timer = setTimeout(() => setWasEmpty(false), 6000);
    return () => clearTimeout(timer);
  }, [isEmpty]);
  return wasEmpty;
}

/**
 * Epoch ms of the newest span that can be read, null when there is none; undefined until known. The store's own figures still
 * count what was just deleted, so a page without rows asks the search.
 */
function useNewest(isAsked: boolean): number | null | undefined {
  const { data } = useAnswer<SearchAnswer>(isAsked ? '/api/search?limit=1' : undefined).value;
  return data?.newestMs;
}

function NothingInRange(props: { readonly isFirst: boolean; readonly newest: number | null | undefined }) {
  const { home, app } = words();
  const { newest } = props;
  if (props.isFirst || newest === undefined) return <SkeletonRows count={6} label={app.loading} />;
  return (
    <div class="notice">
      <h2>{home.nothingInRange}</h2>
      {newest !== null && (
        <p>
          {home.newest(format().ago(newest, nowMs.value))}{' '}
          <button
            type="button"
            class="text-button"
            onClick={() => setParams(rangeParams(rangeReaching(Date.now() - newest)))}
          >
            {home.showIt}
          </button>
        </p>
      )}
    </div>
  );
}

/** Quiet lines under the table: what is received and not shown. */
function Remarks() {
  const { home } = words();
  const signals = stats.value?.signals;
  if (signals === undefined) return null;
  const letGo = [
    signals.metrics.not_stored > 0 && home.metrics(signals.metrics.not_stored),
    signals.logs.not_stored > 0 && home.logs(signals.logs.not_stored),
  ].filter((text) => text !== false);
  const quarantined = signals.traces.quarantined;
  return (
    <footer class="remarks quiet">
      {letGo.length > 0 && <p data-not-stored>{home.notStored(letGo.join(home.and))}</p>}
      {quarantined > 0 && <p>{home.quarantined(quarantined)}</p>}
    </footer>
  );
}
