/** For tests: asks routes as a listener would, without a socket. */
import { BadInput, Overloaded } from '../base/errors.ts';
import type { HttpRequest, HttpRoute } from '../base/listener.ts';

export interface TestReply {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly bytes: Uint8Array;
  readonly text: string;
}

export async function ask(
  routes: readonly HttpRoute[],
  address: string,
  options: { method?: string; headers?: Record<string, string>; closed?: AbortSignal; body?: string } = {},
): Promise<TestReply> {
  const { method = 'GET', headers = {}, closed = new AbortController().signal, body = '' } = options;
  const url = new URL(address, 'http://localhost');
  const [match] = routes
    .flatMap((route) => {
      const params = route.method === method ? matchPath(route.path, url.pathname) : undefined;
      return params === undefined ? [] : { route, params };
    })
    .sort((a, b) => wildness(a.route.path) - wildness(b.route.path));
  if (match === undefined) return { status: 404, headers: {}, bytes: new Uint8Array(), text: '' };
  const { route, params } = match;
  const request: HttpRequest = {
    method,
    path: url.pathname,
    params,
    query: url.searchParams,
    headers,
    remote: '127.0.0.1',
    closed,
    body: () => Promise.resolve(Buffer.from(body)),
  };
  const reply = await answer(route, request);
  const parts: Buffer[] = [];
  if (typeof reply.body === 'string' || reply.body instanceof Uint8Array) parts.push(Buffer.from(reply.body));
  else if (reply.body !== undefined) for await (const part of reply.body) parts.push(Buffer.from(part));
  const bytes = Buffer.concat(parts);
  return { status: reply.status, headers: reply.headers ?? {}, bytes, text: bytes.toString() };
}

async function answer(route: HttpRoute, request: HttpRequest) {
  try {
    return await route.handle(request);
  } catch (error) {
    if (!(error instanceof BadInput || error instanceof Overloaded) || route.failed === undefined) throw error;
    const status = error instanceof BadInput ? error.status : 503;
    return route.failed({ status, code: 0, message: error.message }, request);
  }
}

/** A literal wins over `:name`, and that over `/*`. */
function wildness(path: string): number {
  return path.endsWith('/*') ? 100 : path.split('/:').length;
}

function matchPath(pattern: string, path: string): Record<string, string> | undefined {
  const params: Record<string, string> = {};
  const [wanted, given] = [pattern.split('/'), path.split('/')];
  const hasRest = wanted.at(-1) === '*';
  if (hasRest ? given.length < wanted.length : given.length !== wanted.length) return undefined;
  for (const [i, segment] of wanted.entries()) {
    if (hasRest && i === wanted.length - 1) break;
    if (segment.startsWith(':')) params[segment.slice(1)] = decodeURIComponent(given[i] ?? '');
    else if (segment !== given[i]) return undefined;
  }
  return params;
}
