import { spanKindNames } from '../../../src/model/span.ts';
import { spanFlag, type Trace } from '../../../src/model/trace.ts';
import { serviceColor } from '../../shell/colors.ts';
import { format, words } from '../../words/words.ts';
import type { Actions } from '../actions.ts';
import { queuedSince } from '../layout/bars.ts';
import { placeLabel } from '../layout/label.ts';
import type { VisibleRow } from '../layout/rows.ts';
import type { TraceView } from '../view.ts';

interface Props {
  readonly view: TraceView;
  readonly actions: Actions;
  readonly visible: VisibleRow;
  readonly index: number;
  /** px a level. */
  readonly indent: number;
  readonly timeWidth: number;
  readonly isCursor: boolean;
  readonly isSelected: boolean;
  readonly isCulprit: boolean;
  readonly isDimmed: boolean;
}

/** One row of the tree: its name, its duration, and for readers of text what the canvas draws. */
export function Row(props: Props) {
  const { view, actions, visible, index } = props;
  const { trace } = view.loaded.value;
  const t = words().trace.rows;
  const isMatch = visible.kind === 'span' && view.isMatch.value.has(visible.row);
  const isExpandable = visible.kind !== 'missing' && !(visible.kind === 'span' && visible.state === 'leaf');
  const isExpanded = visible.kind === 'span' ? visible.state === 'open' : visible.kind !== 'missing' && visible.isOpen;
  const classes = [
    't-row',
    `t-row-${visible.kind}`,
    props.isCursor && 't-cursor',
    props.isSelected && 't-selected',
    props.isCulprit && 't-culprit',
    props.isDimmed && 't-dimmed',
    isMatch && 't-match',
  ].filter((name) => name !== false);
  return (
    <div
      id={`t-row-${index}`}
      class={classes.join(' ')}
      role="row"
      aria-level={visible.depth + 1}
      aria-rowindex={index + 1}
      aria-expanded={isExpandable ? isExpanded : undefined}
      aria-selected={props.isSelected}
      data-culprit={props.isCulprit ? '' : undefined}
      data-index={index}
    >
      <div class="t-tree" role="gridcell" style={{ '--depth': visible.depth, '--indent': `${props.indent}px` }}>
        {isExpandable ? (
          <i
            class={isExpanded ? 't-chevron t-open' : 't-chevron t-closed'}
            onClick={(event) => {
              event.stopPropagation();
              actions.goTo(index);
              actions.toggle(visible);
            }}
          />
        ) : (
          <i class="t-chevron" />
        )}
        <Name trace={trace} visible={visible} owned={view.owned.value[index] ?? 0} />
      </div>
      <div class="t-duration num" role="gridcell">
        {visible.kind === 'missing' ? '' : format().duration(nsOf(trace, visible))}
      </div>
      <div class="t-time" role="gridcell">
        <span class="unseen">{t.at(startOf(view, visible), view.owned.value[index] ?? 0)}</span>
        <Label {...props} />
      </div>
    </div>
  );
}

