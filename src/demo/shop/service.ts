/** A small HTTP service with a server span for each request, and calls to other services with a client span. */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import {
  context,
  propagation,
  ROOT_CONTEXT,
  type Span,
  SpanKind,
  SpanStatusCode,
  trace,
  type Tracer,
} from '@opentelemetry/api';

export interface Reply {
  readonly status: number;
  readonly type: 'text/html' | 'application/json';
  readonly body: string;
}

/** By method and route: `POST /login`. */
export type Routes = Readonly<Record<string, (body: string) => Promise<Reply>>>;

export interface Service {
  readonly url: string;
  stop(): Promise<void>;
}

export async function startService(tracer: Tracer, routes: Routes): Promise<Service> {
  const server = createServer((request, response) => void answer(tracer, routes, request, response));
  server.listen(0, '127.0.0.1');
  await new Promise((listening) => server.once('listening', listening));
  return { url: `http://127.0.0.1:${portOf(server)}`, stop: () => close(server) };
}

async function answer(
  tracer: Tracer,
  routes: Routes,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const { method = 'GET', url = '/' } = request;
  const path = url.split('?')[0] ?? '/';
  const route = `${method} ${path}`;
  const handle = Object.hasOwn(routes, route) ? routes[route] : undefined;
  const attributes = { 'http.request.method': method, 'url.path': path, 'url.scheme': 'http' };
  const span = tracer.startSpan(
    handle === undefined ? method : route,
    { kind: SpanKind.SERVER, attributes: handle === undefined ? attributes : { ...attributes, 'http.route': path } },
    propagation.extract(ROOT_CONTEXT, request.headers),
  );
  let reply: Reply;
  try {
    const body = await readBody(request);
    reply = await context.with(trace.setSpan(ROOT_CONTEXT, span), async () => (handle ? handle(body) : notFound));
  } catch (error) {
    span.recordException(error instanceof Error ? error : String(error));
    span.setStatus({ code: SpanStatusCode.ERROR });
    reply = { status: 500, type: 'text/html', body: 'internal error' };
  }
  span.setAttribute('http.response.status_code', reply.status);
  response.writeHead(reply.status, { 'content-type': `${reply.type}; charset=utf-8` }).end(reply.body);
  span.end();
}

const notFound: Reply = { status: 404, type: 'text/html', body: 'not found' };

/** `POST` of JSON to another service, with the trace's context in its headers. Throws when the answer is no 2xx. */
export async function call(tracer: Tracer, service: { url: string }, path: string, body: unknown): Promise<unknown> {
  const { hostname, port } = new URL(service.url);
  const attributes = {
    'http.request.method': 'POST',
    'url.full': service.url + path,
    'server.address': hostname,
    'server.port': Number(port),
  };
  return traced(tracer, `POST ${path}`, { kind: SpanKind.CLIENT, attributes }, async (span) => {
    const headers: Record<string, string> = { 'content-type': 'application/json' };
    propagation.inject(context.active(), headers);
    const reply = await fetch(service.url + path, { method: 'POST', headers, body: JSON.stringify(body) });
    span.setAttribute('http.response.status_code', reply.status);
    if (!reply.ok) throw new Error(`POST ${path} answered ${reply.status}`);
    return reply.json();
  });
}

/** Runs `work` inside a span that ends with it; what it throws is recorded and thrown again. */
export async function traced<T>(
  tracer: Tracer,
  name: string,
  options: Parameters<Tracer['startSpan']>[1],
  work: (span: Span) => Promise<T>,
): Promise<T> {
  const span = tracer.startSpan(name, options);
  try {
    return await context.with(trace.setSpan(context.active(), span), () => work(span));
  } catch (error) {
    span.recordException(error instanceof Error ? error : String(error));
    span.setStatus({ code: SpanStatusCode.ERROR, message: error instanceof Error ? error.message : String(error) });
    throw error;
  } finally {
    span.end();
  }
}

export function json(value: unknown): Reply {
  return { status: 200, type: 'application/json', body: JSON.stringify(value) };
}

const mostBodyBytes = 10_000;

async function readBody(stream: AsyncIterable<Buffer>): Promise<string> {
  const parts: Buffer[] = [];
  let bytes = 0;
  for await (const part of stream) {
    bytes += part.length;
    if (bytes > mostBodyBytes) throw new Error(`a body of more than ${mostBodyBytes} bytes`);
    parts.push(part);
  }
  return Buffer.concat(parts).toString();
}

function portOf(server: Server): number {
  // A server that listens on TCP has an address with a port.
  return (server.address() as AddressInfo).port;
}

function close(server: Server): Promise<void> {
  server.closeAllConnections();
  return new Promise((closed) => server.close(() => closed()));
}
