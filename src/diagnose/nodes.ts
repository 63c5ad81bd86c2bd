/** The path's time by operation: every ns of it belongs to exactly one node. */
import type { Trace } from '../model/trace.ts';
import type { Path } from './critical-path.ts';
import { normalizeName } from './normalize-name.ts';
import { ownPathTimes, subtreePathTimes } from './path-times.ts';
import { type Usuals, usualOwnTimes } from './usual.ts';

/** All rows of one service and one operation that own a part of the path. */
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
}

export function nodesOnPath(trace: Trace, path: Path, usuals: Usuals | undefined): Node[] {
  const own = ownPathTimes(trace, path);
  const usualOwn = usualOwnTimes(trace, subtreePathTimes(trace, path), usuals);
  const operations = trace.names.map(normalizeName);
  const groups = new Map<string, number[]>();
  own.forEach((ns, row) => {
    if (ns <= 0) return;
    const key = `${trace.service[row]} ${operations[trace.name[row] ?? 0]}`;
    const group = groups.get(key);
    if (group === undefined) groups.set(key, [row]);
    else group.push(row);
  });
  return [...groups.values()].map((rows): Node => {
    rows.sort((a, b) => (own[b] ?? 0) - (own[a] ?? 0) || a - b);
    const [first = 0] = rows;
    const name = trace.name[first] ?? 0;
    const contributionNs = rows.reduce((sum, row) => sum + (own[row] ?? 0), 0);
    return {
      service: trace.services[trace.service[first] ?? 0] ?? '',
      operation: (rows.every((row) => trace.name[row] === name) ? trace.names : operations)[name] ?? '',
      rows,
      contributionNs,
      usualNs: usualOf(rows, contributionNs, usualOwn),
    };
  });
}

/**
 * What one call usually takes is known, how many calls are usual is not. So of several calls the usual counts only where
 * each is slow by itself: then there is an excess however many there usually are.
 */
function usualOf(rows: readonly number[], contributionNs: number, usualOwn: Float64Array): number | undefined {
  const usual = rows.reduce((sum, row) => sum + (usualOwn[row] ?? Number.NaN), 0);
  if (Number.isNaN(usual)) return undefined;
  return rows.length === 1 || usual <= contributionNs / 2 ? usual : undefined;
}
