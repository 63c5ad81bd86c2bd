/** Calls that wait for each other without need. */
import type { Claim } from '../claims.ts';
import { childrenOf, endOf, isCall, nameOf, type Scene, startOf } from '../scene.ts';
import { sentence } from '../sentences/sentence.ts';
import { isOneByOne, longestOf, totalNs } from '../siblings.ts';

const leastCalls = 3;
/** Reads do not depend on each other by what they change; whether one needs another's answer no trace tells. */
const reads = /^\s*(?:get|head|select|find|fetch|read|list|load|query|search|hget|mget|lookup)/i;

/**
 * In one trace alone only the plain case counts: three different reads and more, each begun as soon as the one before had ended,
 * none of them most of the time, together more than half of the whole. Together they would take as long as the longest, so
 * all others are claimed.
 */
export function findSerialCalls(scene: Scene, parent: number): Claim | undefined {
  const { trace, path } = scene;
  const calls = childrenOf(trace, parent).filter((row) => isCall(trace, row) && (scene.below[row] ?? 0) > 0);
  if (calls.length < leastCalls || !calls.every((row) => reads.test(nameOf(trace, row)))) return undefined;
  if (new Set(calls.map((row) => scene.place[row])).size < calls.length || !isOneByOne(trace, calls)) return undefined;
  const total = totalNs(trace, calls);
  const longest = longestOf(trace, calls);
  const longestNs = trace.durationNs[longest] ?? 0;
  const spannedNs = endOf(trace, calls.at(-1) ?? 0) - startOf(trace, calls[0] ?? 0);
  const areClose = spannedNs - total <= total / 20;
  if (!areClose || longestNs > total * 0.6 || total < (trace.durationNs[path.root] ?? 0) / 2) return undefined;
  return {
    at: [parent],
    parent,
    tops: calls.filter((row) => row !== longest),
    gaps: () => [],
    finding: (language) => ({
      kind: 'serial-calls',
      sentence: sentence('serial-calls', { n: calls.length, p: longestNs }, language),
    }),
  };
}
