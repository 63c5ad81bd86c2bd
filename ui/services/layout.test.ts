import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { layoutMap, type MapLayout } from './layout.ts';

const calls = (text: string) =>
  text.split(' ').map((call) => {
    const [from = '', to = ''] = call.split('>');
    return { from, to };
  });
const at = (layout: MapLayout, name: string) => layout.nodes.find((node) => node.name === name);

it('places callers left of whom they call', () => {
  const layout = layoutMap(['frontend', 'auth', 'order', 'db'], calls('frontend>auth frontend>order order>db auth>db'));
  expect(layout.layers).toBe(3);
  expect(at(layout, 'frontend')?.layer).toBe(0);
  expect(at(layout, 'db')?.layer).toBe(2);
  expect(layout.edges).toHaveLength(4);
});

it('draws a chain as a straight line', () => {
  const layout = layoutMap(['a', 'b', 'c'], calls('a>b b>c'));
  expect(layout.nodes.map((node) => node.row)).toEqual([0, 0, 0]);
});

it('draws a circle once around, and leaves out calls to oneself', () => {
  const layout = layoutMap(['a', 'b', 'c'], calls('a>b b>c c>a a>a'));
  expect(layout.nodes.map((node) => node.layer)).toEqual([0, 1, 2]);
  expect(layout.edges).toHaveLength(3);
  expect(layout.edges.find((edge) => edge.to === 'a')?.points).toHaveLength(3);
});

it('puts a late caller next to whom it calls', () => {
  const layout = layoutMap(['a', 'b', 'c', 'cron'], calls('a>b b>c cron>c'));
  expect(at(layout, 'cron')?.layer).toBe(1);
});

it('crosses no lines that need not cross', () => {
  const layout = layoutMap(['a', 'b', 'x', 'y'], calls('a>y b>x'));
  const above = (p: string, q: string) => (at(layout, p)?.row ?? 0) < (at(layout, q)?.row ?? 0);
  expect(above('a', 'b')).toBe(above('y', 'x'));
});

it('gives nothing for nothing, and a place to services without calls', () => {
  expect(layoutMap([], [])).toEqual({ nodes: [], edges: [], layers: 0, rows: 0 });
  expect(layoutMap(['a', 'b'], []).nodes.map((node) => node.row)).toEqual([0, 1]);
});

describe('whatever calls whom', () => {
  const names = Array.from({ length: 12 }, (_, i) => `s${i}`);
  const anyCalls = fc.array(fc.record({ from: fc.constantFrom(...names), to: fc.constantFrom(...names) }), {
    maxLength: 40,
  });

  it('no two services overlap, every call is drawn from its caller to its callee, and the order of the input does not matter', () => {
    fc.assert(
      fc.property(anyCalls, (edges) => {
        const layout = layoutMap(names, edges);
        expect(layout.nodes.map((node) => node.name).toSorted()).toEqual(names.toSorted());
        for (const a of layout.nodes) {
          expect(a.row).toBeGreaterThanOrEqual(0);
          for (const b of layout.nodes)
            if (a !== b && a.layer === b.layer) expect(Math.abs(a.row - b.row)).toBeGreaterThan(0.999);
        }
        for (const edge of layout.edges) {
          expect(edge.points.at(0)).toMatchObject(place(layout, edge.from));
          expect(edge.points.at(-1)).toMatchObject(place(layout, edge.to));
          for (const [i, point] of edge.points.entries())
            if (i > 0) expect(Math.abs(point.layer - (edge.points[i - 1]?.layer ?? 0))).toBeLessThanOrEqual(1);
        }
        expect(layoutMap(names.toReversed(), edges.toReversed())).toEqual(layout);
      }),
      { numRuns: 200 },
    );
  });

  const place = (layout: MapLayout, name: string) => {
    const node = at(layout, name);
    return { layer: node?.layer, row: node?.row };
  };
});

it('places 300 services with 900 calls within a moment', () => {
  const names = Array.from({ length: 300 }, (_, i) => `s${i}`);
  const edges = Array.from({ length: 900 }, (_, i) => ({ from: `s${(i * 7) % 300}`, to: `s${(i * 13 + 5) % 300}` }));
  const started = performance.now();
  expect(layoutMap(names, edges).nodes).toHaveLength(300);
  expect(performance.now() - started).toBeLessThan(3000);
});
