/** A route of Ariane's own API: JSON out, failures as `{ "error": { "status", "message" } }`. */
import { type Failure, type HttpReply, type HttpRequest, type HttpRoute, json } from '../../base/listener.ts';
import type { ApiError } from './types.ts';

// Answers are of this moment; a browser must not show yesterday's.
const fresh = { 'cache-control': 'no-store' };

export function jsonRoute(
  method: HttpRoute['method'],
  path: string,
  answer: (request: HttpRequest) => Promise<unknown>,
): HttpRoute {
  return { method, path, handle: async (request) => json(await answer(request), 200, fresh), failed: failedAsJson };
}

/** The same for answers that are no JSON. */
export function plainRoute(path: string, handle: (request: HttpRequest) => Promise<HttpReply>): HttpRoute {
  return { method: 'GET', path, handle: async (request) => handle(request), failed: failedAsJson };
}

export function failedAsJson({ status, message }: Failure): HttpReply {
  const body: ApiError = { error: { status, message } };
  return json(body, status, fresh);
}
