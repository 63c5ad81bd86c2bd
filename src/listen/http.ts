/** Answers HTTP requests by the routes of a listener. */
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { BadInput, ClientGone } from '../base/errors.ts';
import type { Failure, HttpReply, HttpRequest, HttpRoute } from '../base/listener.ts';
import { json } from '../base/listener.ts';
import type { Log } from '../base/log.ts';
import { type BodyLimits, discardBody, readBody } from './body.ts';
import type { Exchange } from './exchange.ts';
import { failureOf } from './failure.ts';
import type { Guard } from './guards.ts';
import type { RouteTable } from './routes.ts';

export interface HttpContext extends BodyLimits {
  readonly routes: RouteTable;
  readonly guards: readonly Guard[];
  readonly log: Log;
  /** Paths of gRPC methods on this listener, to tell a caller that speaks the wrong protocol. */
  readonly isGrpcPath: (path: string) => boolean;
}

const maxDiscardBytes = 32 * 1024 * 1024;
const maxDiscardMs = 2000;

/** Answers one exchange. Never rejects. */
export async function serveHttp(exchange: Exchange, context: HttpContext): Promise<void> {
  const request = new Incoming(exchange, context);
  let route: HttpRoute | undefined;
  let reply: HttpReply;
  try {
    const refused = firstRefusal(context.guards, request);
    if (refused) reply = refused;
    else {
      const found = find(request, context);
      if ('route' in found) {
        route = found.route;
        request.params = found.params;
        reply = await route.handle(request);
      } else reply = found;
    }
  } catch (error) {
    reply = failureReply(error, request, route, context.log);
  }
  try {
    if (!exchange.isInputRead()) await discardBody(exchange, maxDiscardBytes, context.deadlines, maxDiscardMs);
    await send(exchange, decorated(reply, request, context.guards));
  } catch (error) {
    // The client has gone, or the body's producer failed after the head was sent: only cutting off tells the client.
    if (!request.isClosed) context.log.warn(`cut off ${request.method} ${request.path}`, { problem: String(error) });
    exchange.abort();
  } finally {
    request.release();
  }
}

function find(request: HttpRequest, { routes, isGrpcPath }: HttpContext): ReturnType<typeof found> {
  const match = routes.find(request.method, request.path);
  if (match === undefined) {
    if (isGrpcPath(request.path)) {
      throw new BadInput('this is a gRPC method: it needs HTTP/2 and content-type application/grpc', { status: 415 });
    }
    throw new BadInput(`no such path: ${request.path}`, { status: 404 });
  }
  return found(match, request);
}

function found(match: NonNullable<ReturnType<RouteTable['find']>>, request: HttpRequest) {
  if ('route' in match) return match;
  const allow = match.allow.join(', ');
  if (request.method === 'OPTIONS') return { status: 204, headers: { allow } } satisfies HttpReply;
  const refusal = { status: 405, code: 12, message: `${request.method} is not allowed here: expected ${allow}` };
  const reply = plainFailure(refusal, request);
  return { ...reply, headers: { ...reply.headers, allow } } satisfies HttpReply;
}

class Incoming implements HttpRequest {
  readonly method: string;
  readonly path: string;
  readonly headers: HttpRequest['headers'];
  readonly remote: string;
  params: Readonly<Record<string, string>> = {};
  private readonly exchange: Exchange;
  private readonly limits: BodyLimits;
  private readonly search: string;
  private parsedQuery: URLSearchParams | undefined;
  private controller: AbortController | undefined;
  private gone = false;
  private heldBytes = 0;

  constructor(exchange: Exchange, limits: BodyLimits) {
    this.exchange = exchange;
    this.limits = limits;
    this.method = exchange.method;
    this.headers = exchange.headers;
    this.remote = exchange.remote;
    const at = exchange.target.indexOf('?');
    this.path = at < 0 ? exchange.target : exchange.target.slice(0, at);
    this.search = at < 0 ? '' : exchange.target.slice(at + 1);
    exchange.onGone(() => {
      this.gone = true;
      this.controller?.abort(new ClientGone());
    });
  }

  get query(): URLSearchParams {
    return (this.parsedQuery ??= new URLSearchParams(this.search));
  }

  get isClosed(): boolean {
    return this.gone;
  }

  get closed(): AbortSignal {
    this.controller ??= new AbortController();
    if (this.gone) this.controller.abort(new ClientGone());
    return this.controller.signal;
  }

  async body(maxBytes: number): Promise<Uint8Array> {
    const { bytes, heldBytes } = await readBody(this.exchange, maxBytes, this.limits);
    this.heldBytes += heldBytes;
    return bytes;
  }

  release(): void {
    this.limits.budget.release(this.heldBytes);
    this.heldBytes = 0;
  }
}

function firstRefusal(guards: readonly Guard[], request: HttpRequest): HttpReply | undefined {
  for (const guard of guards) {
    const refusal = guard.refuse?.(request);
    if (refusal) return refusal;
  }
  return undefined;
}

function decorated(reply: HttpReply, request: HttpRequest, guards: readonly Guard[]): HttpReply {
  if (guards.length === 0) return reply;
  const added = guards.map((guard) => guard.headers?.(request, reply) ?? {});
  return { ...reply, headers: Object.assign({}, ...added, reply.headers) as Record<string, string> };
}

function failureReply(error: unknown, request: HttpRequest, route: HttpRoute | undefined, log: Log): HttpReply {
  const failure = failureOf(error, log, `${request.method} ${request.path}`);
  const reply = route?.failed?.(failure, request) ?? plainFailure(failure, request);
  if (failure.retryAfterMs === undefined) return reply;
  const seconds = Math.max(1, Math.ceil(failure.retryAfterMs / 1000));
  return { ...reply, headers: { ...reply.headers, 'retry-after': String(seconds) } };
}

/** JSON, or text for who asks for text only. */
export function plainFailure({ status, message }: Failure, request: HttpRequest): HttpReply {
  const accept = request.headers['accept'] ?? '';
  if (accept.includes('text/') && !accept.includes('json')) {
    return { status, headers: { 'content-type': 'text/plain; charset=utf-8' }, body: `${message}\n` };
  }
  return json({ error: { status, message } }, status);
}

async function send(exchange: Exchange, reply: HttpReply): Promise<void> {
  const { body = '' } = reply;
  const isHead = exchange.method === 'HEAD';
  if (typeof body === 'string' || body instanceof Uint8Array) {
    const length = typeof body === 'string' ? Buffer.byteLength(body) : body.length;
    const hasBody = reply.status !== 204 && reply.status !== 304;
    exchange.head(
      reply.status,
      hasBody ? { ...reply.headers, 'content-length': String(length) } : (reply.headers ?? {}),
    );
    exchange.output.end(hasBody && !isHead ? body : undefined);
    return;
  }
  exchange.head(reply.status, reply.headers ?? {});
  if (isHead) {
    exchange.output.end();
    await body[Symbol.asyncIterator]().return?.();
    return;
  }
  await pipeline(Readable.from(body, { objectMode: false }), exchange.output);
}
