import { useRef } from 'preact/hooks';
import type { Home, HomeRow } from '../../src/show/api/types.ts';
import { moveFocus } from '../parts/move-focus.ts';
import { ServiceDot } from '../parts/service.tsx';
import { Sparkline } from '../parts/sparkline.tsx';
import { useKeys } from '../shell/keys.ts';
import type { LiveRange } from '../shell/live-range.ts';
import { hrefInRange, navigate, traceHref } from '../shell/router.ts';
import { format, words } from '../words/words.ts';

/** The rows of home, in the server's order. A row opens its slowest trace; its rate and errors lead to the search. */
export function HomeTable({ home, hold }: { readonly home: Home; readonly hold: LiveRange['hold'] }) {
  const { home: text } = words();
  const table = useRef<HTMLDivElement>(null);
  useKeys(text.title, [
    { keys: 'j', label: text.keys.next, run: () => moveFocus(table.current, '.row-link', 1) },
    { keys: 'k', label: text.keys.previous, run: () => moveFocus(table.current, '.row-link', -1) },
    { keys: 'Enter', label: text.keys.open, run: () => moveFocus(table.current, '.row-link', 1) },
    {
      keys: 'l',
      label: text.keys.search,
      run: () => {
        const row = focusedRow(table.current, home.rows);
        if (row) navigate(searchHref(row));
      },
    },
  ]);
  const most = Math.max(1, ...home.rows.map((row) => cost(row, home.order)));
  return (
    <div class="home-table" role="table" aria-label={text.tableLabel} ref={table} {...hold}>
      <div class="home-row head" role="row">
        <span role="columnheader" class="c-name">
          {text.operation}
        </span>
        <span role="columnheader" class="c-why">
          {text.why}
        </span>
        <span role="columnheader" class="c-spark">
          {text.trend}
        </span>
        <span role="columnheader" class="c-rate num">
          {text.rate}
        </span>
        <span role="columnheader" class="c-errors num">
          {text.errors}
        </span>
        <span role="columnheader" class="c-p50 num">
          p50
        </span>
        <span role="columnheader" class="c-p95 num">
          p95
        </span>
        <span role="columnheader" class="c-p99 num">
          p99
        </span>
        <span class="c-bar" />
        <span role="columnheader" class="c-cost num">
          {home.order === 'lost' ? text.lost : text.total}
        </span>
      </div>
      {home.rows.map((row) => (
        <Row key={`${row.service}\n${row.operation}`} row={row} order={home.order} most={most} />
      ))}
    </div>
  );
}

function Row({ row, order, most }: { readonly row: HomeRow; readonly order: Home['order']; readonly most: number }) {
  const { home: text } = words();
  const f = format();
  const paid = cost(row, order);
  return (
    <div class="home-row" role="row">
      <span role="cell" class="c-name">
        <ServiceDot name={row.service} />
        <a
          class="row-link clip"
          href={traceHref(row.slowest.traceId)}
          title={`${row.service} · ${row.operation}\n${text.slowest(f.duration(row.slowest.durationNs))}`}
        >
          <span class="operation">{row.operation}</span> <span class="quiet">{row.service}</span>
        </a>
      </span>
      <span role="cell" class="c-why clip" title={row.why ?? undefined}>
        {row.why}
      </span>
      <span role="cell" class="c-spark">
        <Sparkline values={row.sparkNs} label={text.trend} />
      </span>
      <span role="cell" class="c-rate num">
        <a href={searchHref(row)}>{f.rate(row.rate)}</a>
      </span>
      <span role="cell" class="c-errors num">
        {row.errors > 0 && (
          <a class="error" href={searchHref(row, { errors: 'true' })} title={words().units.errors(row.errors)}>
            {f.percent(row.errors / Math.max(1, row.calls))}
          </a>
        )}
      </span>
      <Percentile class="c-p50" ns={row.p50Ns} />
      <Percentile class="c-p95" ns={row.p95Ns} />
      <Percentile class="c-p99" ns={row.p99Ns} />
      <span class="c-bar" aria-hidden="true">
        {paid > 0 && <i class="cost-bar" style={{ width: `${(paid / most) * 100}%` }} />}
      </span>
      <span role="cell" class={`c-cost num${paid > 0 ? '' : ' quiet'}`}>
        {paid > 0 ? f.duration(paid) : '–'}
      </span>
    </div>
  );
}

function Percentile(props: { readonly class: string; readonly ns: number | null }) {
  return (
    <span
      role="cell"
      class={`${props.class} num${props.ns === null ? ' quiet' : ''}`}
      title={props.ns === null ? words().home.fewCalls : undefined}
    >
      {props.ns === null ? '–' : format().duration(props.ns)}
    </span>
  );
}

/** What the order is by, ns. */
function cost(row: HomeRow, order: Home['order']): number {
  return order === 'lost' ? (row.lostNs ?? 0) : row.totalNs;
}

function searchHref(row: HomeRow, more: Readonly<Record<string, string>> = {}): string {
  return hrefInRange('/search', { service: row.service, operation: row.operation, order: 'slowest', ...more });
}

function focusedRow(table: HTMLElement | null, rows: readonly HomeRow[]): HomeRow | undefined {
  const links = [...(table?.querySelectorAll('.row-link') ?? [])];
  return rows[links.findIndex((link) => link === document.activeElement)];
}
