import { expect, it } from 'vitest';
import { draw, span } from '../../../test/fixtures/draw-trace.ts';
import { client, failed, first, kindsOf, server } from '../../../test/fixtures/judge-trace.ts';

const failedCall = { ...client, ...failed };

it('is a call that failed and was made again; a try that succeeds in the end counts with the pauses', () => {
  const trace = draw(
    span(
      'web/GET /pay',
      0,
      500,
      server,
      span('web/POST /charge', 10, 60, failedCall),
      span('web/POST /charge', 160, 210, failedCall),
      span('web/POST /charge', 410, 460, client, span('bank/POST /charge', 420, 450, server)),
    ),
  );
  expect(first(trace, { details: { 'POST /charge': { 'error.type': 'ECONNRESET' } } })).toBe(
    'retry web · POST /charge 450: 3 tries, 2 failed (ECONNRESET), 150 ms between tries',
  );
});

it('is not a second call after one that succeeded, nor calls at the same time', () => {
  const twice = (a: object, to: number) =>
    draw(span('web/GET', 0, 100, span('web/call', 0, 50, client, a), span('web/call', to, 100, client)));
  expect(kindsOf(twice({}, 50))).not.toContain('retry');
  expect(kindsOf(twice(failed, 10))).not.toContain('retry');
  expect(kindsOf(twice(failed, 50))).toContain('retry');
});

it('is not a loop of calls of which some fail, nor calls for other ids', () => {
  const loop = Array.from({ length: 6 }, (_, i) =>
    span('web/call', i * 10, i * 10 + 10, i % 2 === 0 ? failedCall : client),
  );
  expect(kindsOf(draw(span('web/GET', 0, 60, ...loop)))).not.toContain('retry');
  const ids = [1, 2].map((id) => span(`web/GET /item/${id}`, id * 10, id * 10 + 10, failedCall));
  expect(kindsOf(draw(span('web/GET', 10, 30, ...ids)))).not.toContain('retry');
});
