import { describe, expect, it } from 'vitest';
import { paddedView } from './column.ts';
import { defaultShapeLimits, type ShapeNode, Shapes, typeCode } from './shapes.ts';

function walk(shapes: Shapes, ...keys: string[]): ShapeNode | undefined {
  let node: ShapeNode | undefined = shapes.root;
  for (const key of keys) {
    const bytes = Buffer.from(key);
    node = node && shapes.next(node, paddedView(bytes), 0, bytes.length, typeCode.s);
  }
  return node;
}

describe('the memory of shapes', () => {
  it('is bounded in bytes, however long keys are, and a new day makes room again', () => {
    const shapes = new Shapes({ ...defaultShapeLimits, maxBytes: 10_000 });
    const long = (i: number) => `${i}`.padEnd(3000, 'x');
    expect([0, 1, 2, 3].map((i) => walk(shapes, long(i)) !== undefined)).toEqual([true, true, true, false]);
    // What is known is still found, and a key that fits is taken.
    expect(walk(shapes, long(0))).toBe(walk(shapes, long(0)));
    expect(walk(shapes, 'short')).toBeDefined();
    shapes.clear();
    expect(walk(shapes, long(3))).toBeDefined();
  });

  it('counts what a shape repeats of its keys', () => {
    const shapes = new Shapes({ ...defaultShapeLimits, maxBytes: 1000 });
    const prefix = 'p'.repeat(300);
    const nodes = ['a', 'b', 'c', 'd'].map((key) => walk(shapes, prefix, key));
    // 304 bytes of nodes, then 301 for each shape.
    expect(nodes.map((node) => node && shapes.at(node) !== undefined)).toEqual([true, true, false, false]);
  });
});
