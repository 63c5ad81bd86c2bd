import { expect, it } from 'vitest';
import { draw, span } from '../../../test/fixtures/draw-trace.ts';
import { usualKey } from '../usual.ts';
import { first, query, server } from '../../../test/fixtures/judge-trace.ts';

const trace = draw(
  span('web/GET', 0, 400, server, span('web/SELECT a', 10, 20, query), span('web/SELECT b', 360, 390, query)),
);

it('is a long stretch between two calls that no span covers', () => {
  expect(first(trace)).toBe(
    'missing-instrumentation web · GET 360: no span covers 340 ms between SELECT a and SELECT b: instrument this part',
  );
});

it('is own work where it is known to have grown, or where the span shows no calls at all', () => {
  const usual = new Map([
    [usualKey('web', 'GET'), { p50Ns: 60e6, count: 50 }],
    [usualKey('web', 'SELECT a'), { p50Ns: 10e6, count: 50 }],
    [usualKey('web', 'SELECT b'), { p50Ns: 10e6, count: 50 }],
  ]);
  expect(first(trace, { usual })).toBe('own-time web · GET 360: own work: 360 ms instead of 40 ms');
  expect(first(draw(span('web/GET', 0, 400, server)))).toContain('own-time');
});
