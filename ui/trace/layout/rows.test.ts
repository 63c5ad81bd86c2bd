import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { buildTrace, type Trace, type TraceRow } from '../../../src/model/trace.ts';
import { idOf, traceOf } from './example.ts';
import { focusRows } from './focus.ts';
import { layoutRows, revealRow, type RowLayout, type RowOptions } from './rows.ts';

const plain: RowOptions = { hasFolds: true, culprit: -1, toggled: new Set() };

/** One line a row: indentation, then what it is. */
function drawn(trace: Trace, layout: RowLayout): string[] {
  return layout.rows.map((visible) => {
    const name = trace.names[trace.name[visible.row] ?? 0];
    const indent = ' '.repeat(visible.depth);
    switch (visible.kind) {
      case 'span':
        return `${indent}${name}${visible.state === 'closed' ? ' …' : ''}`;
      case 'fold':
        return `${indent}${name} ×${visible.rows.length} ${visible.coveredNs}`;
      case 'hidden':
        return `${indent}(${visible.spans} spans)`;
      case 'missing':
        return `${indent}? ${visible.spanId.slice(-2)}`;
    }
  });
}

const selects = (n: number, more = '') =>
  Array.from({ length: n }, (_, i) => `    order SELECT ${10 * i} ${10 * i + 8}${more}`).join('\n');

describe('the rows of the waterfall', () => {
  test('show a small trace whole, in order of start', () => {
    const trace = traceOf(`
      shop checkout 0 500
        order orders 100 450
          order SELECT 110 440
        auth login 10 60
    `);
    expect(drawn(trace, layoutRows(trace, plain))).toEqual(['checkout', ' login', ' orders', '  SELECT']);
  });

  test('fold five siblings of one name into one, four not', () => {
    const five = traceOf(`shop checkout 0 500\n${selects(5)}\n    order commit 60 70`);
    expect(drawn(five, layoutRows(five, plain))).toEqual(['checkout', ' SELECT ×5 40', ' commit']);
    const four = traceOf(`shop checkout 0 500\n${selects(4)}`);
    expect(layoutRows(four, plain).rows).toHaveLength(5);
  });

  test('never fold an error or the culprit away, nor what has an error below it', () => {
    const trace = traceOf(`shop checkout 0 500\n${selects(6)}\n    order SELECT 70 80\n      db lock 71 72 error`);
    const layout = layoutRows(trace, { ...plain, culprit: 2 });
    expect(drawn(trace, layout)).toEqual(['checkout', ' SELECT ×5 40', ' SELECT', ' SELECT', '  lock']);
    expect(layout.rows[2]?.row).toBe(2);
  });

  test('open a fold that was toggled, its members one level deeper', () => {
    const trace = traceOf(`shop checkout 0 500\n${selects(5)}`);
    const layout = layoutRows(trace, { ...plain, toggled: new Set(['f1']) });
    expect(drawn(trace, layout).slice(0, 3)).toEqual(['checkout', ' SELECT ×5 40', '  SELECT']);
  });

  test('point every span that a closed row hides at that row', () => {
    const trace = traceOf(`
      shop checkout 0 500
        order orders 100 450
          order SELECT 110 440
        order pay 460 480
    `);
    const layout = layoutRows(trace, { ...plain, toggled: new Set(['s1']) });
    expect(drawn(trace, layout)).toEqual(['checkout', ' orders …', ' pay']);
    expect([...layout.indexOf]).toEqual([0, 1, 1, 2]);
  });

  test('stand a hollow row above the orphans of one parent that never arrived', () => {
    const trace = traceOf(`
      shop checkout 0 500
      order orders 100 450 parent=4f
        order SELECT 110 440
      order pay 460 480 parent=4f
      auth login 10 20 parent=77
    `);
    expect(drawn(trace, layoutRows(trace, plain))).toEqual([
      'checkout',
      '? 77',
      ' login',
      '? 4f',
      ' orders',
      '  SELECT',
      ' pay',
    ]);
  });

  test('in focus hide neighbours that do not matter as one row, and a lone one not', () => {
    const trace = traceOf(`
      shop checkout 0 500
        order a 10 11
        order b 12 13
        order slow 20 400
        order c 401 402
    `);
    const focus = focusRows(trace, ownOf(trace, { 3: 380 }), []);
    expect(drawn(trace, layoutRows(trace, { ...plain, focus }))).toEqual(['checkout', ' (2 spans)', ' slow', ' c']);
    const opened = layoutRows(trace, { ...plain, focus, toggled: new Set(['h1']) });
    expect(drawn(trace, opened)).toEqual(['checkout', ' (2 spans)', '  a', '  b', ' slow', ' c']);
  });

  test('reveal a row through folds, hidden groups and closed spans', () => {
    const trace = traceOf(`
      shop checkout 0 500
        order a 10 19
          order deep 11 18
            order deeper 12 17
        order b 12 13
        order slow 20 400
    `);
    const focus = focusRows(trace, ownOf(trace, { 5: 380 }), []);
    const options = { ...plain, focus };
    const layout = layoutRows(trace, { ...options, toggled: revealRow(trace, options, 3) });
    expect(drawn(trace, layout)).toEqual(['checkout', ' (4 spans)', '  a', '   deep', '    deeper', '  b', ' slow']);
  });

  test('close what lies deeper than the levels asked for, and reveal a row in there', () => {
    const trace = traceOf(`
      shop checkout 0 500
        order orders 100 450
          order SELECT 110 440
            db read 120 430
        order pay 460 480
    `);
    const options = { ...plain, levels: 1 };
    expect(drawn(trace, layoutRows(trace, options))).toEqual(['checkout', ' orders …', ' pay']);
    const layout = layoutRows(trace, { ...options, toggled: revealRow(trace, options, 3) });
    expect(drawn(trace, layout)).toEqual(['checkout', ' orders', '  SELECT', '   read', ' pay']);
  });

  test('give each span exactly one row, whatever the tree and what is toggled', () => {
    fc.assert(
      fc.property(treeArb, fc.uniqueArray(fc.tuple(fc.constantFrom('s', 'f', 'h'), fc.nat(60))), (trace, toggles) => {
        const toggled = new Set(toggles.map(([kind, row]) => `${kind}${row}`));
        for (const focus of [undefined, focusRows(trace, new Float64Array(trace.count).fill(1).fill(0, 3), [])]) {
          const layout = layoutRows(trace, { focus, hasFolds: true, culprit: 4, toggled });
          const shown = layout.rows.flatMap((v) => (v.kind === 'span' ? [v.row] : []));
          expect(new Set(shown).size).toBe(shown.length);
          for (let row = 0; row < trace.count; row++) {
            const index = layout.indexOf[row] ?? -1;
            const visible = layout.rows[index];
            expect(visible).toBeDefined();
            if (visible?.kind === 'span' && visible.state !== 'closed') expect(visible.row).toBe(row);
          }
        }
      }),
    );
  });

  test('survive a chain and a fan of 100,000 spans', () => {
    const chain = big((i) => (i === 0 ? '' : idOf(i)));
    expect(layoutRows(chain, plain).rows).toHaveLength(100_000);
    const fan = big((i) => (i === 0 ? '' : idOf(1)));
    expect(layoutRows(fan, plain).rows).toHaveLength(2);
    expect(layoutRows(fan, { ...plain, hasFolds: false }).rows).toHaveLength(100_000);
  });
});

