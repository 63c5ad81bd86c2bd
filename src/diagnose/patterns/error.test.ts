import { expect, it } from 'vitest';
import { draw, span } from '../../../test/fixtures/draw-trace.ts';
import { failed, first, server } from '../../../test/fixtures/judge-trace.ts';

it('is where it began to fail, and says what failed', () => {
  const trace = draw(
    span('web/GET', 0, 400, { ...server, ...failed }, span('api/load', 10, 390, { ...server, ...failed })),
  );
  const details = { load: { 'error.type': 'OutOfStock' } };
  expect(first(trace, { details })).toBe('error api · load 380: it failed after 380 ms: OutOfStock');
  expect(first(trace)).toBe('error api · load 380: it failed after 380 ms: error');
});

it('is not a span that only passes a failure on, nor a quick failure beside slow successes', () => {
  const passed = draw(span('web/GET', 0, 400, { ...server, ...failed }, span('api/load', 390, 400, failed)));
  expect(first(passed)).toContain('own-time web · GET 390');
  const mixed = draw(span('web/GET', 0, 400, span('a/call', 0, 390), span('a/call', 390, 400, failed)));
  expect(first(mixed)).toContain('own-time a · call');
});
