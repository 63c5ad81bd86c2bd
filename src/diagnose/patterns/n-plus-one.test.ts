import { expect, it } from 'vitest';
import { draw, span } from '../../../test/fixtures/draw-trace.ts';
import { usualKey, type Usuals } from '../usual.ts';
import { client, first, kindsOf, query, server } from '../../../test/fixtures/judge-trace.ts';

const calls = (n: number, ms: number, apart = 1) =>
  Array.from({ length: n }, (_, i) =>
    span(`order/SELECT item ${i}`, 10 + i * (ms + apart), 10 + i * (ms + apart) + ms, query),
  );

it('is many calls of one statement in a row, all of them one cause', () => {
  const trace = draw(span('order/GET /orders', 0, 500, server, ...calls(40, 10)));
  expect(first(trace)).toBe('n-plus-one order · SELECT item ? 400: called 40 times in a row, 10 ms each');
});

it('counts what is below the calls, too', () => {
  const rows = Array.from({ length: 20 }, (_, i) =>
    span('web/GET /item', i * 20, i * 20 + 20, client, span('item/GET /item', i * 20 + 5, i * 20 + 15, server)),
  );
  expect(first(draw(span('web/GET /list', 0, 400, server, ...rows)))).toBe(
    'n-plus-one web · GET /item 400: called 20 times in a row, 20 ms each',
  );
});

it('names the call that a library wraps in a span of its own', () => {
  const rows = Array.from({ length: 20 }, (_, i) =>
    span('web/User.load', i * 20, i * 20 + 20, span('web/SELECT users', i * 20 + 1, i * 20 + 19, query)),
  );
  expect(first(draw(span('web/GET /list', 0, 400, server, ...rows)))).toContain('n-plus-one web · SELECT users');
});

it('is not ten calls, not parallel calls, not many small ones beside a long one', () => {
  expect(kindsOf(draw(span('a/b', 0, 200, ...calls(10, 10))))).not.toContain('n-plus-one');
  const together = Array.from({ length: 30 }, () => span('a/SELECT 1', 0, 100, query));
  expect(kindsOf(draw(span('a/b', 0, 100, ...together)))).not.toContain('n-plus-one');
  const long = span('order/SELECT item 99', 200, 500, query);
  expect(kindsOf(draw(span('a/b', 0, 500, ...calls(15, 10), long)))).not.toContain('n-plus-one');
});

it('that is always there is no cause of being slower', () => {
  const slow = span('order/render', 170, 470);
  const trace = draw(span('order/GET /orders', 0, 480, server, ...calls(15, 9), slow));
  const usual: Usuals = new Map([
    [usualKey('order', 'GET /orders'), { p50Ns: 200e6, count: 100 }],
    [usualKey('order', 'render'), { p50Ns: 20e6, count: 100 }],
  ]);
  expect(first(trace, { usual })).toBe('own-time order · render 300: own work: 300 ms instead of 20 ms');
});
