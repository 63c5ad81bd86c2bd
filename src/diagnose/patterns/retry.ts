/** The same call again after it failed: all tries count, and the pauses between them. */
import { type Claim, segmentsBetween } from '../claims.ts';
import { errorNameOf } from '../error-name.ts';
import { endOf, isFailed, type Scene, startOf } from '../scene.ts';
import { sentence } from '../sentences/sentence.ts';
import { mean } from '../statistics.ts';
import type { Siblings } from '../siblings.ts';

/** Two clocks' worth of overlap between a try and the next. */
const overlapNs = 1e6;

/**
 * Tries are calls of exactly one name (another id is another call), each begun after the one before had failed. The last may
 * have succeeded. A loop of calls of which some fail is none.
 */
export function findRetry(scene: Scene, { parent, rows }: Siblings): Claim | undefined {
  const { trace } = scene;
  const [first = 0] = rows;
  const failed = rows.filter((row) => isFailed(trace, row));
  const isOneCall = rows.every((row) => trace.name[row] === trace.name[first]);
  const areTries = rows.slice(0, -1).every((row, i) => {
    const next = rows[i + 1] ?? row;
    const slack = Math.min(overlapNs, (trace.durationNs[row] ?? 0) / 2);
    return isFailed(trace, row) && startOf(trace, next) >= endOf(trace, row) - slack;
  });
  if (!isOneCall || !areTries) return undefined;
  const gap = mean(gapsBetween(scene, rows));
  return {
    at: [rows.at(-1) ?? first],
    parent,
    tops: rows,
    gaps: () => segmentsBetween(scene, parent, rows),
    neededCalls: 1,
    finding: (language) => ({
      kind: 'retry',
      sentence: sentence(
        'retry',
        { n: rows.length, e: failed.length, error: errorNameOf(scene, failed[0] ?? first, language), gap },
        language,
      ),
    }),
  };
}

/** ns between each try's end and the next one's start. */
export function gapsBetween({ trace }: Scene, rows: readonly number[]): number[] {
  return rows.slice(1).map((row, i) => Math.max(0, startOf(trace, row) - endOf(trace, rows[i] ?? row)));
}
