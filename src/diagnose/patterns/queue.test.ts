import { describe, expect, it } from 'vitest';
import { draw, span } from '../../../test/fixtures/draw-trace.ts';
import { first, judged, query, server } from '../../../test/fixtures/judge-trace.ts';

/** A caller that sends a message, waits for the outcome and goes on at 500. */
const asked = (sendMs: number, takenMs: number, doneMs: number, ...rest: ReturnType<typeof span>[]) =>
  draw(
    span(
      'shop/POST /order',
      0,
      510,
      server,
      span(
        'shop/publish orders',
        10,
        sendMs,
        { kind: 'producer' },
        span('pay/process orders', takenMs, doneMs, { kind: 'consumer' }),
      ),
      ...rest,
    ),
  );

describe('a request answered by way of a queue', () => {
  it('may be slow in the queue', () => {
    expect(
      first(asked(15, 400, 499), { details: { 'publish orders': { 'messaging.destination.name': 'orders' } } }),
    ).toBe('queue pay · process orders 385: waiting in orders before it was taken');
  });

  it('may be slow below it', () => {
    expect(first(asked(15, 30, 499))).toBe('own-time pay · process orders 469: own work, with no child span inside');
  });

  it('may have a clock of its own', () => {
    expect(first(asked(15, 430, 530))).toBe(
      'queue pay · process orders 395: waiting in publish orders before it was taken',
    );
    expect(first(asked(15, 5, 490))).toContain('own-time pay · process orders 485');
  });

  it('may be slow above it', () => {
    expect(first(asked(400, 410, 499))).toContain('own-time shop · publish orders 390');
  });
});

it('is nothing that a caller waits for who does other work meanwhile, or goes on earlier', () => {
  const busy = asked(15, 400, 499, span('shop/SELECT', 15, 505, query));
  expect(first(busy)).toContain('database shop · SELECT');
  expect(judged(busy).not_waited_for).toHaveLength(1);
  const late = asked(15, 400, 3000);
  expect(first(late)).toContain('own-time shop · POST /order');
  expect(judged(late).not_waited_for).toHaveLength(1);
});

it('is a wait for a connection, by the names of the libraries', () => {
  for (const name of ['pg-pool.connect', 'HikariPool.getConnection', 'acquire connection', 'queue wait']) {
    expect(first(draw(span('a/GET', 0, 100, server, span(`a/${name}`, 5, 95))))).toBe(
      `queue a · ${name} 90: waiting in ${name} before it was taken`,
    );
  }
  expect(first(draw(span('a/GET', 0, 100, server, span('a/requires nothing', 5, 95))))).toContain('own-time');
});
