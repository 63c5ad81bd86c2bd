import { useState } from 'preact/hooks';
import { copyText } from '../parts/copy-button.tsx';
import { Icon } from '../parts/icons.tsx';
import { Popover } from '../parts/popover.tsx';
import { ServiceDot } from '../parts/service.tsx';
import { nowMs } from '../shell/live.ts';
import { traceHref } from '../shell/router.ts';
import { format, words } from '../words/words.ts';
import type { TraceView } from './view.ts';

/** What this trace is: where it began, how long it took, when, and how much of it there is. */
export function Head({ view, onCopy }: { readonly view: TraceView; readonly onCopy: () => Promise<void> }) {
  const { head, trace } = view.loaded.value;
  const { summary } = head;
  const t = words().trace;
  const { units } = words();
  const { duration, ago, absolute } = format();
  const startMs = Number(BigInt(summary.startNs) / 1_000_000n);
  return (
    <header class="t-head">
      <h1 class="t-root">
        <ServiceDot name={summary.service} />
        <span class="t-root-service">{summary.service}</span>
        <span class="t-root-name clip" title={summary.operation}>
          {summary.operation}
        </span>
        <span class="t-root-duration num">{duration(summary.durationNs)}</span>
      </h1>
      <p class="t-facts num">
        {!head.settled && (
          <span class="t-live" role="status">
            {t.arriving}
          </span>
        )}
        <span title={absolute(startMs)}>{ago(startMs, nowMs.value)}</span>
        <span>{units.spans(trace.count)}</span>
        <span>{units.services(trace.services.length)}</span>
        {summary.errors > 0 && <span class="error">{units.errors(summary.errors)}</span>}
        <CopyOnClick class="t-id mono" title={t.copyId} text={trace.traceId}>
          {trace.traceId.slice(0, 7)}
        </CopyOnClick>
      </p>
      {head.alsoMatching.length > 0 && (
        <Popover label={t.alsoMatching(head.alsoMatching.length)} button={`+${head.alsoMatching.length}`} align="right">
          {() => (
            <div class="t-also">
              <p>{t.alsoMatching(head.alsoMatching.length)}</p>
              {head.alsoMatching.map((id) => (
                <a key={id} class="menu-item mono" href={traceHref(id)}>
                  {id}
                </a>
              ))}
            </div>
          )}
        </Popover>
      )}
      <CopyAll onCopy={onCopy} />
    </header>
  );
}

function CopyAll({ onCopy }: { readonly onCopy: () => Promise<void> }) {
  const t = words().trace;
  const [isCopied, say] = useSaid();
  return (
    <button
      type="button"
      class="control"
      title={t.copyAllHelp}
      onClick={() => void onCopy().then(say)}
      aria-live="polite"
    >
      <Icon name={isCopied ? 'check' : 'copy'} />
      <span>{isCopied ? t.copied : t.copyAll}</span>
    </button>
  );
}

export function CopyOnClick(props: {
  readonly class: string;
  readonly title: string;
  readonly text: string;
  readonly children: string;
}) {
  const [isCopied, say] = useSaid();
  return (
    <button type="button" class={props.class} title={props.title} onClick={() => void copyText(props.text).then(say)}>
      {isCopied ? words().trace.copied : props.children}
    </button>
  );
}

/** True for a moment after `say`. */
function useSaid(): [boolean, () => void] {
  const [isSaid, setSaid] = useState(false);
  return [
    isSaid,
    () => {
      setSaid(true);
      setTimeout(() => setSaid(false), 1600);
    },
  ];
}
