/** For tests: listeners on free ports, and raw sockets to speak to them. */
import http2 from 'node:http2';
import net from 'node:net';
import { silentLog } from '../base/log.ts';
import type { Log } from '../base/log.ts';
import { createMetrics } from '../base/metrics.ts';
import { type GuardedListener, type ListenOptions, type OpenListeners, createListeners } from './listeners.ts';

export interface Served {
  readonly port: number;
  readonly url: string;
  readonly listener: GuardedListener;
  readonly listeners: OpenListeners;
}

/** One listener on a free port of 127.0.0.1, opened. */
export async function serve(
  register: (listener: GuardedListener) => void,
  options: Partial<ListenOptions> & { log?: Log } = {},
): Promise<Served> {
  const listeners = createListeners({ log: silentLog, metrics: createMetrics(), ...options });
  const listener = listeners.at('127.0.0.1:0');
  register(listener);
  const [opened] = await listeners.start();
  const port = opened?.port ?? 0;
  return { port, url: `http://127.0.0.1:${port}`, listener, listeners };
}

/** Sends text on a fresh connection and gives what came back until the other side closed. */
export function sayRaw(port: number, ...texts: (string | Uint8Array)[]): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = net.connect(port, '127.0.0.1');
    let answer = '';
    socket.on('data', (chunk) => (answer += chunk.toString('latin1')));
    socket.on('close', () => resolve(answer));
    socket.on('error', (error: NodeJS.ErrnoException) =>
      error.code === 'ECONNRESET' ? resolve(answer) : reject(error),
    );
    const say = (rest: readonly (string | Uint8Array)[]) => {
      const [first, ...others] = rest;
      if (first === undefined) return;
      socket.write(first, () => setTimeout(say, 5, others));
    };
    say(texts);
  });
}

export interface Http2Answer {
  readonly status: number;
  readonly headers: http2.IncomingHttpHeaders;
  readonly trailers: http2.IncomingHttpHeaders;
  readonly body: Buffer;
  /** The error the stream was reset with, if it was. */
  readonly reset: number;
}

/** One request over HTTP/2 with prior knowledge. */
export async function askHttp2(
  url: string,
  headers: http2.OutgoingHttpHeaders,
  body?: Uint8Array | readonly Uint8Array[],
): Promise<Http2Answer> {
  const session = http2.connect(url);
  session.on('error', () => {});
  try {
    return await askOn(session, headers, body);
  } finally {
    session.close();
  }
}

export function askOn(
  session: http2.ClientHttp2Session,
  headers: http2.OutgoingHttpHeaders,
  body?: Uint8Array | readonly Uint8Array[],
): Promise<Http2Answer> {
  return new Promise((resolve) => {
    const stream = session.request(headers, { endStream: body === undefined });
    let head: http2.IncomingHttpHeaders = {};
    let trailers: http2.IncomingHttpHeaders = {};
    const chunks: Buffer[] = [];
    stream.on('response', (received) => (head = received));
    stream.on('trailers', (received) => (trailers = received));
    stream.on('data', (chunk: Buffer) => chunks.push(chunk));
    stream.on('error', () => {});
    stream.on('close', () => {
      resolve({
        status: Number(head[':status'] ?? 0),
        headers: head,
        trailers,
        body: Buffer.concat(chunks),
        reset: stream.rstCode,
      });
    });
    if (body === undefined) return;
    for (const chunk of body instanceof Uint8Array ? [body] : body) stream.write(chunk);
    stream.end();
  });
}

/** A gRPC message in its frame. */
export function grpcFrame(message: Uint8Array, flag = 0): Buffer {
  const frame = Buffer.alloc(5 + message.length);
  frame[0] = flag;
  frame.writeUInt32BE(message.length, 1);
  frame.set(message, 5);
  return frame;
}

export function grpcHeaders(path: string, more: http2.OutgoingHttpHeaders = {}): http2.OutgoingHttpHeaders {
  return { ':method': 'POST', ':path': path, 'content-type': 'application/grpc', te: 'trailers', ...more };
}

/** A promise to be resolved from elsewhere. */
export function later<T = void>(): { readonly promise: Promise<T>; readonly resolve: (value: T) => void } {
  let resolve: (value: T) => void = () => {};
  const promise = new Promise<T>((r) => {
    resolve = r;
  });
  return { promise, resolve };
}
