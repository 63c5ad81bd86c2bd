import type { ReadonlySignal } from '@preact/signals';
import { format, words } from '../../words/words.ts';
import type { Actions } from '../actions.ts';
import { ownerName } from '../owner-name.ts';
import { threadOutside } from '../thread.ts';
import type { ScrollWindow } from './use-scroll.ts';
import type { TraceView } from '../view.ts';

/** Where the thread leaves the screen: how much time goes on out there, most of it where, and a way to get there. */
export function GutterMarks(props: {
  readonly view: TraceView;
  readonly actions: Actions;
  readonly screen: ReadonlySignal<ScrollWindow>;
}) {
  const { view, actions } = props;
  const { top, bottom } = props.screen.value;
  const owned = view.owned.value;
  const above = threadOutside(owned, 0, top);
  const below = threadOutside(owned, bottom, owned.length);
  const mark = (outside: { ns: number; index: number } | undefined, side: 'above' | 'below') => {
    const visible = view.layout.value.rows[outside?.index ?? -1];
    if (outside === undefined || visible === undefined) return null;
    const what = `${format().duration(outside.ns)} · ${ownerName(view, visible)}`;
    return (
      <button
        type="button"
        class={`t-gutter t-gutter-${side}`}
        title={words().trace.rows.jump(what)}
        onClick={() => actions.goTo(outside.index)}
      >
        <span class="num clip">
          {side === 'above' ? '▲' : '▼'} {what}
        </span>
      </button>
    );
  };
  return (
    <>
      {mark(above, 'above')}
      {mark(below, 'below')}
    </>
  );
}
