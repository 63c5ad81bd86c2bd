/** One of several parallel calls that all others had to wait for. */
import { median } from '../statistics.ts';
import type { NodeKind } from '../kinds.ts';
import { childrenOf, endOf, type Scene, startOf } from '../scene.ts';
import { sentence } from '../sentences/sentence.ts';

const leastOthers = 2;
/** So many times the others' median is out of line. */
const farOff = 2.5;
/** Bounds that keep a trace of 100,000 spans quick: nothing is lost that a person would want named. */
const leastShare = 0.02;
const mostLevels = 50;

/** The cause may lie below the late call: its operation is named, as what was late in it. */
export const straggler: NodeKind = (node, scene, language) => {
  const late = findLate(scene, node.rows[0] ?? -1, node.contributionNs);
  if (late === undefined) return undefined;
  const values = { n: late.count, slow: late.slowNs, median: late.medianNs };
  return { kind: 'straggler', sentence: sentence('straggler', values, language) };
};

/** The parallel call, at or above `row`, that came late and owes at least half of its time to `contributionNs`. */
export function findLate({ trace, path, place, below }: Scene, row: number, contributionNs: number) {
  if (contributionNs < (trace.durationNs[path.root] ?? 0) * leastShare) return undefined;
  for (let at = row, up = 0; at > path.root && up < mostLevels; at = trace.parent[at] ?? -1, up++) {
    const siblings = childrenOf(trace, trace.parent[at] ?? -1).filter((other) => place[other] === place[at]);
    if (siblings.length <= leastOthers || contributionNs < (below[at] ?? 0) / 2) continue;
    const others = siblings.filter((other) => other !== at && runTogether(trace, other, at));
    if (others.length < leastOthers || others.length < (siblings.length - 1) / 2) continue;
    const medianNs = median(others.map((other) => trace.durationNs[other] ?? 0));
    const slowNs = trace.durationNs[at] ?? 0;
    if (slowNs >= medianNs * farOff) return { count: others.length + 1, slowNs, medianNs };
  }
  return undefined;
}

function runTogether(trace: Scene['trace'], a: number, b: number): boolean {
  const shared = Math.min(endOf(trace, a), endOf(trace, b)) - Math.max(startOf(trace, a), startOf(trace, b));
  return shared >= (trace.durationNs[a] ?? 0) / 2;
}
