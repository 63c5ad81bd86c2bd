/**
 * Patterns of several spans claim path time as a whole: the time of whole subtrees, and of gaps between them. Every ns has one
 * owner, so what is claimed is not counted at the operations below it again.
 */
import type { Trace } from '../model/trace.ts';
import type { Finding } from './kinds.ts';
import { segmentAt } from './path-times.ts';
import { findNPlusOne } from './patterns/n-plus-one.ts';
import { findQueueWaits } from './patterns/queue.ts';
import { findRetry } from './patterns/retry.ts';
import { findSerialCalls } from './patterns/serial-calls.ts';
import type { Scene } from './scene.ts';
import { siblingsBelow } from './siblings.ts';
import type { Language } from './verdict-types.ts';

export interface Claim {
  /** Where the cause is: a row of the operation that is named. */
  readonly at: readonly number[];
  readonly parent: number;
  /** Rows whose subtrees are claimed. */
  readonly tops: readonly number[];
  /** Intervals of the parent's own time (ns as in `Trace`) that are claimed, too. */
  readonly gaps: readonly { readonly fromNs: number; readonly toNs: number }[];
  /** How many of the claimed calls would be there if all were well; undefined where that is not known. */
  readonly neededCalls?: number;
  readonly finding: (language: Language) => Finding;
}

/** Less of the whole than this is not worth a pattern. */
const leastShare = 0.1;

/** No two claims overlap: what encloses goes first, and below it nothing is claimed again. */
export function findClaims(scene: Scene): Claim[] {
  const { trace, path } = scene;
  if (path.root < 0) return [];
  const least = (trace.durationNs[path.root] ?? 0) * leastShare;
  const claims = findQueueWaits(scene).filter(({ gaps }) => gaps.some((gap) => gap.toNs - gap.fromNs >= least));
  const end = path.root + (trace.size[path.root] ?? 1);
  const isClaimed = new Uint8Array(trace.count);
  for (let parent = path.root; parent < end; parent++) {
    if (isClaimed[parent] === 1 || (scene.below[parent] ?? 0) < least) {
      if (isClaimed[parent] === 1 || (scene.below[parent] ?? 0) <= 0) parent += (trace.size[parent] ?? 1) - 1;
      continue;
    }
    for (const claim of claimsBelow(scene, parent)) {
      if (claim.tops.some((row) => isClaimed[row] === 1)) continue;
      if (claim.tops.reduce((sum, row) => sum + (scene.below[row] ?? 0), 0) < least) continue;
      for (const row of claim.tops) isClaimed[row] = 1;
      claims.push(claim);
    }
  }
  return claims;
}

function claimsBelow(scene: Scene, parent: number): Claim[] {
  const groups = siblingsBelow(scene, parent);
  const serial = findSerialCalls(scene, parent);
  return [
    ...groups.flatMap((group) => findRetry(scene, group) ?? []),
    ...groups.flatMap((group) => findNPlusOne(scene, group) ?? []),
    ...(serial === undefined ? [] : [serial]),
  ];
}

/** The claim (its index) that owns each segment of the path, -1 where none does. */
export function claimedSegments({ trace, path }: Pick<Scene, 'trace' | 'path'>, claims: readonly Claim[]): Int32Array {
  const ofRow = claimedRows(trace, claims);
  const ofSegment = Int32Array.from(path.row, (row) => ofRow[row] ?? -1);
  claims.forEach((claim, i) => {
    for (const { fromNs, toNs } of claim.gaps) {
      for (let s = Math.max(0, segmentAt(path, fromNs)); s < path.count && (path.fromNs[s] ?? 0) < toNs; s++) {
        const isInside = (path.fromNs[s] ?? 0) >= fromNs && (path.toNs[s] ?? 0) <= toNs;
        if (path.row[s] === claim.parent && isInside) ofSegment[s] = i;
      }
    }
  });
  return ofSegment;
}

function claimedRows(trace: Trace, claims: readonly Claim[]): Int32Array {
  const ofRow = new Int32Array(trace.count).fill(-1);
  claims.forEach((claim, i) => {
    for (const top of claim.tops) ofRow.fill(i, top, top + (trace.size[top] ?? 1));
  });
  return ofRow;
}
