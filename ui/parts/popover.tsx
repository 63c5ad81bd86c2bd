import type { ComponentChildren } from 'preact';
import { useEffect, useRef, useState } from 'preact/hooks';

/**
 * A button that opens a panel below it. Escape and a press outside close it and give the focus back.
 * `children` gets the function that closes.
 */
export function Popover(props: {
  readonly label: string;
  readonly button: ComponentChildren;
  readonly class?: string;
  readonly align?: 'left' | 'right';
  readonly children: (close: () => void) => ComponentChildren;
}) {
  const [isOpen, setOpen] = useState(false);
  const box = useRef<HTMLDivElement>(null);
  const close = () => {
    setOpen(false);
    box.current?.querySelector('button')?.focus();
  };
  useEffect(() => {
    if (!isOpen) return;
    const outside = (event: Event) => {
      if (event.target instanceof Node && box.current?.contains(event.target) !== true) setOpen(false);
    };
    const escape = (event: KeyboardEvent) => {
      if (event.key !== 'Escape') return;
      event.preventDefault();
      close();
    };
    document.addEventListener('pointerdown', outside);
    document.addEventListener('keydown', escape, true);
    return () => {
      document.removeEventListener('pointerdown', outside);
      document.removeEventListener('keydown', escape, true);
    };
  }, [isOpen]);
  return (
    <div class={`popover ${props.class ?? ''}`} ref={box}>
      <button
        type="button"
        class="control"
        aria-label={props.label}
        aria-haspopup="true"
        aria-expanded={isOpen}
        title={props.label}
        onClick={() => setOpen(!isOpen)}
      >
        {props.button}
      </button>
      {isOpen && <div class={`popover-panel ${props.align ?? 'left'}`}>{props.children(close)}</div>}
    </div>
  );
}
