import { expect, it } from 'vitest';
import { BadInput, ClientGone, Overloaded } from '../base/errors.ts';
import { createLog } from '../base/log.ts';
import { failureOf, grpcCode } from './failure.ts';

function answered(error: unknown) {
  const lines: string[] = [];
  const failure = failureOf(error, createLog({ write: (line) => lines.push(line) }), 'GET /api/search');
  return { failure, lines };
}

it('a mistake of the asker and an overload are told, and are no news for the log', () => {
  expect(answered(new BadInput('no such trace', { status: 404 }))).toMatchObject({
    failure: { status: 404, code: grpcCode.notFound, message: 'no such trace' },
    lines: [],
  });
  expect(answered(new Overloaded('spool: full'))).toMatchObject({
    failure: { status: 429, code: 8, retryAfterMs: 1000 },
    lines: [],
  });
});

it('a client that went away is nobody’s error, however deep it is wrapped', () => {
  const wrapped = new Error('cannot select', { cause: new Error('aborted', { cause: new ClientGone() }) });
  expect(answered(wrapped)).toMatchObject({ failure: { code: grpcCode.cancelled }, lines: [] });
});

it('anything else is our own bug: logged whole under an id, of which only the id is told', () => {
  const { failure, lines } = answered(new TypeError('x is undefined'));
  const id = /internal error (\w+);/.exec(failure.message)?.[1];
  expect(failure).toMatchObject({ status: 500, code: grpcCode.internal });
  expect(failure.message).not.toContain('undefined');
  expect(lines.join()).toContain(id);
  expect(lines.join()).toContain('x is undefined');
});
