import { useEffect, useRef, useState } from 'preact/hooks';
import { selfTimes } from '../../../src/diagnose/self-time.ts';
import { spanIdOf } from '../../../src/model/trace.ts';
import type { AttributeView, SpanDetails } from '../../../src/show/api/types.ts';
import { copyText } from '../../parts/copy-button.tsx';
import { Icon } from '../../parts/icons.tsx';
import { ServiceDot } from '../../parts/service.tsx';
import { SkeletonRows } from '../../parts/skeleton.tsx';
import { explain, useAnswer } from '../../shell/api.ts';
import { hrefInRange, traceHref } from '../../shell/router.ts';
import { format, words } from '../../words/words.ts';
import type { Actions } from '../actions.ts';
import { Lonely } from './lonely.tsx';
import type { TraceView } from '../view.ts';

/** Everything of one span. The old one stays until the next has come. */
export function Details({ view, actions }: { readonly view: TraceView; readonly actions: Actions }) {
  const { trace, ownNs } = view.loaded.value;
  const row = view.selected.value;
  const wanted = spanIdOf(trace, row);
  // A hand on the arrow keys passes many rows; only where it rests is asked for.
  const [spanId, setSpanId] = useState(wanted);
  useEffect(() => {
    const timer = setTimeout(() => setSpanId(wanted), spanId === wanted ? 0 : 80);
    return () => clearTimeout(timer);
  }, [wanted]);
  const answer = useAnswer<{ readonly spans: readonly SpanDetails[] }>(
    `/api/trace/${trace.traceId}/spans?ids=${spanId}`,
  );
  const { data, failure, isLoading } = answer.value;
  // A client and a server span may share an id: the row's own service tells which is meant.
  const service = trace.services[trace.service[row] ?? 0] ?? '';
  const found = data?.spans.filter((one) => one.spanId === wanted) ?? [];
  const span = found.find((one) => one.service === service) ?? found[0];

  const t = words().trace.details;
  const { duration, percent } = format();
  const own = ownNs[row] ?? 0;
  const pathNs = ownNs.reduce((sum, ns) => sum + ns, 0);
  const [selfNs, setSelfNs] = useState<Float64Array>(new Float64Array());
  useEffect(() => setSelfNs(selfTimes(trace)), [trace]);
  const parent = trace.parent[row] ?? -1;
  const box = useRef<HTMLElement>(null);
  useEffect(() => box.current?.scrollTo(0, 0), [wanted]);
  return (
    <aside class="t-details" ref={box} aria-label={t.label}>
      <header class="t-details-head">
        <div>
          <p class="t-details-service">
            <ServiceDot name={service} /> {service}
          </p>
          <h2>{trace.names[trace.name[row] ?? 0]}</h2>
        </div>
        <button
          type="button"
          class="control bare"
          title={`${t.close} (Esc)`}
          aria-label={t.close}
          onClick={() => actions.select(-1)}
        >
          <Icon name="close" />
        </button>
      </header>
      <dl class="t-times-list num">
        <Fact name={t.duration} value={duration(trace.durationNs[row] ?? 0)} />
        <Fact name={t.onPath} value={`${duration(own)}${pathNs > 0 ? ` · ${percent(own / pathNs)}` : ''}`} />
        <Fact name={t.ownWork} value={duration(selfNs[row] ?? 0)} />
        <Fact name={t.start} value={duration((trace.startNs[row] ?? 0) - view.whole.value.startNs)} />
      </dl>
      {span?.statusMessage !== undefined && span.statusMessage !== '' && (
        <p class={span.status === 'error' ? 't-message error' : 't-message'}>{span.statusMessage}</p>
      )}
      {trace.count === 1 && <Lonely span={span} service={service} />}
      {span === undefined ? (
        isLoading || spanId !== wanted ? (
          <SkeletonRows count={6} label={t.loading} />
        ) : (
          <p class="quiet">{failure === undefined ? t.gone : explain(failure)}</p>
        )
      ) : (
        <Sections span={span} baseNs={trace.baseNs} />
      )}
      <Table
        title="Span"
        rows={[
          { key: t.spanId, type: 's', text: wanted },
          ...(span === undefined ? [] : [{ key: t.kind, type: 's', text: t.kinds[span.kind] ?? span.kind }]),
          ...(span?.status === 'ok' ? [{ key: t.status, type: 's', text: t.ok }] : []),
          ...(span !== undefined && span.traceState !== ''
            ? [{ key: t.traceState, type: 's', text: span.traceState }]
            : []),
        ]}
      />
      {parent >= 0 && (
        <p>
          <button type="button" class="text-button" onClick={() => (actions.reveal(parent), actions.select(parent))}>
            {t.parent}: {trace.services[trace.service[parent] ?? 0]} · {trace.names[trace.name[parent] ?? 0]}
          </button>
        </p>
      )}
    </aside>
  );
}

