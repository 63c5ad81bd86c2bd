import type { Cause, TraceVerdict } from '../../src/show/api/types.ts';
import type { ApiFailure } from '../shell/api.ts';
import { explain } from '../shell/api.ts';
import { serviceColor } from '../shell/colors.ts';
import { format, words } from '../words/words.ts';
import type { Actions } from './actions.ts';
import { cutStrip, type StripPiece } from './strip.ts';
import type { TraceView } from './view.ts';

interface Props {
  readonly view: TraceView;
  readonly actions: Actions;
}

/** The answer, in one sentence, and under it the whole duration cut by cause. */
export function VerdictBand(props: Props & { readonly isWaiting: boolean; readonly failure: ApiFailure | undefined }) {
  const { view, actions, isWaiting, failure } = props;
  const verdict = view.verdict.value;
  const t = words().trace.verdict;
  return (
    <section class="t-verdict" aria-label={t.label}>
      {verdict !== undefined ? (
        <p class="t-sentence" aria-live="polite">
          {verdict.verdict.text}
          {verdict.notes.map((note) =>
            // "Still arriving" stands in the head.
            note.id === 'arriving' ? null : (
              <span key={note.id} class="t-remark">
                {note.text}
              </span>
            ),
          )}
        </p>
      ) : isWaiting ? (
        <p class="t-sentence t-waiting">{t.waiting}</p>
      ) : (
        <p class="t-sentence quiet">{failure === undefined ? t.none : explain(failure)}</p>
      )}
      {verdict === undefined ? (
        <div class="t-strip t-strip-empty" />
      ) : (
        <Strip verdict={verdict} view={view} actions={actions} />
      )}
    </section>
  );
}

function Strip({ verdict, view, actions }: Props & { readonly verdict: TraceVerdict }) {
  const t = words().trace.verdict;
  const pieces = cutStrip(verdict);
  if (pieces.length === 0) return null;
  return (
    <ul class="t-strip" aria-label={t.strip}>
      {pieces.map((piece) => (
        <Piece key={String(piece.cause)} piece={piece} verdict={verdict} view={view} actions={actions} />
      ))}
    </ul>
  );
}

function Piece({
  piece,
  verdict,
  view,
  actions,
}: Props & { readonly piece: StripPiece; readonly verdict: TraceVerdict }) {
  const t = words().trace.verdict;
  const { duration } = format();
  const cause = typeof piece.cause === 'number' ? verdict.causes[piece.cause] : undefined;
  const name = cause === undefined ? (piece.cause === 'other' ? t.other : t.unexplained) : causeName(cause);
  const label = t.piece(name, piece.ns, piece.share);
  const mark = view.address.value.value.mark;
  const isMarked = mark !== undefined && 'cause' in mark && mark.cause === piece.cause;
  const style = {
    flexGrow: piece.share,
    '--piece': cause === undefined ? 'var(--ink-4)' : serviceColor(cause.service),
  };
  const body = (
    <>
      <i class="t-piece-bar" />
      <span class="t-piece-label">
        <span class="clip">{cause?.operation ?? name}</span>
        <span class="num t-piece-ns">{duration(piece.ns)}</span>
      </span>
    </>
  );
  if (cause === undefined) {
    return (
      <li class={`t-piece t-piece-${piece.cause}`} style={style} title={label}>
        {body}
      </li>
    );
  }
  const causeMark = { cause: Number(piece.cause) };
  return (
    <li class="t-piece" style={style}>
      <button
        type="button"
        title={`${label}\n${cause.sentence.text}`}
        aria-label={label}
        aria-pressed={isMarked}
        onPointerEnter={() => (view.hoverMark.value = causeMark)}
        onPointerLeave={() => (view.hoverMark.value = undefined)}
        onClick={() => {
          actions.setMark(isMarked ? undefined : causeMark);
          const first = cause.evidence[0]?.span_id ?? cause.span_ids[0];
          if (!isMarked && first !== undefined) actions.reveal(view.loaded.peek().index.rowOf(first));
        }}
      >
        {body}
      </button>
    </li>
  );
}

export function causeName(cause: Pick<Cause, 'service' | 'operation'>): string {
  return `${cause.service} · ${cause.operation}`;
}
