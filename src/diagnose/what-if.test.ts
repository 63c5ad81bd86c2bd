import fc from 'fast-check';
import { expect, it } from 'vitest';
import { draw, rowNamed, span } from '../../test/fixtures/draw-trace.ts';
import { buildTrace } from '../model/trace.ts';
import { replay } from './what-if.ts';

const faster = (trace: ReturnType<typeof draw>, name: string, factor: number) => {
  const row = rowNamed(trace, name);
  return replay(trace, 0, (at) => (at === row ? factor : 1)) / 1e6;
};

it('what is on the path shortens the whole', () => {
  const trace = draw(span('GET', 0, 500, span('login', 10, 60), span('orders', 70, 470, span('SELECT', 100, 450))));
  expect(faster(trace, 'SELECT', 0.5)).toBe(325);
  expect(faster(trace, 'GET', 0)).toBe(450);
});

it('a parallel sibling bounds what is won, and what nobody waits for wins nothing', () => {
  const trace = draw(span('R', 0, 100, span('A', 10, 40), span('B', 10, 90), span('late', 20, 400)));
  expect(faster(trace, 'B', 0)).toBe(50);
  expect(faster(trace, 'A', 0)).toBe(100);
  expect(faster(trace, 'late', 0)).toBe(100);
});

it('changes nothing where nothing is changed, on any tree', () => {
  const tree = fc.array(fc.record({ up: fc.nat(20), from: fc.nat(1000), ns: fc.nat(1000) }), {
    minLength: 1,
    maxLength: 15,
  });
  fc.assert(
    fc.property(tree, (given) => {
      const trace = buildTrace(
        '00',
        given.map((g, i) => ({
          spanId: (i + 1).toString(16).padStart(16, '0'),
          parentSpanId: i === 0 ? '' : (1 + (g.up % i)).toString(16).padStart(16, '0'),
          startNs: BigInt(g.from),
          endNs: BigInt(g.from + g.ns),
          service: 's',
          name: `op ${i}`,
          kind: 1,
          flags: 0,
        })),
      );
      const root = trace.parent.indexOf(-1);
      expect(replay(trace, root, () => 1)).toBeCloseTo(trace.durationNs[root] ?? 0, 6);
      expect(replay(trace, root, () => 0.5)).toBeLessThanOrEqual((trace.durationNs[root] ?? 0) + 1e-6);
    }),
    { numRuns: 1000 },
  );
});
