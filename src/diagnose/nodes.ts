/** The path's time by operation: every ns of it belongs to exactly one node. */
import { type Claim, claimedSegments, findClaims } from './claims.ts';
import { type Scene, serviceOf, sharedName } from './scene.ts';
import { type Usuals, usualOfRow, usualOwnTimes } from './usual.ts';

/** All rows of one place in the call tree that own a part of the path, or all that one pattern claims. */
export interface Node {
  readonly service: string;
  /** As sent where all rows agree, else without the ids and literals in which they differ. */
  readonly operation: string;
  /** The costliest first. */
  readonly rows: readonly number[];
  /** ns of the path that they own. */
  readonly contributionNs: number;
  /** ns that they usually own, where that is known. */
  readonly usualNs: number | undefined;
  readonly claim?: Claim;
}

export function nodesOnPath(scene: Scene, usuals: Usuals | undefined): Node[] {
  const { trace, path, place } = scene;
  const usualOwn = usualOwnTimes(trace, scene.below, usuals);
  const claims = findClaims(scene);
  const ofSegment = claimedSegments(scene, claims);
  const groups = new Map<number, Map<number, number>>();
  for (let i = 0; i < path.count; i++) {
    const row = path.row[i] ?? 0;
    // Claims before places: -1 is the first claim, -2 the second.
    const key = (ofSegment[i] ?? -1) < 0 ? (place[row] ?? 0) : -1 - (ofSegment[i] ?? 0);
    let group = groups.get(key);
    if (group === undefined) groups.set(key, (group = new Map()));
    group.set(row, (group.get(row) ?? 0) + (path.toNs[i] ?? 0) - (path.fromNs[i] ?? 0));
  }
  return Array.from(groups, ([key, times]): Node => {
    const claim = claims[-1 - key];
    const contributionNs = sum(times.values());
    // A gap between tries is the parent's row, which is named at its own node.
    if (claim !== undefined) times.delete(claim.parent);
    const owners = times.size === 0 ? (claim?.at ?? []) : [...times.keys()];
    const rows = owners.toSorted((a, b) => (times.get(b) ?? 0) - (times.get(a) ?? 0) || a - b);
    const named = claim?.at ?? rows;
    return {
      service: serviceOf(trace, named[0] ?? 0),
      operation: sharedName(trace, named),
      rows,
      contributionNs,
      usualNs:
        claim === undefined
          ? usualOf(rows, contributionNs, usualOwn)
          : usualOfClaim(scene, claim, contributionNs, usualOwn, usuals),
      ...(claim === undefined ? {} : { claim }),
    };
  });
}

/**
 * What one call usually takes is known, how many calls are usual is not. So of several calls the usual counts only where
 * each is slow by itself: then there is an excess however many there usually are.
 */
function usualOf(rows: readonly number[], contributionNs: number, usualOwn: Float64Array): number | undefined {
  const usual = sum(rows.map((row) => usualOwn[row] ?? Number.NaN));
  if (Number.isNaN(usual)) return undefined;
  return rows.length === 1 || usual <= contributionNs / 2 ? usual : undefined;
}

/**
 * Of a pattern the calls that are needed at all; where that is not known, what the parent's usual leaves for it beside the rest of
 * the parent's time: a loop that is always there is no cause of being slower.
 */
function usualOfClaim(
  { trace, own, below }: Scene,
  { parent, tops, neededCalls }: Claim,
  contributionNs: number,
  usualOwn: Float64Array,
  usuals: Usuals | undefined,
): number | undefined {
  if (neededCalls !== undefined) {
    const usual = usualOfRow(trace, tops[0] ?? 0, usuals);
    return usual === undefined ? undefined : Math.min(contributionNs, usual * neededCalls);
  }
  const parentUsual = usualOfRow(trace, parent, usuals);
  if (parentUsual === undefined) return undefined;
  let restNs = (below[parent] ?? 0) - contributionNs;
  const claimed = new Set(tops);
  for (let row = parent; row < parent + (trace.size[parent] ?? 1); row++) {
    if (claimed.has(row)) {
      row += (trace.size[row] ?? 1) - 1;
      continue;
    }
    const usual = usualOwn[row] ?? Number.NaN;
    if (usual < (own[row] ?? 0)) restNs -= (own[row] ?? 0) - usual;
  }
  return Math.min(contributionNs, Math.max(0, Math.round(parentUsual - restNs)));
}

function sum(values: Iterable<number>): number {
  let total = 0;
  for (const value of values) total += value;
  return total;
}
