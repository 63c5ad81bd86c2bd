import { describe, expect, test } from 'vitest';
import { groupTicks, queueGap, spanBar } from './bars.ts';
import { childRows } from './rows.ts';
import { traceOf } from './example.ts';

const whole = { startNs: 0, endNs: 100 };

describe('a bar', () => {
  test('is solid where the span works itself and a tint where children cover it', () => {
    const trace = traceOf(`
      shop checkout 0 100
        auth login 10 30
        auth again 20 40
        order late 90 120
    `);
    expect(spanBar(trace, 0, whole, 100)).toEqual([
      { x0: 0, x1: 10, kind: 'own' },
      { x0: 10, x1: 40, kind: 'covered' },
      { x0: 40, x1: 90, kind: 'own' },
      { x0: 90, x1: 100, kind: 'covered' },
    ]);
  });

  test('is one column wide at least, and nothing outside the range', () => {
    const trace = traceOf(`
      shop checkout 0 100
        auth instant 50 50
    `);
    expect(spanBar(trace, 1, whole, 100)).toEqual([{ x0: 50, x1: 51, kind: 'own' }]);
    expect(spanBar(trace, 1, { startNs: 60, endNs: 100 }, 100)).toEqual([]);
  });

  test('sums what many small children cover in one column', () => {
    const children = Array.from({ length: 50 }, (_, i) => `  db q ${2 * i} ${2 * i + (i < 25 ? 2 : 0)}`).join('\n');
    const trace = traceOf(`shop checkout 0 100\n${children}`);
    expect(spanBar(trace, 0, whole, 10).map(({ x0, x1, kind }) => [x0, x1, kind])).toEqual([
      [0, 5, 'covered'],
      [5, 10, 'own'],
    ]);
  });

  test('hatches the way there and back of a call whose callee is in the trace', () => {
    const trace = traceOf(`
      shop call 0 100 client
        order orders 20 90 server
    `);
    expect(spanBar(trace, 0, whole, 10).map((run) => run.kind)).toEqual(['waiting', 'covered', 'waiting']);
    const external = traceOf('shop call 0 100 client');
    expect(spanBar(external, 0, whole, 10).map((run) => run.kind)).toEqual(['own']);
  });

  test('hatches the time that a message waited before it was taken', () => {
    const trace = traceOf(`
      shop publish 0 10 producer
        mail send 40 60 consumer
    `);
    expect(queueGap(trace, 1, whole, 100)).toEqual({ x0: 10, x1: 40, kind: 'waiting' });
    expect(queueGap(trace, 0, whole, 100)).toBeUndefined();
  });
});

describe('the ticks of a fold', () => {
  test('stand apart where there is room, and merge where there is none', () => {
    const members = Array.from({ length: 4 }, (_, i) => `  db q ${10 * i} ${10 * i + 10}`).join('\n');
    const trace = traceOf(`shop checkout 0 100\n${members}`);
    expect(groupTicks(trace, childRows(trace, 0), whole, 100).map(({ x0, x1 }) => [x0, x1])).toEqual([
      [0, 10],
      [11, 20],
      [21, 30],
      [31, 40],
    ]);
    expect(groupTicks(trace, childRows(trace, 0), whole, 10)).toEqual([{ x0: 0, x1: 4, kind: 'own' }]);
  });
});
