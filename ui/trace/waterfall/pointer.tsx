/** The pointer on the timeline: who owns the instant under it, a drag that zooms, a wheel that zooms and pans. */
import { type Signal, useSignal } from '@preact/signals';
import type { RefObject } from 'preact';
import { useEffect, useRef } from 'preact/hooks';
import { segmentAt } from '../../../src/diagnose/path-times.ts';
import { format, words } from '../../words/words.ts';
import { type Actions, draggedRange } from '../actions.ts';
import { ownerName } from '../owner-name.ts';
import type { TraceView } from '../view.ts';
import type { ColumnWidths } from './waterfall.tsx';

export interface PointerState {
  /** px from the left edge of the timeline. */
  readonly x: number;
  /** Where a drag began. */
  readonly from?: number;
}

/** A hand trembles: less than this is a click. */
const dragFromPx = 4;

export function usePointer(
  view: TraceView,
  actions: Actions,
  scroller: RefObject<HTMLDivElement | null>,
  columns: ColumnWidths,
) {
  const state = useSignal<PointerState | undefined>(undefined);
  const at = useRef(columns);
  at.current = columns;
  const xOf = (event: MouseEvent) => {
    const left = scroller.current?.getBoundingClientRect().left ?? 0;
    return event.clientX - left - at.current.tree - at.current.duration;
  };
  const nsAt = (x: number) => {
    const { startNs, endNs } = view.range.peek();
    return startNs + (x / Math.max(at.current.time, 1)) * (endNs - startNs);
  };

  // Not passive: a wheel that zooms must not scroll the page or zoom the browser.
  useEffect(() => {
    const onWheel = (event: WheelEvent) => {
      const x = xOf(event);
      if (event.ctrlKey || event.metaKey) {
        event.preventDefault();
        actions.zoomBy(Math.exp(event.deltaY * 0.004), nsAt(Math.max(0, x)));
        return;
      }
      const sideways = event.shiftKey ? event.deltaY : event.deltaX;
      if (Math.abs(sideways) > Math.abs(event.shiftKey ? 0 : event.deltaY) && x > 0) {
        event.preventDefault();
        actions.panBy(sideways / Math.max(at.current.time, 1));
      }
    };
    const element = scroller.current;
    element?.addEventListener('wheel', onWheel, { passive: false });
    return () => element?.removeEventListener('wheel', onWheel);
  }, []);

  const rowOf = (event: MouseEvent): number => {
    const row = event.target instanceof Element ? event.target.closest('[data-index]') : null;
    return row instanceof HTMLElement ? Number(row.dataset['index']) : -1;
  };
  return {
    state,
    handlers: {
      onPointerMove(event: PointerEvent) {
        const x = xOf(event);
        const from = state.peek()?.from;
        if (from !== undefined) state.value = { x: Math.max(0, Math.min(at.current.time, x)), from };
        else state.value = x >= 0 && x <= at.current.time && event.pointerType === 'mouse' ? { x } : undefined;
      },
      onPointerLeave() {
        if (state.peek()?.from === undefined) state.value = undefined;
      },
      onPointerDown(event: PointerEvent) {
        const x = xOf(event);
        if (event.button !== 0 || event.pointerType !== 'mouse' || x < 0 || x > at.current.time) return;
        state.value = { x, from: x };
        scroller.current?.setPointerCapture(event.pointerId);
      },
      onPointerUp(event: PointerEvent) {
        const now = state.peek();
        if (now?.from === undefined) return;
        state.value = { x: now.x };
        scroller.current?.releasePointerCapture(event.pointerId);
        if (Math.abs(now.x - now.from) >= dragFromPx) {
          actions.setZoom(draggedRange(view, nsAt(now.from), nsAt(now.x)), 'step');
        } else {
          const under = document.elementFromPoint(event.clientX, event.clientY)?.closest('[data-index]');
          if (under instanceof HTMLElement) open(view, actions, Number(under.dataset['index']));
        }
      },
      onClick(event: MouseEvent) {
        // The timeline's clicks are told from drags when the pointer goes up.
        if (xOf(event) < 0 || !(event instanceof PointerEvent) || event.pointerType !== 'mouse') {
          open(view, actions, rowOf(event));
        }
      },
      onDblClick(event: MouseEvent) {
        if (xOf(event) >= 0) actions.setZoom(view.whole.peek(), 'step');
      },
    },
  };
}

function open(view: TraceView, actions: Actions, index: number): void {
  const visible = view.layout.peek().rows[index];
  if (visible === undefined) return;
  actions.goTo(index);
  if (visible.kind === 'span') actions.select(visible.row);
  else actions.toggle(visible);
}

/** The hairline under the pointer with the owner of its instant, or the range that a drag takes. */
export function Pointer(props: {
  readonly view: TraceView;
  readonly state: Signal<PointerState | undefined>;
  readonly columns: ColumnWidths;
}) {
  const { view, columns } = props;
  const state = props.state.value;
  if (state === undefined) return null;
  const { duration } = format();
  const range = view.range.value;
  const nsAt = (x: number) => range.startNs + (x / Math.max(columns.time, 1)) * (range.endNs - range.startNs);
  const left = columns.tree + columns.duration;
  if (state.from !== undefined && Math.abs(state.x - state.from) >= dragFromPx) {
    const x0 = Math.min(state.x, state.from);
    const x1 = Math.max(state.x, state.from);
    return (
      <div class="t-drag" style={{ left: `${left + x0}px`, width: `${x1 - x0}px` }}>
        <span class="num">{duration(nsAt(x1) - nsAt(x0))}</span>
      </div>
    );
  }
  const ns = nsAt(state.x);
  const { path } = view.loaded.value;
  const owner = path.row[segmentAt(path, ns)] ?? -1;
  const visible = view.layout.value.rows[view.layout.value.indexOf[owner] ?? -1];
  const t = words().trace.rows;
  const side = state.x > columns.time / 2 ? 't-left' : 't-right';
  return (
    <div class={`t-hair ${side}`} style={{ left: `${left + state.x}px` }}>
      <span class="num">
        {t.owner(duration(ns - view.whole.value.startNs), visible === undefined ? t.nobody : ownerName(view, visible))}
      </span>
    </div>
  );
}
