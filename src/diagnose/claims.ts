/**
 * Patterns of several spans claim path time as a whole: the time of whole subtrees, and of gaps between them. Every ns has one
 * owner, so what is claimed is not counted at the operations below it again.
 */
import type { Trace } from '../model/trace.ts';
import type { Finding } from './kinds.ts';
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
  /** Segments of the path, the parent's own, that are claimed, too. */
  gaps(): readonly number[];
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
  const claims = findQueueWaits(scene).filter((claim) => claim.gaps().some((i) => lengthOf(path, i) >= least));
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

export function lengthOf(path: Scene['path'], segment: number): number {
  return (path.toNs[segment] ?? 0) - (path.fromNs[segment] ?? 0);
}

/** The parent's own segments after the first of `tops` has begun and before the last has: by the path, whatever clocks say. */
export function segmentsBetween(
  { trace, path }: Pick<Scene, 'trace' | 'path'>,
  parent: number,
  tops: readonly number[],
) {
  const isIn = new Uint8Array(trace.count);
  for (const top of tops) isIn.fill(1, top, top + (trace.size[top] ?? 1));
  const first = path.row.findIndex((row) => isIn[row] === 1);
  const last = path.row.findLastIndex((row) => isIn[row] === 1);
  const between: number[] = [];
  for (let i = first + 1; i < last; i++) if (path.row[i] === parent) between.push(i);
  return between;
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
    for (const segment of claim.gaps()) ofSegment[segment] = i;
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