function Fact({ name, value }: { readonly name: string; readonly value: string }) {
  return (
    <div>
      <dt>{name}</dt>
      <dd>{value}</dd>
    </div>
  );
}

function Sections({ span, baseNs }: { readonly span: SpanDetails; readonly baseNs: bigint }) {
  const t = words().trace.details;
  const { duration } = format();
  const { dropped } = span;
  return (
    <>
      <Table title={t.attributes} rows={span.attributes} isSearchable />
      {span.events.length > 0 && (
        <section>
          <h3>{t.events}</h3>
          {span.events.map((event, i) => (
            <div key={i} class="t-event">
              <p>
                <span class="num quiet">{duration(Number(BigInt(event.timeNs) - baseNs))}</span> <b>{event.name}</b>
              </p>
              <Table rows={event.attributes} />
            </div>
          ))}
        </section>
      )}
      {span.links.length > 0 && (
        <section>
          <h3>{t.links}</h3>
          {span.links.map((link, i) => (
            <div key={i} class="t-event">
              <p>
                <a class="link mono" href={traceHref(link.traceId, { span: link.spanId })}>
                  {t.link(link.traceId.slice(0, 7))}
                </a>
              </p>
              <Table rows={link.attributes} />
            </div>
          ))}
        </section>
      )}
      <Table title={t.resource} rows={span.resource} isSearchable />
      {span.scope.name !== '' && (
        <Table
          title={t.scope}
          rows={[{ key: span.scope.name, type: 's', text: span.scope.version }, ...span.scope.attributes]}
        />
      )}
      {dropped.attributes + dropped.events + dropped.links > 0 && (
        <p class="quiet">{t.dropped(dropped.attributes, dropped.events, dropped.links)}</p>
      )}
    </>
  );
}

function Table(props: {
  readonly title?: string;
  readonly rows: readonly AttributeView[];
  readonly isSearchable?: boolean;
}) {
  const t = words().trace.details;
  if (props.rows.length === 0) return null;
  return (
    <section>
      {props.title !== undefined && <h3>{props.title}</h3>}
      <dl class="t-attributes">
        {props.rows.map(({ key, text }, i) => (
          <div key={`${i}${key}`}>
            <dt>{breakable(key)}</dt>
            <dd class="mono">
              <Value text={text} />
              <span class="t-value-tools">
                {props.isSearchable === true && (
                  <a
                    href={hrefInRange('/search', { attribute: `${key}=${text}` })}
                    title={t.searchValue(key)}
                    aria-label={t.searchValue(key)}
                  >
                    <Icon name="search" />
                  </a>
                )}
                <button type="button" title={t.copyValue} aria-label={t.copyValue} onClick={() => void copyText(text)}>
                  <Icon name="copy" />
                </button>
              </span>
            </dd>
          </div>
        ))}
      </dl>
    </section>
  );
}

/** `http.response.status_code` may break after its dots and underscores, not inside a word. */
function breakable(key: string) {
  return key.split(/(?<=[._/-])/).map((part, i) => [i > 0 && <wbr key={i} />, part]);
}

/** Addresses become links; anything longer than a few lines scrolls in itself. */
function Value({ text }: { readonly text: string }) {
  if (/^https?:\/\/[^\s]+$/.test(text)) {
    return (
      <a class="link" href={text} target="_blank" rel="noreferrer noopener">
        {text}
      </a>
    );
  }
  return <span class="t-value">{text}</span>;
}
