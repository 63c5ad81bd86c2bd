import { expect, it } from 'vitest';
import { draw, span } from '../../../test/fixtures/draw-trace.ts';
import { client, first, kindsOf, query, server } from '../../../test/fixtures/judge-trace.ts';

const shards = (...ends: number[]) =>
  draw(span('web/search', 0, 500, server, ...ends.map((to) => span('web/GET /shard', 5, to, client))));

it('is the one parallel call that all others wait for', () => {
  expect(first(shards(100, 110, 490, 105))).toBe(
    'straggler web · GET /shard 485: one of 4 parallel calls took 485 ms; the others about 100 ms',
  );
});

it('is named by what was late in it', () => {
  const shard = (to: number) =>
    span('web/GET /shard', 5, to, client, span('shard/GET', 6, to - 1, server, span('shard/SELECT', 7, to - 2, query)));
  const trace = draw(span('web/search', 0, 500, server, shard(100), shard(490), shard(110)));
  expect(first(trace)).toContain('straggler shard · SELECT 481: one of 3 parallel calls took 485 ms');
});

it('is not a call among equals, nor among those that ran before it, nor a sibling off the path', () => {
  expect(kindsOf(shards(480, 485, 490))).not.toContain('straggler');
  const inARow = draw(
    span(
      'web/search',
      0,
      500,
      ...[
        [0, 20],
        [20, 40],
        [40, 490],
      ].map(([from = 0, to = 0]) => span('web/GET /shard', from, to, client)),
    ),
  );
  expect(kindsOf(inARow)).not.toContain('straggler');
});
