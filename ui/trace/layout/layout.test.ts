import { describe, expect, test } from 'vitest';
import { idOf, traceOf } from './example.ts';
import { focusRows } from './focus.ts';
import { minimapPixels, minimapY } from './minimap.ts';
import { indexSpans } from './span-index.ts';
import { axisTicks } from './ticks.ts';
import { wholeRange } from './whole.ts';
import { isWhole, panRange, rangeBetween, zoomRange } from './zoom.ts';

describe('focus', () => {
  test('keeps owners of half a percent of the path, errors, what is asked for, and their ancestors', () => {
    const trace = traceOf(`
      shop checkout 0 1000
        a small 0 4
        b parent 5 900
          c owner 6 16
        d parent 901 950
          e failed 902 903 error
        f parent 960 970
          g wanted 961 962
    `);
    const own = Float64Array.from([980, 4, 0, 10, 0, 0, 0, 0]);
    expect([...focusRows(trace, own, [7])]).toEqual([1, 0, 1, 1, 1, 1, 1, 1]);
  });

  test('stops at the first 50 errors', () => {
    const errors = Array.from({ length: 80 }, (_, i) => `  a e ${i} ${i + 1} error`).join('\n');
    const trace = traceOf(`shop checkout 0 1000\n${errors}`);
    const focus = focusRows(trace, new Float64Array(trace.count), []);
    expect(focus.reduce((sum, one) => sum + one, 0)).toBe(51);
    expect([focus[50], focus[51]]).toEqual([1, 0]);
  });
});

describe('the index of span ids', () => {
  test('finds each row, and nothing for an id that is not there or none', () => {
    const trace = traceOf(Array.from({ length: 3000 }, (_, i) => `a b ${i} ${i + 1}`).join('\n'));
    const index = indexSpans(trace);
    for (const n of [1, 2, 1500, 3000]) expect(index.rowOf(idOf(n))).toBe(n - 1);
    expect(index.rowOf(idOf(3001))).toBe(-1);
    expect(index.rowOf('xyz')).toBe(-1);
    expect(indexSpans(traceOf('')).rowOf(idOf(1))).toBe(-1);
  });
});

describe('the axis', () => {
  test('has marks at round values, as close as asked and not closer', () => {
    expect(axisTicks({ startNs: 0, endNs: 500 }, 500, 90).map((tick) => tick.ns)).toEqual([0, 100, 200, 300, 400, 500]);
    expect(axisTicks({ startNs: 130, endNs: 630 }, 250, 90).map((tick) => tick.ns)).toEqual([200, 400, 600]);
    expect(axisTicks({ startNs: 0, endNs: 0 }, 500, 90)).toEqual([]);
  });
});

describe('the time shown', () => {
  test('reaches from the first to the last span', () => {
    const trace = traceOf(`
      shop checkout 100 200
        mail late 150 900 consumer
    `);
    expect(wholeRange(trace, 0)).toEqual({ startNs: 0, endNs: 800 });
  });

  test('leaves out what a wild clock puts far away', () => {
    const trace = traceOf(`
      shop checkout 0 100
        mail late 5000000 5000010
    `);
    expect(wholeRange(trace, 0)).toEqual({ startNs: 0, endNs: 100 });
  });
});

describe('zoom', () => {
  const whole = { startNs: 0, endNs: 1000 };
  test('keeps the instant under the pointer where it is', () => {
    expect(zoomRange(whole, whole, 0.5, 200)).toEqual({ startNs: 100, endNs: 600 });
  });
  test('never leaves the whole, and ends at 10 ns', () => {
    expect(zoomRange({ startNs: 0, endNs: 100 }, whole, 2, 0)).toEqual({ startNs: 0, endNs: 200 });
    expect(zoomRange({ startNs: 0, endNs: 12 }, whole, 0.01, 0)).toEqual({ startNs: 0, endNs: 10 });
    expect(panRange({ startNs: 900, endNs: 1000 }, whole, 0.5)).toEqual({ startNs: 900, endNs: 1000 });
    expect(panRange({ startNs: 500, endNs: 600 }, whole, -0.5)).toEqual({ startNs: 450, endNs: 550 });
    expect(rangeBetween(700, 300, whole)).toEqual({ startNs: 300, endNs: 700 });
    expect(isWhole(zoomRange(whole, whole, 9, 5), whole)).toBe(true);
  });
});

describe('the minimap', () => {
  test('paints each span at its height in its service', () => {
    const trace = traceOf(`
      shop checkout 0 10
        auth login 2 4
    `);
    const pixels = minimapPixels(trace, Int32Array.of(0, 1), 2, { startNs: 0, endNs: 10 }, 10, 24);
    expect([...pixels.subarray(0, 10)]).toEqual(Array.from({ length: 10 }, () => 1));
    expect([...pixels.subarray(40, 50)]).toEqual([0, 0, 2, 2, 0, 0, 0, 0, 0, 0]);
    expect(minimapY(1, 2, 24)).toBe(6);
  });
});
