import { useComputed } from '@preact/signals';
import { Icon } from '../parts/icons.tsx';
import { Popover } from '../parts/popover.tsx';
import { ServiceDot } from '../parts/service.tsx';
import { format, words } from '../words/words.ts';
import type { Actions } from './actions.ts';
import { type ServiceShare, serviceShares } from './layout/service-shares.ts';
import type { TraceView } from './view.ts';
import { width } from './width.ts';

export const findInputId = 't-find';

interface Props {
  readonly view: TraceView;
  readonly actions: Actions;
}

export function Toolbar({ view, actions }: Props) {
  const t = words().trace;
  const address = view.address.value.value;
  return (
    <div class="t-toolbar" role="toolbar" aria-label={words().app.trace}>
      {width.value === 'narrow' && (
        <button type="button" class="control" onClick={() => view.address.change({ showsAllSpans: false }, 'step')}>
          {t.thread.back}
        </button>
      )}
      <Find view={view} actions={actions} />
      <Services view={view} actions={actions} />
      <span class="t-space" />
      {address.zoom !== undefined && (
        <button type="button" class="control" onClick={() => actions.setZoom(view.whole.value, 'step')}>
          {t.toolbar.resetZoom}
        </button>
      )}
      {view.canShowEverything.value && <Everything view={view} actions={actions} />}
    </div>
  );
}

function Find({ view, actions }: Props) {
  const t = words().trace.toolbar;
  const text = view.address.value.value.find;
  const matches = view.matches.value;
  const at = useComputed(() => view.matches.value.indexOf(Number(view.cursor.value.slice(1))) + 1);
  return (
    <div class="t-find">
      <Icon name="search" />
      <input
        id={findInputId}
        type="search"
        autocomplete="off"
        spellcheck={false}
        placeholder={t.find}
        aria-label={t.find}
        value={text}
        onInput={(event) => actions.setFind(event.currentTarget.value)}
        onKeyDown={(event) => {
          if (event.key === 'Enter') actions.run(event.shiftKey ? 'previous-match' : 'next-match');
          else if (event.key === 'Escape') {
            actions.setFind('');
            event.currentTarget.blur();
          } else return;
          event.preventDefault();
        }}
      />
      {text === '' ? (
        <kbd class="t-find-hint">/</kbd>
      ) : (
        <span class="num quiet" role="status">
          {view.found.value.text !== text.trim()
            ? ''
            : matches.length === 0
              ? t.noMatch
              : t.matches(at.value, matches.length)}
        </span>
      )}
    </div>
  );
}

/** Each service with its share of the path: who owns the time, at a glance. */
function Services({ view, actions }: Props) {
  const shares = useComputed(() => serviceShares(view.loaded.value.trace, view.loaded.value.ownNs));
  const t = words().trace.toolbar;
  const most = width.value === 'wide' ? 6 : width.value === 'medium' ? 2 : 0;
  const shown = shares.value.slice(0, most);
  const rest = shares.value.slice(most);
  return (
    <>
      <ul class="t-services" aria-label={t.services}>
        {shown.map((one) => (
          <li key={one.service}>
            <ServiceChip one={one} view={view} actions={actions} />
          </li>
        ))}
      </ul>
      {rest.length > 0 && most > 0 && (
        <Popover label={t.more(rest.length)} button={`+${rest.length}`}>
          {() => (
            <ul class="t-services-rest">
              {rest.map((one) => (
                <li key={one.service}>
                  <ServiceChip one={one} view={view} actions={actions} />
                </li>
              ))}
            </ul>
          )}
        </Popover>
      )}
    </>
  );
}

function ServiceChip({ one, view, actions }: Props & { readonly one: ServiceShare }) {
  const { percent } = format();
  const mark = view.address.value.value.mark;
  const isMarked = mark !== undefined && 'service' in mark && mark.service === one.service;
  return (
    <button
      type="button"
      class="t-chip"
      aria-pressed={isMarked}
      title={words().trace.toolbar.service(one.service, one.share, one.spans)}
      onPointerEnter={() => (view.hoverMark.value = { service: one.service })}
      onPointerLeave={() => (view.hoverMark.value = undefined)}
      onClick={() => actions.setMark(isMarked ? undefined : { service: one.service })}
    >
      <ServiceDot name={one.service} />
      <span class="clip">{one.service}</span>
      {one.share > 0 && <span class="num quiet">{percent(one.share)}</span>}
    </button>
  );
}

function Everything({ view, actions }: Props) {
  const t = words().trace.toolbar;
  const { trace } = view.loaded.value;
  const isEverything = view.address.value.value.isEverything;
  const shown = view.layout.value.rows.reduce((n, visible) => n + (visible.kind === 'span' ? 1 : 0), 0);
  const isLarge = view.isFocused.value || trace.count > 1000;
  return (
    <span class="t-everything num">
      <span class="quiet">{t.focused(shown, trace.count)}</span>
      <button type="button" class="control" onClick={() => actions.run('everything')}>
        <kbd>e</kbd> {isEverything ? (isLarge ? t.focus : t.fold) : isLarge ? t.everything : t.unfold}
      </button>
    </span>
  );
}
