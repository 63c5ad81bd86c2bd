import { expect, it } from 'vitest';
import { draw, span } from '../../../test/fixtures/draw-trace.ts';
import { client, first, query, server } from '../../../test/fixtures/judge-trace.ts';

const call = draw(span('web/GET', 0, 400, server, span('web/POST', 10, 390, client)));

it('is a call whose callee sends no spans, named by its peer', () => {
  expect(first(call, { details: { POST: { 'server.address': 'api.stripe.com' } } })).toBe(
    'external web · POST 380: waiting for api.stripe.com, which sends no spans',
  );
  expect(first(call, { details: { POST: { 'url.full': 'https://a.example:8443/x?y' } } })).toContain('a.example:8443');
  expect(first(call)).toContain('waiting for POST');
});

it('is not a query, and not a call whose callee is there', () => {
  expect(first(draw(span('web/GET', 0, 400, server, span('web/SELECT', 10, 390, query))))).toContain('database');
  const answered = span('web/POST', 10, 390, client, span('api/POST', 200, 210, server));
  expect(first(draw(span('web/GET', 0, 400, server, answered)))).toContain('network');
});
