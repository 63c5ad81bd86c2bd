import { useSignal } from '@preact/signals';
import { useEffect } from 'preact/hooks';
import { stats } from './live.ts';
import { type Range, rangeBounds } from './range.ts';
import { range } from './router.ts';

/** A range's bounds that follow "now", and what arrived since they were taken. */
export interface LiveRange {
  readonly startUs: number;
  readonly endUs: number;
  /** Spans stored since the bounds were taken, while they are held. */
  readonly newSpans: number;
  /** Takes the bounds again, now. */
  refresh(): void;
  /** For the list's element: while the pointer is inside nothing moves. */
  readonly hold: { onPointerEnter(): void; onPointerLeave(): void };
}

/**
 * The bounds of the page's range. A range that ends now is taken again as spans arrive, unless the pointer is inside
 * the list (`hold`), the window is hidden, or the range is between two moments.
 */
export function useLiveRange(): LiveRange {
  const asOf = useSignal(takeNow());
  const isHeld = useSignal(false);
  const of = range.value;
  const key = of.kind === 'last' ? of.text : `${of.startUs} ${of.endUs}`;
  useEffect(() => {
    asOf.value = takeNow();
    if (of.kind === 'between') return;
    const timer = setInterval(() => {
      const hasNew = storedSpans() !== asOf.peek().stored;
      if (hasNew && !isHeld.peek() && document.visibilityState === 'visible') asOf.value = takeNow();
    }, refreshMs(of));
    return () => clearInterval(timer);
  }, [key]);
  return {
    ...rangeBounds(of, asOf.value.ms),
    newSpans: isHeld.value && of.kind === 'last' ? Math.max(0, storedSpans() - asOf.value.stored) : 0,
    refresh: () => {
      asOf.value = takeNow();
    },
    hold: {
      onPointerEnter: () => {
        isHeld.value = true;
      },
      onPointerLeave: () => {
        isHeld.value = false;
      },
    },
  };
}

/** A longer range changes slower and costs more to ask: every 2 s for minutes, every 30 s for days. */
export function refreshMs(of: Extract<Range, { kind: 'last' }>): number {
  return Math.min(30_000, Math.max(2000, of.ms / 720));
}

function takeNow() {
  return { ms: Date.now(), stored: storedSpans() };
}

function storedSpans(): number {
  return stats.value?.signals.traces.stored ?? 0;
}
