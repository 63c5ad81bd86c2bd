import { useComputed, useSignal } from '@preact/signals';
import { useEffect } from 'preact/hooks';
import { stats } from './live.ts';
import { type Range, rangeBounds, rangeKey } from './range.ts';
import { range } from './router.ts';

/** A range's bounds that follow "now", and what arrived since they were taken. */
export interface LiveRange {
  readonly startUs: number;
  readonly endUs: number;
  /** Spans stored since the bounds were taken, while they are held. */
  readonly newSpans: number;
  /** Takes the bounds again, now. */
  readonly refresh: () => void;
  /** For the list's element: while the pointer is inside nothing moves. */
  readonly hold: { readonly onPointerEnter: () => void; readonly onPointerLeave: () => void };
}

/**
 * The bounds of the page's range. A range that ends now is taken again as spans arrive, unless somebody reads the list (the
 * pointer is inside, or the page is scrolled), the window is hidden, or the range is between two moments.
 */
export function useLiveRange(): LiveRange {
  const asOf = useSignal(takeNow());
  const isInside = useSignal(false);
  const isScrolled = useSignal(false);
  const isHeld = useComputed(() => isInside.value || isScrolled.value);
  const of = range.value;
  // The bounds were taken before the first figures came: those are what "since" means.
  if (asOf.value.stored === undefined && storedSpans() !== undefined)
    asOf.value = { ...asOf.value, stored: storedSpans() };
  const key = rangeKey(of);
  useEffect(() => {
    asOf.value = takeNow();
    if (of.kind === 'between') return;
    const timer = setInterval(() => {
      const hasNew = storedSpans() !== asOf.peek().stored;
      if (hasNew && !isHeld.peek() && document.visibilityState === 'visible') asOf.value = takeNow();
    }, refreshMs(of));
    return () => clearInterval(timer);
  }, [key]);
  useEffect(() => {
    const scroll = () => {
      isScrolled.value = window.scrollY > 120;
    };
    window.addEventListener('scroll', scroll, { passive: true });
    return () => window.removeEventListener('scroll', scroll);
  }, []);
  return {
    ...rangeBounds(of, asOf.value.ms),
    newSpans: isHeld.value && of.kind === 'last' ? arrivedSince(asOf.value.stored) : 0,
    refresh: () => {
      asOf.value = takeNow();
    },
    hold: {
      onPointerEnter: () => {
        isInside.value = true;
      },
      onPointerLeave: () => {
        isInside.value = false;
      },
    },
  };
}

/** A longer range changes slower and costs more to ask: every 2 s for minutes, every 30 s for days. */
export function refreshMs(of: Extract<Range, { kind: 'last' }>): number {
  return Math.min(30_000, Math.max(2000, of.ms / 720));
}

function takeNow(): { readonly ms: number; readonly stored: number | undefined } {
  return { ms: Date.now(), stored: storedSpans() };
}

/** Undefined until the server told. */
function storedSpans(): number | undefined {
  return stats.value?.signals.traces.stored;
}

function arrivedSince(stored: number | undefined): number {
  return Math.max(0, (storedSpans() ?? 0) - (stored ?? storedSpans() ?? 0));
}