function Name(props: { readonly trace: Trace; readonly visible: VisibleRow; readonly owned: number }) {
  const { trace, visible, owned } = props;
  const t = words().trace.rows;
  if (visible.kind === 'missing') {
    return (
      <span class="t-name t-hollow clip" title={t.missingHelp}>
        <i class="t-mark" />
        {t.missing(visible.spanId.slice(0, 4))}
      </span>
    );
  }
  if (visible.kind === 'hidden') {
    const path = owned > 0 ? ` · ${t.onPath(format().duration(owned))}` : '';
    return (
      <span class="t-name quiet clip num">
        {t.hidden(visible.spans)}
        {path}
      </span>
    );
  }
  const { row } = visible;
  const service = trace.services[trace.service[row] ?? 0] ?? '';
  const name = trace.names[trace.name[row] ?? 0] ?? '';
  const parent = trace.parent[row] ?? -1;
  // The service is said where it changes; its colour is on every row.
  const isNewService = parent < 0 || trace.service[parent] !== trace.service[row];
  const isError = ((trace.flags[row] ?? 0) & spanFlag.error) !== 0;
  const kind = spanKindNames[trace.kind[row] ?? 0];
  const spans = trace.size[row] ?? 1;
  const below = visible.kind === 'span' && visible.state === 'closed' ? spans - 1 : 0;
  return (
    <span
      class="t-name clip"
      title={`${service} · ${name}${kind === undefined ? '' : ` (${words().trace.details.kinds[kind]})`}`}
    >
      <i class="t-mark" style={{ '--piece': serviceColor(service) }} />
      {isError && (
        <b class="t-error" role="img" aria-label={t.error}>
          !
        </b>
      )}
      {isNewService ? <span class="t-service">{service}</span> : <span class="unseen">{service}</span>}
      <span class={isError ? 'error' : ''}>{name}</span>
      {visible.kind === 'fold' && <b class="t-times num">{t.times(visible.rows.length)}</b>}
      {below > 0 && (
        <span class="t-below num quiet" title={t.spansBelow(below)}>
          +{format().short(below)}
        </span>
      )}
    </span>
  );
}

/** A word beside the bar: the culprit's tag, or what is odd about the span. */
function Label({ view, visible, timeWidth, isCulprit }: Props) {
  const t = words().trace.rows;
  const { trace } = view.loaded.value;
  if (visible.kind === 'missing') return null;
  const range = view.range.value;
  const start = trace.startNs[visible.row] ?? 0;
  const end = start + nsOf(trace, visible);
  const tag = isCulprit ? view.tag.value : undefined;
  const note = tag === undefined ? noteOf(view, visible) : undefined;
  const text = tag ?? note?.text;
  if (text === undefined) return null;
  const perNs = timeWidth / Math.max(range.endNs - range.startNs, 1);
  const from = Math.min(start, queuedSince(trace, visible.row) ?? start);
  const clip = (px: number) => Math.max(0, Math.min(timeWidth, px));
  const bar = { x0: clip((from - range.startNs) * perNs), x1: clip((end - range.startNs) * perNs) };
  const place = placeLabel(bar, timeWidth, text.length * 6.7 + (tag === undefined ? 4 : 22));
  return (
    <span
      class={`${tag === undefined ? 't-note' : 't-tag'} t-${place.side}`}
      style={place.side === 'before' ? { right: `${place.px}px` } : { left: `${place.px}px` }}
      title={note?.help ?? text}
    >
      {text}
      {note !== undefined && start > view.whole.value.endNs && t.outside === text ? ' ▸' : ''}
    </span>
  );
}

function noteOf(view: TraceView, visible: VisibleRow): { text: string; help?: string } | undefined {
  const t = words().trace.rows;
  const { trace, path } = view.loaded.value;
  if (visible.kind !== 'span') return undefined;
  const { row } = visible;
  const flags = trace.flags[row] ?? 0;
  if ((flags & spanFlag.negative) !== 0) return { text: t.negative, help: t.negativeHelp };
  if ((flags & spanFlag.loop) !== 0) return { text: t.loop, help: t.loopHelp };
  const start = trace.startNs[row] ?? 0;
  const isOutside = start > view.whole.value.endNs || start + (trace.durationNs[row] ?? 0) < view.whole.value.startNs;
  if (isOutside) return { text: t.outside, help: t.outsideHelp };
  return path.notWaitedFor.includes(row) ? { text: t.notWaited } : undefined;
}

function nsOf(trace: Trace, visible: VisibleRow): number {
  return visible.kind === 'fold' || visible.kind === 'hidden'
    ? visible.coveredNs
    : (trace.durationNs[visible.row] ?? 0);
}

function startOf(view: TraceView, visible: VisibleRow): number {
  return (view.loaded.value.trace.startNs[visible.row] ?? 0) - view.whole.value.startNs;
}
