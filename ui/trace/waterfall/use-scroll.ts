/** Which rows are near the screen, which are on it, and how the page keeps its place when rows come and go. */
import { type ReadonlySignal, type Signal, useSignal } from '@preact/signals';
import type { RefObject } from 'preact';
import { useEffect, useLayoutEffect, useRef } from 'preact/hooks';
import { addressKey, indexOfKey, type TraceView } from '../view.ts';
import type { Size } from '../use-size.ts';

export interface ScrollWindow {
  /** Rows in the document: from `first`, without `end`. */
  readonly first: number;
  readonly end: number;
  /** Rows on the screen, wholly or in part. */
  readonly top: number;
  readonly bottom: number;
}

const rowHeight = 24;
/** Rows kept ready on each side; the window moves in steps, so that most frames of a scroll change nothing. */
const overscan = 8;
const step = 4;

export function useScroll(
  view: TraceView,
  scroller: RefObject<HTMLDivElement | null>,
  size: Signal<Size>,
): ReadonlySignal<ScrollWindow> {
  const state = useSignal<ScrollWindow>({ first: 0, end: 0, top: 0, bottom: 0 });
  const wanted = useRef<number | undefined>(undefined);
  const request = useSignal(0);
  /** The row read at the top of the screen, by its name in the address, and how far it is scrolled out. */
  const anchor = useRef({ key: '', offset: 0 });
  const { rows } = view.layout.value;
  const { height } = size.value;
  void request.value;

  const read = () => {
    const element = scroller.current;
    if (element === null) return;
    const count = view.layout.peek().rows.length;
    const top = Math.min(count, Math.floor(element.scrollTop / rowHeight));
    const bottom = Math.min(count, Math.ceil((element.scrollTop + element.clientHeight) / rowHeight));
    const first = Math.max(0, Math.floor((top - overscan) / step) * step);
    const end = Math.min(count, Math.ceil((bottom + overscan) / step) * step);
    const now = state.peek();
    if (now.first !== first || now.end !== end || now.top !== top || now.bottom !== bottom) {
      state.value = { first, end, top, bottom };
    }
    const visible = view.layout.peek().rows[top];
    if (visible !== undefined) {
      anchor.current = {
        key: addressKey(view.loaded.peek().trace, visible),
        offset: element.scrollTop - top * rowHeight,
      };
    }
  };

  useEffect(() => {
    const element = scroller.current;
    element?.addEventListener('scroll', read, { passive: true });
    return () => element?.removeEventListener('scroll', read);
  }, []);

  useLayoutEffect(() => {
    view.scrollTo.current = (index) => {
      wanted.current = index;
      request.value++;
    };
    // The keyboard may have been put somewhere before there were rows to scroll.
    if (view.cursorIndex.peek() >= 0) view.scrollTo.current(view.cursorIndex.peek());
  }, []);

  // New rows: what was at the top of the screen stays there.
  useLayoutEffect(() => {
    const element = scroller.current;
    const { key, offset } = anchor.current;
    if (element !== null && key !== '') {
      const row = view.loaded.peek().index.rowOf(key.slice(1));
      const index = row < 0 ? -1 : indexOfKey(view.layout.peek(), `${key[0]}${row}`);
      if (index >= 0) element.scrollTop = index * rowHeight + offset;
    }
    read();
  }, [rows]);

  useLayoutEffect(() => {
    view.pageRows.current = Math.max(4, Math.floor(height / rowHeight));
    const element = scroller.current;
    const index = wanted.current;
    wanted.current = undefined;
    if (element !== null && index !== undefined && height > 0) scrollIntoSight(element, index);
    read();
  }, [height, request.value, rows]);

  // Details that come from below must not cover the row that they explain.
  useLayoutEffect(() => {
    const selected = view.selected.peek();
    const element = scroller.current;
    if (element === null || selected < 0 || height === 0) return;
    scrollIntoSight(element, view.layout.peek().indexOf[selected] ?? 0);
    read();
  }, [height]);

  return state;
}

/** By as little as shows the row and two beside it; a jump beyond that puts it in the upper third. */
function scrollIntoSight(element: HTMLElement, index: number): void {
  const margin = Math.min(2 * rowHeight, element.clientHeight / 4);
  const y = index * rowHeight;
  const above = element.scrollTop + margin - y;
  const below = y + rowHeight + margin - (element.scrollTop + element.clientHeight);
  if (above <= 0 && below <= 0) return;
  if (Math.max(above, below) > 3 * rowHeight) element.scrollTop = y - element.clientHeight / 3;
  else element.scrollTop += above > 0 ? -above : below;
}