function ownOf(trace: Trace, own: Record<number, number>): Float64Array {
  return Float64Array.from({ length: trace.count }, (_, row) => own[row] ?? 0);
}

function big(parentOf: (i: number) => string): Trace {
  const rows = Array.from({ length: 100_000 }, (_, i): TraceRow => {
    const startNs = BigInt(i);
    const times = { startNs, endNs: 200_000n - startNs };
    return { spanId: idOf(i + 1), parentSpanId: parentOf(i), ...times, service: 's', name: 'n', kind: 1, flags: 0 };
  });
  return buildTrace('ab'.repeat(16), rows);
}

const treeArb = fc
  .array(
    fc.record({
      up: fc.nat(),
      start: fc.nat(100),
      length: fc.nat(50),
      name: fc.nat(2),
      missing: fc.nat(9),
      error: fc.nat(9),
    }),
    { minLength: 1, maxLength: 60 },
  )
  .map((spans) =>
    buildTrace(
      'ab'.repeat(16),
      spans.map(({ up, start, length, name, missing, error }, i) => ({
        spanId: idOf(i + 1),
        parentSpanId: missing === 0 ? idOf(1000 + (up % 3)) : i === 0 ? '' : idOf(1 + (up % i)),
        startNs: BigInt(start),
        endNs: BigInt(start + length),
        service: 's',
        name: `n${name}`,
        kind: 1,
        flags: error === 0 ? 1 : 0,
      })),
    ),
  );
