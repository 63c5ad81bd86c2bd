import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { criticalPath, type Path } from '../../src/diagnose/critical-path.ts';
import { traceOf } from './layout/example.ts';
import { layoutRows } from './layout/rows.ts';
import { calmRuns, ownedByVisible, threadOutside, threadRuns, threadSteps, threadWidth } from './thread.ts';

const trace = traceOf(`
  shop checkout 0 500
    auth login 0 50
    order orders 100 500
      order SELECT 120 470
`);
const path = criticalPath(trace);
const whole = { startNs: 0, endNs: 500 };
const open = layoutRows(trace, { hasFolds: true, culprit: -1, toggled: new Set() });
const closed = layoutRows(trace, { hasFolds: true, culprit: -1, toggled: new Set(['s2']) });

describe('the thread', () => {
  test('goes through the row that owns each instant', () => {
    expect(threadRuns(path, open.indexOf, whole, 50).map(({ x0, x1, index }) => [x0, x1, index])).toEqual([
      [0, 5, 1],
      [5, 10, 0],
      [10, 12, 2],
      [12, 47, 3],
      [47, 50, 2],
    ]);
  });

  test('runs in the nearest row that shows when its owner is folded away', () => {
    expect(threadRuns(path, closed.indexOf, whole, 50).map((run) => run.index)).toEqual([1, 0, 2]);
  });

  test('shows only what a zoom shows', () => {
    const runs = threadRuns(path, open.indexOf, { startNs: 110, endNs: 130 }, 20);
    expect(runs.map(({ x0, x1, index }) => [x0, x1, index])).toEqual([
      [0, 10, 2],
      [10, 20, 3],
    ]);
  });

  test('gives a column to the row that owns most of it, though it does so in pieces', () => {
    const pieces = pathOf([
      [1, 0, 3],
      [2, 3, 7],
      [1, 7, 10],
    ]);
    expect(threadRuns(pieces, Int32Array.of(0, 1, 2), { startNs: 0, endNs: 10 }, 1)).toMatchObject([{ index: 1 }]);
  });

  test('is at most one run a column, in order and inside the picture, whatever the path', () => {
    const pathArb = fc.array(fc.tuple(fc.nat(5), fc.nat(1000), fc.boolean()), { maxLength: 300 }).map((pieces) => {
      let at = 0;
      return pathOf(pieces.map(([row, ns]) => [row, at, (at += ns)]));
    });
    const rangeArb = fc.tuple(fc.integer({ min: -500, max: 10_000 }), fc.integer({ min: 1, max: 20_000 }));
    fc.assert(
      fc.property(pathArb, rangeArb, fc.integer({ min: 1, max: 200 }), (pieces, [startNs, ns], width) => {
        const runs = threadRuns(pieces, Int32Array.of(0, 1, 1, 2, 3, -1), { startNs, endNs: startNs + ns }, width);
        let x = 0;
        for (const run of runs) {
          expect(run.x0).toBeGreaterThanOrEqual(x);
          expect(run.x1).toBeGreaterThan(run.x0);
          x = run.x1;
        }
        expect(x).toBeLessThanOrEqual(width);
      }),
    );
  });

  test('stays in a row that it would leave for too short to see', () => {
    const run = (x0: number, x1: number, index: number) => ({ x0, x1, index, isInferred: false });
    expect(calmRuns([run(0, 10, 1), run(10, 12, 0), run(12, 20, 1), run(20, 21, 0), run(21, 30, 1)], 3)).toEqual([
      run(0, 30, 1),
    ]);
    const steps = [run(0, 10, 1), run(10, 12, 0), run(12, 20, 2)];
    expect(calmRuns(steps, 3)).toEqual(steps);
    const apart = [run(0, 10, 1), run(10, 12, 0), run(15, 20, 1)];
    expect(calmRuns(apart, 3)).toEqual(apart);
  });

  test('is as thick as what its row owns of the whole', () => {
    expect([0.001, 0.01, 0.1, 0.5].map(threadWidth)).toEqual([2, 4, 4, 6]);
  });

  test('says what lies outside the rows on the screen', () => {
    const owned = ownedByVisible(path, open.indexOf, open.rows.length);
    expect([...owned]).toEqual([50, 50, 50, 350]);
    expect(threadOutside(owned, 2, 4)).toEqual({ ns: 400, index: 3 });
    expect(threadOutside(owned, 0, 0)).toBeUndefined();
  });

  test('is told as a list: neighbours joined, short ones gathered, nothing lost', () => {
    const steps = threadSteps(path, closed.indexOf, 60);
    expect(steps).toEqual([
      { index: 1, ns: 100, rows: 2 },
      { index: 2, ns: 400, rows: 1 },
    ]);
    const all = threadSteps(path, open.indexOf, 0);
    expect(all.reduce((sum, step) => sum + step.ns, 0)).toBe(500);
  });
});

function pathOf(pieces: readonly (readonly [row: number, from: number, to: number])[]): Path {
  return {
    root: 0,
    otherRoots: [],
    count: pieces.length,
    row: Int32Array.from(pieces, (p) => p[0]),
    fromNs: Float64Array.from(pieces, (p) => p[1]),
    toNs: Float64Array.from(pieces, (p) => p[2]),
    inferred: new Uint8Array(pieces.length),
    notWaitedFor: [],
    moved: [],
  };
}
