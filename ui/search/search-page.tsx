import { useSignal } from '@preact/signals';
import { useMemo } from 'preact/hooks';
import type { SearchAnswer, TraceSummary } from '../../src/show/api/types.ts';
import { Failure } from '../parts/failure.tsx';
import { Icon } from '../parts/icons.tsx';
import { Popover } from '../parts/popover.tsx';
import { Segmented } from '../parts/segmented.tsx';
import { SkeletonRows } from '../parts/skeleton.tsx';
import { type Answer, useAnswer } from '../shell/api.ts';
import { useLiveRange } from '../shell/live-range.ts';
import { rangeKey } from '../shell/range.ts';
import { params, range, setParams } from '../shell/router.ts';
import { useTitle } from '../shell/title.ts';
import { words } from '../words/words.ts';
import './search.css';
import { chosenColumns, columns, isAlways, toggleColumn } from './columns.ts';
import { FoundTable } from './found-table.tsx';
import { NoTrace } from './no-trace.tsx';
import { chipsOf, paramsOf } from './query.ts';
import { Scatter } from './scatter.tsx';

const defaultLimit = 200;
const mostLimit = 1500;

/** What the address asks for: a plot of time × duration, and the same traces as a table. */
export function SearchPage() {
  const { search, app } = words();
  const chips = chipsOf(params.value);
  useTitle(chips.length === 0 ? search.title : chips.map((chip) => chip.text).join(' '));
  const live = useLiveRange();
  const hovered = useSignal<string | undefined>(undefined);
  const order = params.value.get('order') === 'slowest' ? 'slowest' : 'newest';
  const limit = Math.min(mostLimit, Math.max(1, Number(params.value.get('limit')) || defaultLimit));
  const path = searchPath({ ...live, order, limit });
  const answer = useAnswer<SearchAnswer>(path, undefined, `search ${params.value} ${rangeKey(range.value)}`).value;
  const traces = useLeaders(answer, path);
  return (
    <div class={`page search-page${answer.isLoading ? ' is-loading' : ''}`}>
      <header class="page-head">
        <h1 class="num">
          {traces.length > 0 && answer.data ? search.found(traces.length, answer.data.more) : search.title}
        </h1>
        {answer.data?.more === true && limit < mostLimit && (
          <button
            type="button"
            class="text-button"
            onClick={() => setParams({ limit: String(mostLimit) }, { replace: true })}
          >
            {search.showMore}
          </button>
        )}
        {traces.length > 0 && <p class="quiet only-wide">{search.plotHelp}</p>}
        {live.newSpans > 0 && (
          <button type="button" class="new-pill num" onClick={live.refresh}>
            {app.new(live.newSpans)}
          </button>
        )}
        <div class="search-tools">
          <Segmented
            label={search.order}
            value={order}
            choices={[
              { id: 'newest', label: search.newest },
              { id: 'slowest', label: search.slowest },
            ]}
            onChoose={(id) => setParams({ order: id === 'newest' ? undefined : id })}
          />
          <ColumnChooser />
        </div>
      </header>
      {answer.failure && <Failure failure={answer.failure} onRetry={live.refresh} />}
      {answer.data && traces.length === 0 ? (
        <NoTrace answer={answer.data} chips={chips} />
      ) : (
        <>
          <Scatter
            traces={traces}
            startMs={live.startUs / 1000}
            endMs={live.endUs / 1000}
            hovered={hovered.value}
            onHover={(id) => {
              hovered.value = id;
            }}
          />
          {answer.data === undefined ? (
            !answer.failure && <SkeletonRows count={16} label={app.loading} />
          ) : (
            <FoundTable traces={traces} hovered={hovered} hold={live.hold} />
          )}
        </>
      )}
    </div>
  );
}

/**
 * The traces of an answer, with the leaders of their critical paths once these are known. They cost the server more than the
 * search itself, so they are asked for second, and only when somebody looks at that column.
 */
function useLeaders(answer: Answer<SearchAnswer>, path: string): readonly TraceSummary[] {
  const found = answer.data?.traces ?? none;
  const isWanted = chosenColumns.value.includes('leader') && found.length > 0 && answer.of === path;
  const { data } = useAnswer<SearchAnswer>(
    isWanted ? `${path}&leaders=true` : undefined,
    undefined,
    `leaders ${params.value} ${rangeKey(range.value)}`,
  ).value;
  return useMemo(() => {
    if (data === undefined) return found;
    const leaders = new Map(data.traces.map((trace) => [trace.traceId, trace.leader]));
    return found.map((trace) => ({ ...trace, leader: trace.leader ?? leaders.get(trace.traceId) ?? null }));
  }, [found, data]);
}

const none: readonly TraceSummary[] = [];

function searchPath(of: {
  readonly startUs: number;
  readonly endUs: number;
  readonly order: string;
  readonly limit: number;
}): string {
  const query = new URLSearchParams();
  for (const [key, value] of Object.entries(paramsOf(chipsOf(params.value)))) {
    for (const one of typeof value === 'string' ? [value] : (value ?? [])) query.append(key, one);
  }
  query.set('startUs', String(of.startUs));
  query.set('endUs', String(of.endUs));
  query.set('order', of.order);
  query.set('limit', String(of.limit));
  return `/api/search?${query}`;
}

function ColumnChooser() {
  const { search } = words();
  return (
    <Popover label={search.columns} align="right" class="column-chooser" button={<Icon name="columns" />}>
      {() =>
        columns.map((column) => (
          <button
            key={column}
            type="button"
            class="menu-item"
            role="menuitemcheckbox"
            aria-checked={chosenColumns.value.includes(column)}
            disabled={isAlways(column)}
            onClick={() => toggleColumn(column)}
          >
            <span class="menu-check">{chosenColumns.value.includes(column) && <Icon name="check" />}</span>
            {search.column[column]}
          </button>
        ))
      }
    </Popover>
  );
}
