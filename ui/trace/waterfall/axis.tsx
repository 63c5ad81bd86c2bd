import { useRef } from 'preact/hooks';
import { format, words } from '../../words/words.ts';
import type { Actions } from '../actions.ts';
import { timelineKeys } from '../keys.ts';
import type { TraceView } from '../view.ts';
import { width } from '../width.ts';

interface Props {
  readonly view: TraceView;
  readonly actions: Actions;
  readonly ticks: readonly { readonly ns: number; readonly x: number }[];
  readonly onTreeWidth: (px: number) => void;
}

/** Above the rows: the time axis, which takes the arrow keys for pan and zoom, and the edge that sizes the tree. */
export function Axis({ view, actions, ticks, onTreeWidth }: Props) {
  const t = words().trace.rows;
  const { duration } = format();
  const zero = view.whole.value.startNs;
  const head = useRef<HTMLDivElement>(null);
  const drag = (event: PointerEvent & { currentTarget: HTMLElement }) => {
    const left = head.current?.getBoundingClientRect().left ?? 0;
    if (event.currentTarget.hasPointerCapture(event.pointerId)) {
      onTreeWidth(Math.max(140, Math.min(900, event.clientX - left)));
    }
  };
  return (
    <div class="t-axis" ref={head}>
      <div class="t-axis-tree clip">{t.tree}</div>
      {width.value === 'wide' && (
        <div
          class="t-resize"
          role="separator"
          aria-orientation="vertical"
          aria-label={t.resize}
          title={t.resize}
          onPointerDown={(event) => event.currentTarget.setPointerCapture(event.pointerId)}
          onPointerMove={drag}
          onDblClick={() => onTreeWidth(360)}
        />
      )}
      <div class="t-axis-duration">{t.duration}</div>
      <div
        class="t-axis-time num"
        tabIndex={0}
        role="group"
        aria-label={t.axis}
        onKeyDown={(event) => {
          const commands = timelineKeys[event.key];
          if (commands === undefined || event.ctrlKey || event.metaKey || event.altKey) return;
          event.preventDefault();
          actions.run(commands[event.shiftKey ? 1 : 0]);
        }}
      >
        {ticks.map(({ ns, x }) => (
          <span key={ns} class="t-tick" style={{ left: `${x}px` }}>
            {duration(ns - zero)}
          </span>
        ))}
      </div>
    </div>
  );
}
