/** One call for each item of a list, one after another, where one call for all would do. */
import { spanKind } from '../../model/span.ts';
import type { Claim } from '../claims.ts';
import { childrenOf, isCall, type Scene } from '../scene.ts';
import { sentence } from '../sentences/sentence.ts';
import { isOneByOne, longestOf, type Siblings, totalNs } from '../siblings.ts';

/** From how many calls on a loop is suspicious by itself. */
const manyCalls = 10;

/** Calls that run together are no loop of waiting; nor are many where one takes half of the time: that one is the cause. */
export function findNPlusOne(scene: Scene, siblings: Siblings): Claim | undefined {
  const { trace } = scene;
  const { parent, rows } = siblings;
  if (rows.length <= manyCalls || !isOneByOne(trace, rows)) return undefined;
  const total = totalNs(trace, rows);
  if ((trace.durationNs[longestOf(trace, rows)] ?? 0) > total / 2) return undefined;
  const values = { n: rows.length, each: total / rows.length };
  return {
    at: calledIn(scene, rows),
    parent,
    tops: rows,
    gaps: () => [],
    finding: (language) => ({ kind: 'n-plus-one', sentence: sentence('n-plus-one', values, language) }),
  };
}

/**
 * The call itself where a library wraps each in a span of its own (`User.load` around `SELECT users`): that is what is repeated.
 */
export function calledIn(scene: Scene, rows: readonly number[]): readonly number[] {
  const { trace } = scene;
  let at = rows;
  while (at.every((row) => trace.kind[row] === spanKind.internal && !isCall(trace, row))) {
    const inside = at.map((row) => childrenOf(trace, row));
    const only = inside.map(([child]) => child ?? -1);
    const [first = -1] = only;
    const isWrapped = inside.every(
      (children, i) => children.length === 1 && scene.place[only[i] ?? -1] === scene.place[first],
    );
    if (!isWrapped || trace.service[first] !== trace.service[at[0] ?? 0]) break;
    at = only;
  }
  return at;
}
