import { describe, expect, it } from 'vitest';
import { draw, span } from '../../../test/fixtures/draw-trace.ts';
import { client, failed, first, kindsOf, server } from '../../../test/fixtures/judge-trace.ts';
import { isRoundLimit } from './timeout.ts';

const gaveUp = { ...client, ...failed };
const one = (to: number, ...inside: Parameters<typeof span>[3][]) =>
  draw(span('web/GET', 0, 4000, server, span('web/call', 10, to, ...inside)));

describe('a call that was given up', () => {
  it('lasted a limit as people set them, or says so', () => {
    expect(first(one(3012, gaveUp))).toBe('timeout web · call 3002: gave up after 3 s');
    expect(first(one(3377, gaveUp), { details: { call: { 'error.type': 'TimeoutError' } } })).toContain('timeout');
    expect(first(one(3377, gaveUp), { details: { call: { 'http.response.status_code': 504n } } })).toContain('timeout');
  });

  it('has a callee that went on', () => {
    expect(first(one(3377, gaveUp, span('api/call', 20, 3900, server)))).toContain('timeout web · call 3367');
  });

  it('is not one that succeeded, nor a failure at any odd time', () => {
    expect(kindsOf(one(3012, client))).not.toContain('timeout');
    expect(kindsOf(one(3377, gaveUp))).not.toContain('timeout');
  });
});

it('a limit is round, never early and hardly late', () => {
  for (const ms of [100, 500.5, 1000.2, 2503, 3000, 10_001, 30_050])
    expect([ms, isRoundLimit(ms * 1e6)]).toEqual([ms, true]);
  for (const ms of [50, 99, 999, 1030, 3377, 7000]) expect([ms, isRoundLimit(ms * 1e6)]).toEqual([ms, false]);
});
