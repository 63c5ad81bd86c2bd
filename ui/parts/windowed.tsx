import type { ComponentChildren } from 'preact';
import { useLayoutEffect, useRef, useState } from 'preact/hooks';
import { type RowWindow, rowWindow } from './window.ts';

/**
 * A long list that scrolls with the page: only the rows in view are in the document.
 * @param rowHeight px, the same for every row
 */
export function Windowed(props: {
  readonly count: number;
  readonly rowHeight: number;
  readonly row: (index: number) => ComponentChildren;
}) {
  const { count, rowHeight } = props;
  const box = useRef<HTMLDivElement>(null);
  const [view, setView] = useState<RowWindow>({ first: 0, end: 60 });
  useLayoutEffect(() => {
    const measure = () => {
      const top = -(box.current?.getBoundingClientRect().top ?? 0);
      const next = rowWindow(top, window.innerHeight, rowHeight, count, 12);
      setView((old) => (old.first === next.first && old.end === next.end ? old : next));
    };
    measure();
    window.addEventListener('scroll', measure, { passive: true });
    window.addEventListener('resize', measure);
    return () => {
      window.removeEventListener('scroll', measure);
      window.removeEventListener('resize', measure);
    };
  }, [count, rowHeight]);
  const first = Math.min(view.first, count);
  const end = Math.min(view.end, count);
  return (
    <div ref={box} role="rowgroup" style={{ height: `${count * rowHeight}px`, paddingTop: `${first * rowHeight}px` }}>
      {Array.from({ length: Math.max(0, end - first) }, (_, i) => props.row(first + i))}
    </div>
  );
}
