/** A long stretch in a service that shows its calls, of which no span tells anything. */
import type { NodeKind } from '../kinds.ts';
import { childrenOf, isCall, nameOf, type Scene } from '../scene.ts';
import { sentence } from '../sentences/sentence.ts';

/** Of the whole: less may be work of its own. */
const leastShare = 0.3;

/**
 * Only between two calls, and only while nothing is known of what is usual: a stretch that grew is the span's own work that grew.
 */
export const missingInstrumentation: NodeKind = (node, scene, language) => {
  const wholeNs = scene.trace.durationNs[scene.path.root] ?? 0;
  if (node.usualNs !== undefined || node.contributionNs < wholeNs * leastShare) return undefined;
  const gap = longestGap(scene, node.rows);
  if (gap === undefined || gap.ns < wholeNs * leastShare || gap.ns < node.contributionNs / 2) return undefined;
  const values = { ms: gap.ns, a: nameOf(scene.trace, gap.before), b: nameOf(scene.trace, gap.after) };
  return { kind: 'missing-instrumentation', sentence: sentence('missing-instrumentation', values, language) };
};

/** The longest segment of one of the rows that lies between two of its calls. */
function longestGap({ trace, path }: Scene, rows: readonly number[]) {
  const wanted = new Set(rows.filter((row) => childrenOf(trace, row).some((child) => isCall(trace, child))));
  let longest: { ns: number; before: number; after: number } | undefined;
  for (let i = 1; i < path.count - 1; i++) {
    const row = path.row[i] ?? -1;
    if (!wanted.has(row)) continue;
    const ns = (path.toNs[i] ?? 0) - (path.fromNs[i] ?? 0);
    const before = childAbove(trace, path.row[i - 1] ?? -1, row);
    const after = childAbove(trace, path.row[i + 1] ?? -1, row);
    if (before >= 0 && after >= 0 && ns > (longest?.ns ?? 0)) longest = { ns, before, after };
  }
  return longest;
}

/** The child of `parent` that holds `row`, or -1. */
function childAbove(trace: Scene['trace'], row: number, parent: number): number {
  let at = row;
  while (at > parent && trace.parent[at] !== parent) at = trace.parent[at] ?? -1;
  return at > parent ? at : -1;
}
