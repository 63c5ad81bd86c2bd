import { serviceColor } from '../shell/colors.ts';
import { ServiceDot } from '../parts/service.tsx';
import { format, words } from '../words/words.ts';
import type { Actions } from './actions.ts';
import { ownerName } from './owner-name.ts';
import { threadSteps, threadWidth } from './thread.ts';
import type { TraceView } from './view.ts';
import { causeName } from './verdict-band.tsx';

interface Props {
  readonly view: TraceView;
  readonly actions: Actions;
}

/** Below this share of the path a piece is told together with its neighbours. */
const leastShare = 0.03;

/** The phone at night: causes, then the thread from top to bottom. */
export function ThreadList({ view, actions }: Props) {
  const { trace, path, ownNs } = view.loaded.value;
  const t = words().trace;
  const { duration, percent } = format();
  const wholeNs = ownNs.reduce((sum, ns) => sum + ns, 0);
  const steps = threadSteps(path, view.layout.value.indexOf, wholeNs * leastShare);
  // The row may own several pieces: the longest carries the tag.
  const mostNs = steps.reduce(
    (most, step) => (step.index === view.culpritIndex.value ? Math.max(most, step.ns) : most),
    0,
  );
  const causes = view.verdict.value?.causes ?? [];
  const showAll = () => view.address.change({ showsAllSpans: true }, 'step');
  return (
    <div class="t-thread-page">
      {causes.length > 0 && (
        <>
          <h2>{t.thread.causes}</h2>
          <ul class="t-causes">
            {causes.slice(0, 5).map((cause, i) => (
              <li key={i} style={{ '--piece': serviceColor(cause.service) }}>
                <ServiceDot name={cause.service} />
                <span class="t-cause-name">
                  <span>{causeName(cause)}</span>
                  <span class="quiet">{cause.sentence.text}</span>
                </span>
                <span class="num">{duration(cause.contribution_ns)}</span>
              </li>
            ))}
          </ul>
        </>
      )}
      <h2>{t.thread.title}</h2>
      <ol class="t-thread">
        {steps.map((step, i) => {
          const visible = view.layout.value.rows[step.index];
          const share = wholeNs > 0 ? step.ns / wholeNs : 0;
          const isCulprit = step.index >= 0 && step.index === view.culpritIndex.value && step.ns >= mostNs;
          return (
            <li
              key={i}
              class={isCulprit ? 't-step t-culprit' : 't-step'}
              data-culprit={isCulprit ? '' : undefined}
              style={{ '--thick': `${threadWidth(share)}px`, '--tall': `${Math.round(34 + 90 * Math.sqrt(share))}px` }}
            >
              <span class="t-step-name">
                <i
                  class="t-step-dot"
                  style={{
                    background:
                      visible === undefined
                        ? 'var(--ink-4)'
                        : serviceColor(trace.services[trace.service[visible.row] ?? 0] ?? ''),
                  }}
                />
                {visible !== undefined && (
                  <button
                    type="button"
                    onClick={() => {
                      showAll();
                      actions.goTo(step.index);
                    }}
                  >
                    {ownerName(view, visible)}
                  </button>
                )}
                {step.rows > 1 && <span class="quiet"> {t.thread.others(step.rows - 1)}</span>}
                {isCulprit && <span class="t-tag">{view.tag.value}</span>}
              </span>
              <span class="num">{duration(step.ns)}</span>
              <span class="num quiet">{percent(share)}</span>
            </li>
          );
        })}
      </ol>
      <button type="button" class="control t-all" onClick={showAll}>
        {t.thread.all} · {words().units.spans(trace.count)}
      </button>
    </div>
  );
}
