import { expect, it } from 'vitest';
import { draw, span } from '../../../test/fixtures/draw-trace.ts';
import { client, first, server } from '../../../test/fixtures/judge-trace.ts';

it('is what a call takes beyond its callee, before and after', () => {
  const call = span('web/GET /a', 10, 410, client, span('api/GET /a', 190, 230, server));
  expect(first(draw(span('web/GET', 0, 420, server, call)))).toBe(
    'network web · GET /a 360: on the way between web and api',
  );
});

it('is not blamed where the callee is what takes long', () => {
  const call = span('web/GET /a', 10, 410, client, span('api/GET /a', 15, 400, server));
  expect(first(draw(span('web/GET', 0, 420, server, call)))).toContain('own-time api · GET /a 385');
});
