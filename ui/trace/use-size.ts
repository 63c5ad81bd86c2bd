import { type Signal, useSignal } from '@preact/signals';
import { type RefObject } from 'preact';
import { useLayoutEffect } from 'preact/hooks';

export interface Size {
  /** CSS px inside the scroll bar. */
  readonly width: number;
  readonly height: number;
  /** What the scroll bar takes. */
  readonly bar: number;
}

/** An element's inner size, followed. */
export function useSize(ref: RefObject<HTMLElement | null>): Signal<Size> {
  const size = useSignal<Size>({ width: 0, height: 0, bar: 0 });
  useLayoutEffect(() => {
    const element = ref.current;
    if (element === null) return;
    const read = () => {
      const next = {
        width: element.clientWidth,
        height: element.clientHeight,
        bar: element.offsetWidth - element.clientWidth,
      };
      const now = size.peek();
      if (next.width !== now.width || next.height !== now.height || next.bar !== now.bar) size.value = next;
    };
    read();
    const observer = new ResizeObserver(read);
    observer.observe(element);
    return () => observer.disconnect();
  }, []);
  return size;
}
