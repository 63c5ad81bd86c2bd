import { expect, it } from 'vitest';
import { draw, rowNamed, span } from '../../test/fixtures/draw-trace.ts';
import { criticalPath } from './critical-path.ts';
import { ownPathTimes, segmentAt, subtreePathTimes } from './path-times.ts';
import { selfTimes } from './self-time.ts';

const trace = draw(
  span('GET', 1, 501, span('login', 11, 61), span('orders', 71, 471, span('SELECT', 101, 451)), span('late', 490, 900)),
);
const path = criticalPath(trace);
const ms = (times: Float64Array, name: string) => (times[rowNamed(trace, name)] ?? 0) / 1e6;

it('the rows own times sum to the root, and subtrees hold theirs', () => {
  const own = ownPathTimes(trace, path);
  expect(['GET', 'login', 'orders', 'SELECT', 'late'].map((name) => ms(own, name))).toEqual([50, 50, 50, 350, 0]);
  const below = subtreePathTimes(trace, path);
  expect(['GET', 'login', 'orders', 'SELECT', 'late'].map((name) => ms(below, name))).toEqual([500, 50, 400, 350, 0]);
});

it('an instant belongs to the segment that begins there, and none lies outside the root', () => {
  const start = trace.startNs[0] ?? 0;
  const ownerAt = (atMs: number) => trace.names[trace.name[path.row[segmentAt(path, start + atMs * 1e6)] ?? 0] ?? 0];
  expect([0, 10, 59.999999, 60, 100, 449.9, 450, 499.9].map(ownerAt)).toEqual([
    'GET',
    'login',
    'login',
    'GET',
    'SELECT',
    'SELECT',
    'orders',
    'GET',
  ]);
  expect(segmentAt(path, start - 1)).toBe(-1);
  expect(segmentAt(path, start + 500e6)).toBe(-1);
});

it('self time is the duration minus the union of the children, clipped to the span', () => {
  const self = selfTimes(
    draw(
      span('R', 0, 100, span('A', 10, 40), span('B', 20, 30), span('C', 35, 60), span('D', 90, 300), span('E', -20, 5)),
    ),
  );
  expect(self[0]).toBe((100 - 50 - 10 - 5) * 1e6);
});

it('self time of a span whose children cover it all is 0, whether one child or many touching ones', () => {
  expect(selfTimes(draw(span('R', 0, 10, span('A', -5, 20))))[0]).toBe(0);
  expect(selfTimes(draw(span('R', 0, 10, span('A', 0, 5), span('B', 5, 10))))[0]).toBe(0);
});
