/** Where thrown errors become answers: the only place that knows statuses and codes. */
import { randomBytes } from 'node:crypto';
import { BadInput, ClientGone, Overloaded, describeError } from '../base/errors.ts';
import type { Failure } from '../base/listener.ts';
import type { Log } from '../base/log.ts';

/** https://grpc.github.io/grpc/core/md_doc_statuscodes.html */
export const grpcCode = {
  ok: 0,
  cancelled: 1,
  invalidArgument: 3,
  deadlineExceeded: 4,
  notFound: 5,
  permissionDenied: 7,
  resourceExhausted: 8,
  unimplemented: 12,
  internal: 13,
  unavailable: 14,
  unauthenticated: 16,
} as const;

/** Too large is RESOURCE_EXHAUSTED without RetryInfo, so that a sender does not repeat it. */
const codes: Readonly<Record<number, number>> = {
  400: grpcCode.invalidArgument,
  401: grpcCode.unauthenticated,
  403: grpcCode.permissionDenied,
  404: grpcCode.notFound,
  408: grpcCode.deadlineExceeded,
  413: grpcCode.resourceExhausted,
  415: grpcCode.unimplemented,
  501: grpcCode.unimplemented,
};

/** What to answer. An error that is our own bug is logged whole under an id, and only the id is told. */
export function failureOf(error: unknown, log: Log, where: string): Failure {
  if (error instanceof BadInput) {
    const { status } = error;
    return { status, code: codes[status] ?? grpcCode.invalidArgument, message: error.message };
  }
  if (error instanceof Overloaded) {
    const { message, retryAfterMs } = error;
    return error.reason === 'full'
      ? { status: 429, code: grpcCode.resourceExhausted, message, retryAfterMs }
      : { status: 503, code: grpcCode.unavailable, message, retryAfterMs };
  }
  if (isGone(error)) return { status: 499, code: grpcCode.cancelled, message: describeError(error) };
  const id = randomBytes(4).toString('hex');
  const stack = error instanceof Error ? error.stack : undefined;
  log.error(`cannot answer ${where}: ${describeError(error)}`, { id, stack });
  return { status: 500, code: grpcCode.internal, message: `internal error ${id}; the log says more` };
}

/** What a client's leaving ended may be wrapped by whatever was under way. */
function isGone(error: unknown): boolean {
  for (let at = error; at instanceof Error; at = at.cause) if (at instanceof ClientGone) return true;
  return false;
}
