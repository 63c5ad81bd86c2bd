import type { Signal } from '@preact/signals';
import { useRef } from 'preact/hooks';
import type { TraceSummary } from '../../src/show/api/types.ts';
import { copyText } from '../parts/copy-button.tsx';
import { moveFocus } from '../parts/move-focus.ts';
import { ServiceCounts, ServiceDot } from '../parts/service.tsx';
import { useMedia, useWidth } from '../parts/use-size.ts';
import { Windowed } from '../parts/windowed.tsx';
import { useKeys } from '../shell/keys.ts';
import { nowMs } from '../shell/live.ts';
import type { LiveRange } from '../shell/live-range.ts';
import { traceHref } from '../shell/router.ts';
import { format, words } from '../words/words.ts';
import { type Column, chosenColumns, columnsThatFit } from './columns.ts';
import { startMsOf } from './scatter.tsx';

/** The traces found, a row each. On a phone a row has two lines. */
export function FoundTable(props: {
  readonly traces: readonly TraceSummary[];
  readonly hovered: Signal<string | undefined>;
  readonly hold: LiveRange['hold'];
}) {
  const { search } = words();
  const table = useRef<HTMLDivElement>(null);
  const width = useWidth(table);
  const isPhone = useMedia('(max-width: 620px)');
  const tableWidth = width === 0 ? window.innerWidth : width;
  const { shown, template } = columnsThatFit(chosenColumns.value, tableWidth);
  const fullBar = fullBarNs(props.traces);
  const focused = () => {
    const id = document.activeElement?.closest<HTMLElement>('[data-trace-id]')?.dataset['traceId'];
    return props.traces.find((trace) => trace.traceId === id);
  };
  useKeys(search.title, [
    { keys: 'j', label: search.keys.next, run: () => moveFocus(table.current, '.row-link', 1) },
    { keys: 'k', label: search.keys.previous, run: () => moveFocus(table.current, '.row-link', -1) },
    { keys: 'Enter', label: search.keys.open, run: () => moveFocus(table.current, '.row-link', 1) },
    {
      keys: 'y',
      label: search.keys.copy,
      run: () => {
        const trace = focused();
        if (trace) void copyText(trace.traceId);
      },
    },
  ]);
  return (
    <div
      class={`found-table${isPhone ? ' phone' : ''}`}
      role="table"
      aria-label={search.tableLabel}
      aria-rowcount={props.traces.length}
      ref={table}
      style={{ '--columns': template }}
      {...props.hold}
    >
      {!isPhone && (
        <div class="found-row head" role="row">
          {shown.map((column) => (
            <span key={column} role="columnheader" class={`c-${column}`}>
              {search.column[column]}
            </span>
          ))}
        </div>
      )}
      <Windowed
        count={props.traces.length}
        rowHeight={isPhone ? 46 : 26}
        row={(i) => {
          const trace = props.traces[i];
          if (trace === undefined) return null;
          return (
            <div
              key={trace.traceId}
              class={`found-row${props.hovered.value === trace.traceId ? ' hovered' : ''}`}
              role="row"
              aria-rowindex={i + 1}
              data-trace-id={trace.traceId}
              onPointerEnter={() => {
                props.hovered.value = trace.traceId;
              }}
              onPointerLeave={() => {
                props.hovered.value = undefined;
              }}
            >
              {isPhone ? (
                <PhoneCells trace={trace} />
              ) : (
                shown.map((column) => (
                  <Cell key={column} column={column} trace={trace} fullBar={fullBar} isWide={tableWidth >= 1100} />
                ))
              )}
            </div>
          );
        }}
      />
    </div>
  );
}

function Cell(props: {
  readonly column: Column;
  readonly trace: TraceSummary;
  /** ns of a full bar. */
  readonly fullBar: number;
  readonly isWide: boolean;
}) {
  const { column, trace } = props;
  const { search, units } = words();
  const f = format();
  switch (column) {
    case 'start':
      return <Started trace={trace} />;
    case 'root':
      return <Root trace={trace} />;
    case 'services':
      return (
        <span role="cell" class="c-services clip">
          <ServiceCounts
            services={trace.services}
            named={props.isWide ? 2 : 0}
            most={props.isWide ? 6 : 4}
            rest={search.more}
          />
        </span>
      );
    case 'spans':
      return (
        <span role="cell" class="c-spans num">
          {f.short(trace.spans)}
        </span>
      );
    case 'errors':
      return (
        <span role="cell" class="c-errors num error" title={trace.errors > 0 ? units.errors(trace.errors) : undefined}>
          {trace.errors > 0 ? f.short(trace.errors) : ''}
        </span>
      );
    case 'duration':
      return (
        <span role="cell" class="c-duration num">
          <span>{f.duration(trace.durationNs)}</span>
          <i style={{ width: `${Math.min(1, trace.durationNs / props.fullBar) * 100}%` }} />
        </span>
      );
    case 'leader':
      return (
        <span role="cell" class="c-leader clip">
          <Leader trace={trace} />
        </span>
      );
    case 'id':
      return (
        <span role="cell" class="c-id mono clip" title={trace.traceId}>
          {trace.traceId.slice(0, 7)}
        </span>
      );
  }
}

/** What fills a bar: the 97th percentile, so that one trace of a minute does not make hairs of all others. */
function fullBarNs(traces: readonly TraceSummary[]): number {
  const sorted = traces.map((trace) => trace.durationNs).toSorted((a, b) => a - b);
  return Math.max(1, sorted[Math.floor((sorted.length - 1) * 0.97)] ?? 1);
}

function Root({ trace }: { readonly trace: TraceSummary }) {
  const { search } = words();
  return (
    <span role="cell" class="c-root">
      <ServiceDot name={trace.service} />
      <a class="row-link clip" href={traceHref(trace.traceId)} title={`${trace.service} · ${trace.operation}`}>
        <span class="operation">{trace.operation}</span> <span class="quiet">{trace.service}</span>
      </a>
      {!trace.hasRoot && (
        <span class="no-root" title={search.noRootHelp}>
          {search.noRoot}
        </span>
      )}
    </span>
  );
}

function Started({ trace }: { readonly trace: TraceSummary }) {
  const f = format();
  const at = startMsOf(trace);
  return (
    <span role="cell" class="c-start num quiet" title={f.absolute(at)}>
      {f.ago(at, Math.max(at, nowMs.value))}
    </span>
  );
}

function Leader({ trace }: { readonly trace: TraceSummary }) {
  if (trace.leader === null) return <span class="quiet">–</span>;
  return (
    <span title={`${trace.leader.service} · ${trace.leader.operation}`}>
      <span class="num">{format().share(trace.leader.share)}</span> {trace.leader.operation}{' '}
      <span class="quiet">{trace.leader.service}</span>
    </span>
  );
}

function PhoneCells({ trace }: { readonly trace: TraceSummary }) {
  const f = format();
  const { units } = words();
  return (
    <>
      <Root trace={trace} />
      <span role="cell" class="c-duration num">
        {f.duration(trace.durationNs)}
      </span>
      <span role="cell" class="phone-line clip">
        <Started trace={trace} />
        {trace.errors > 0 && <span class="error num"> · {units.errors(trace.errors)}</span>}
        {trace.leader !== null && (
          <>
            {' · '}
            <Leader trace={trace} />
          </>
        )}
      </span>
    </>
  );
}
