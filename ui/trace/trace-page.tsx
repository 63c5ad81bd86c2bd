/** The trace page: from one trace id to the operation that costs the time. */
import './trace.css';
import { type Signal, useSignal } from '@preact/signals';
import { useEffect, useLayoutEffect, useMemo, useRef, useState } from 'preact/hooks';
import type { TraceVerdict } from '../../src/show/api/types.ts';
import { SkeletonRows } from '../parts/skeleton.tsx';
import { copyText as copyToClipboard } from '../parts/copy-button.tsx';
import { explain, useAnswer } from '../shell/api.ts';
import { useKeys } from '../shell/keys.ts';
import { navigate, params } from '../shell/router.ts';
import { useTitle } from '../shell/title.ts';
import { format, language, words } from '../words/words.ts';
import { type Actions, createActions } from './actions.ts';
import { createAddressState } from './address-state.ts';
import { copyText } from './copy-text.ts';
import { Details } from './details/details.tsx';
import { useFind } from './find.ts';
import { Head } from './head.tsx';
import { pageKeys } from './keys.ts';
import { Minimap } from './minimap.tsx';
import { MissingTrace } from './missing-trace.tsx';
import { followTrace, type Loaded, type TraceState } from './source.ts';
import { ThreadList } from './thread-list.tsx';
import { findInputId, Toolbar } from './toolbar.tsx';
import { VerdictBand } from './verdict-band.tsx';
import { createView, type TraceView } from './view.ts';
import { Waterfall } from './waterfall/waterfall.tsx';
import { followWidth, width } from './width.ts';

export function TracePage({ id }: { readonly id: string }) {
  const state = useSignal<TraceState>({ kind: 'loading' });
  useLayoutEffect(followWidth, []);
  const now = state.value;
  // A prefix becomes the whole id in the address once its trace is shown: the same trace, not asked for again.
  const followed = useRef(id);
  if (now.kind !== 'ready' || now.loaded.trace.traceId !== id) followed.current = id;
  useEffect(() => followTrace(followed.current, (next) => (state.value = next)), [followed.current]);
  const t = words().trace;
  useTitle(now.kind === 'ready' ? '' : t.loading);
  switch (now.kind) {
    case 'loading':
      return (
        <div class="t-page">
          <SkeletonRows count={14} label={t.loading} />
        </div>
      );
    case 'missing':
      return <MissingTrace id={id} />;
    case 'unreadable':
      return <p class="notice error">{t.unreadable}</p>;
    case 'failed':
      return <p class="notice">{explain(now.failure)}</p>;
    case 'ready':
      return <ReadyTrace key={now.loaded.trace.traceId} id={id} state={state as Signal<Ready>} />;
  }
}

type Ready = Extract<TraceState, { kind: 'ready' }>;

function ReadyTrace({ id, state }: { readonly id: string; readonly state: Signal<Ready> }) {
  const loaded = useSignal<Loaded>(state.value.loaded);
  if (state.value.loaded !== loaded.peek()) loaded.value = state.value.loaded;
  const { trace, head } = loaded.value;
  const t = words().trace;

  // The verdict follows the trace: asked again when it grew, and once more when it is complete.
  const version = `${trace.count}${head.settled ? '' : '-arriving'}`;
  const answer = useAnswer<TraceVerdict>(`/api/why/${trace.traceId}?lang=${language.value}&of=${version}`);
  const verdict = useSignal<TraceVerdict | undefined>(undefined);
  if (answer.value.data !== verdict.peek()) verdict.value = answer.value.data;

  const address = useMemo(createAddressState, []);
  useEffect(() => () => address.stop(), []);
  const view = useMemo(() => createView(loaded, verdict, address), []);
  const actions = useMemo(
    () =>
      createActions(view, {
        copy: () => void copyAll(view),
        focusFind: () => document.getElementById(findInputId)?.focus(),
      }),
    [],
  );
  useFind(view, actions);
  useFirstLook(view, actions);
  useFullAddress(id, trace.traceId);
  useKeys(
    t.keys.title,
    pageKeys.map(([keys, command]) => ({ keys, label: t.keys[command], run: () => actions.run(command) })),
  );

  const sentence = verdict.value?.verdict.text;
  useTitle(sentence ?? t.pageTitle(head.summary.operation, trace.traceId.slice(0, 7)));
  useDescription(sentence);

  // Nothing moves when the verdict comes, because the page waits for it: it usually takes a few frames.
  const isPatient = usePatience();
  if (isPatient && verdict.value === undefined && answer.value.failure === undefined) {
    return (
      <div class="t-page">
        <SkeletonRows count={14} label={t.loading} />
      </div>
    );
  }

  const isNarrow = width.value === 'narrow';
  const showsThread = isNarrow && !address.value.value.showsAllSpans && trace.count > 1;
  return (
    <div class={`t-page t-${width.value} ${view.selected.value >= 0 ? 't-has-details' : ''}`}>
      <Head view={view} onCopy={() => copyAll(view)} />
      <VerdictBand view={view} actions={actions} isWaiting={answer.value.isLoading} failure={answer.value.failure} />
      {showsThread ? (
        <ThreadList view={view} actions={actions} />
      ) : (
        <>
          {trace.count > 1 && <Toolbar view={view} actions={actions} />}
          {width.value === 'wide' && trace.count > 1 && <Minimap view={view} actions={actions} />}
          <div class="t-body">
            <Waterfall view={view} actions={actions} />
            {view.selected.value >= 0 && <Details view={view} actions={actions} />}
          </div>
        </>
      )}
    </div>
  );
}

/** Puts the keyboard where the eye should be: on the span of the link, otherwise on the culprit. Once. */
function useFirstLook(view: TraceView, actions: Actions): void {
  const isDone = useRef(false);
  const isLinked = view.address.value.value.span !== undefined;
  const wanted = isLinked ? view.selected.value : view.culpritIndex.value;
  useEffect(() => {
    if (isDone.current || wanted < 0) return;
    isDone.current = true;
    if (isLinked) actions.reveal(wanted);
    else actions.goTo(wanted);
  }, [wanted]);
}

const patienceMs = 150;

function usePatience(): boolean {
  const [isPatient, setPatient] = useState(true);
  useEffect(() => {
    const timer = setTimeout(() => setPatient(false), patienceMs);
    return () => clearTimeout(timer);
  }, []);
  return isPatient;
}

/** A prefix may fit another trace tomorrow: the address gets the whole id. */
function useFullAddress(id: string, traceId: string): void {
  useEffect(() => {
    if (id === traceId) return;
    const query = params.peek().toString();
    navigate(`/trace/${traceId}${query === '' ? '' : `?${query}`}`, { replace: true });
  }, [id, traceId]);
}

function useDescription(text: string | undefined): void {
  useEffect(() => {
    if (text === undefined) return;
    const meta = document.querySelector('meta[property="og:description"]') ?? document.createElement('meta');
    meta.setAttribute('property', 'og:description');
    meta.setAttribute('content', text);
    document.head.append(meta);
  }, [text]);
}

function copyAll(view: TraceView): Promise<void> {
  const t = words().trace;
  const { duration } = format();
  const verdict = view.verdict.peek();
  const text = copyText({
    trace: view.loaded.peek().trace,
    layout: view.layout.peek(),
    culprit: view.culpritIndex.peek(),
    tag: view.tag.peek(),
    verdict: verdict?.verdict.text ?? '',
    link: location.href,
    words: { duration, times: t.rows.times, hidden: t.rows.hidden, missing: t.rows.missing },
  });
  return copyToClipboard(text);
}
