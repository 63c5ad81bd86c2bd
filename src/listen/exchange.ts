/** One HTTP request and the way to answer it, the same over HTTP/1.1 and HTTP/2. */
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { IncomingHttpHeaders, ServerHttp2Stream } from 'node:http2';
import type { Readable, Writable } from 'node:stream';

export interface Exchange {
  readonly method: string;
  /** As sent: `/api/traces?limit=20`. */
  readonly target: string;
  readonly headers: Readonly<Record<string, string | undefined>>;
  readonly remote: string;
  readonly input: Readable;
  readonly output: Writable;
  /** Whether the whole request body has been read. */
  isInputRead(): boolean;
  /** Sends status and headers, once. */
  head(status: number, headers: Readonly<Record<string, string>>): void;
  isHeadSent(): boolean;
  /** Ends the answer where it is, so that the client sees it was cut off. */
  abort(): void;
  /** Called, perhaps twice, when the client goes away before the answer is complete. */
  onGone(listener: () => void): void;
}

export function http1Exchange(request: IncomingMessage, response: ServerResponse, isStopping: () => boolean): Exchange {
  return {
    method: request.method ?? 'GET',
    target: request.url ?? '/',
    headers: joined(request.headers),
    remote: request.socket.remoteAddress ?? '',
    input: request,
    output: response,
    isInputRead: () => request.complete,
    head(status, headers) {
      // The rest of an unread body would be taken for the next request.
      const isLast = isStopping() || !request.complete;
      response.writeHead(status, isLast ? { ...headers, connection: 'close' } : headers);
    },
    isHeadSent: () => response.headersSent,
    abort: () => response.destroy(),
    onGone(listener) {
      response.once('close', () => {
        if (!response.writableFinished) listener();
      });
    },
  };
}

export function http2Exchange(stream: ServerHttp2Stream, headers: IncomingHttpHeaders): Exchange {
  // A stream without an error listener would throw when its peer resets it.
  stream.on('error', () => {});
  const plain = joined(headers);
  if (plain['host'] === undefined && plain[':authority'] !== undefined) plain['host'] = plain[':authority'];
  return {
    method: plain[':method'] ?? 'GET',
    target: plain[':path'] ?? '/',
    headers: plain,
    remote: stream.session?.socket.remoteAddress ?? '',
    input: stream,
    output: stream,
    isInputRead: () => stream.readableEnded || stream.endAfterHeaders,
    head(status, replyHeaders) {
      if (!stream.closed && !stream.destroyed && !stream.headersSent)
        stream.respond({ ...replyHeaders, ':status': status });
    },
    isHeadSent: () => stream.headersSent,
    abort: () => stream.close(2), // INTERNAL_ERROR
    onGone(listener) {
      // While nobody reads the request, a reset is "aborted" without being closed.
      stream.once('aborted', listener);
      stream.once('close', () => {
        if (!stream.writableFinished) listener();
      });
    },
  };
}

/** Node joins repeated headers, except these. */
function joined(headers: IncomingHttpHeaders): Record<string, string | undefined> {
  const plain: Record<string, string | undefined> = {};
  for (const [name, value] of Object.entries(headers)) plain[name] = Array.isArray(value) ? value.join(', ') : value;
  return plain;
}
