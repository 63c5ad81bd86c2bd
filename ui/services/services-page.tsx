import { type Signal, useSignal } from '@preact/signals';
import { useRef } from 'preact/hooks';
import type { ServiceMap } from '../../src/show/api/types.ts';
import { Failure } from '../parts/failure.tsx';
import { moveFocus } from '../parts/move-focus.ts';
import { ServiceDot } from '../parts/service.tsx';
import { SkeletonRows } from '../parts/skeleton.tsx';
import { useAnswer } from '../shell/api.ts';
import { useKeys } from '../shell/keys.ts';
import { useLiveRange } from '../shell/live-range.ts';
import { rangeKey } from '../shell/range.ts';
import { hrefInRange, range } from '../shell/router.ts';
import { useTitle } from '../shell/title.ts';
import { format, words } from '../words/words.ts';
import './services.css';
import { CallMap } from './call-map.tsx';

/** Every service of the range: a map of who calls whom, and the same as a table. */
export function ServicesPage() {
  const { services: text, app, units } = words();
  useTitle(text.title);
  const live = useLiveRange();
  const hovered = useSignal<string | undefined>(undefined);
  const answer = useAnswer<ServiceMap>(
    `/api/map?start=${live.startUs}&end=${live.endUs}`,
    undefined,
    `services ${rangeKey(range.value)}`,
  ).value;
  const seconds = Math.max(1, (live.endUs - live.startUs) / 1e6);
  const map = answer.data;
  return (
    <div class="page services-page" {...live.hold}>
      <header class="page-head">
        <h1 class="num">{map && map.services.length > 0 ? units.services(map.services.length) : text.title}</h1>
        {live.newSpans > 0 && (
          <button type="button" class="new-pill num" onClick={live.refresh}>
            {app.new(live.newSpans)}
          </button>
        )}
      </header>
      {answer.failure && <Failure failure={answer.failure} onRetry={live.refresh} />}
      {map === undefined ? (
        !answer.failure && <SkeletonRows count={12} label={app.loading} />
      ) : map.services.length === 0 ? (
        <p class="notice">{text.none}</p>
      ) : (
        <>
          {map.edges.length > 0 && <CallMap map={map} seconds={seconds} hovered={hovered} />}
          <ServiceTable map={map} seconds={seconds} hovered={hovered} />
        </>
      )}
    </div>
  );
}

function ServiceTable(props: {
  readonly map: ServiceMap;
  readonly seconds: number;
  readonly hovered: Signal<string | undefined>;
}) {
  const { services: text, units } = words();
  const { map, hovered } = props;
  const f = format();
  const table = useRef<HTMLDivElement>(null);
  useKeys(text.title, [
    { keys: 'j', label: text.keys.next, run: () => moveFocus(table.current, '.row-link', 1) },
    { keys: 'k', label: text.keys.previous, run: () => moveFocus(table.current, '.row-link', -1) },
    { keys: 'Enter', label: text.keys.open, run: () => moveFocus(table.current, '.row-link', 1) },
  ]);
  return (
    <div class="service-table" role="table" aria-label={text.title} ref={table}>
      <div class="service-row head" role="row">
        <span role="columnheader">{text.name}</span>
        <span role="columnheader" class="num c-rate">
          {text.rate}
        </span>
        <span role="columnheader" class="num c-errors">
          {text.errors}
        </span>
        <span role="columnheader" class="num c-p95">
          {text.p95}
        </span>
        <span role="columnheader" class="c-calls">
          {text.callsTo}
        </span>
        <span role="columnheader" class="c-callers">
          {text.calledBy}
        </span>
      </div>
      {map.services
        .toSorted((a, b) => b.calls - a.calls)
        .map((service) => (
          <div
            key={service.name}
            class={`service-row${hovered.value === service.name ? ' hovered' : ''}`}
            role="row"
            onPointerEnter={() => {
              hovered.value = service.name;
            }}
            onPointerLeave={() => {
              hovered.value = undefined;
            }}
          >
            <span role="cell" class="c-name">
              <ServiceDot name={service.name} />
              <a class="row-link clip" href={hrefInRange('/search', { service: service.name })} title={service.name}>
                {service.name}
              </a>
            </span>
            <span role="cell" class="num c-rate" title={units.calls(service.calls)}>
              {f.rate(service.calls / props.seconds)}
            </span>
            <span
              role="cell"
              class="num c-errors error"
              title={service.errors > 0 ? units.errors(service.errors) : undefined}
            >
              {service.errors > 0 ? f.percent(service.errors / Math.max(1, service.calls)) : ''}
            </span>
            <span role="cell" class="num c-p95">
              {service.p95Ns === null ? '–' : f.duration(service.p95Ns)}
            </span>
            <Names class="c-calls" names={map.edges.filter((e) => e.from === service.name).map((e) => e.to)} />
            <Names class="c-callers" names={map.edges.filter((e) => e.to === service.name).map((e) => e.from)} />
          </div>
        ))}
    </div>
  );
}

function Names(props: { readonly class: string; readonly names: readonly string[] }) {
  return (
    <span role="cell" class={`${props.class} clip`} title={props.names.join(', ')}>
      {props.names.map((name) => (
        <span key={name} class="small-service">
          <ServiceDot name={name} />
          {name}
        </span>
      ))}
    </span>
  );
}
