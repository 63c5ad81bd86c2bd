/** The time strip: the whole duration as one bar, cut by cause. Pieces under 2 % gather as "other". */
import type { TraceVerdict } from '../../src/diagnose/verdict-types.ts';

const leastShare = 0.02;

export interface StripPiece {
  /** Place in `verdict.causes`, or what the piece is when it is no single cause. */
  readonly cause: number | 'other' | 'unexplained';
  readonly ns: number;
  /** Of the whole duration, 0..1. */
  readonly share: number;
}

/** Largest first, then "other", then what no cause explains; the shares add up to 1. */
export function cutStrip(verdict: Pick<TraceVerdict, 'causes' | 'duration_ns' | 'unexplained_ns'>): StripPiece[] {
  const whole = verdict.duration_ns;
  if (!(whole > 0)) return [];
  const share = (ns: number) => ns / whole;
  const pieces = verdict.causes
    .map((cause, i): StripPiece => ({ cause: i, ns: cause.contribution_ns, share: share(cause.contribution_ns) }))
    .filter((piece) => piece.ns > 0)
    .sort((a, b) => b.ns - a.ns);
  const large = pieces.filter((piece) => piece.share >= leastShare);
  const otherNs = pieces.reduce((sum, piece) => sum + (piece.share < leastShare ? piece.ns : 0), 0);
  if (otherNs > 0) large.push({ cause: 'other', ns: otherNs, share: share(otherNs) });
  if (verdict.unexplained_ns > 0) {
    large.push({ cause: 'unexplained', ns: verdict.unexplained_ns, share: share(verdict.unexplained_ns) });
  }
  return large;
}
