/**
 * Unary gRPC on our own framing over node:http2 (https://github.com/grpc/grpc/blob/master/doc/PROTOCOL-HTTP2.md). This is the
 * hottest path for small requests, so it makes few objects, no promise chain of its own, and one write for each answer.
 */
import type { IncomingHttpHeaders, OutgoingHttpHeaders, ServerHttp2Stream } from 'node:http2';
import { BadInput, ClientGone } from '../base/errors.ts';
import type { GrpcCall, GrpcRoute } from '../base/listener.ts';
import type { Log } from '../base/log.ts';
import { decompress, encodings } from '../wire/compression.ts';
import { encodeRpcStatus } from '../wire/rpc-status.ts';
import type { Budget } from './budget.ts';
import type { Deadline, Deadlines } from './deadlines.ts';
import { failureOf, grpcCode } from './failure.ts';

export interface GrpcContext {
  readonly routes: ReadonlyMap<string, GrpcRoute>;
  readonly log: Log;
  readonly budget: Budget;
  readonly deadlines: Deadlines;
  /** For a whole request to arrive. */
  readonly bodyTimeoutMs: number;
}

const prefixBytes = 5;
const acceptEncoding = ['identity', ...encodings].join(',');
/** Each header costs about a microsecond, so a success has no more than it needs, and no date. */
const replyHeaders: OutgoingHttpHeaders = { ':status': 200, 'content-type': 'application/grpc' };
const okTrailers: OutgoingHttpHeaders = { 'grpc-status': '0' };
const withTrailers = { waitForTrailers: true, sendDate: false };
const noErrorReset = 0;

export function isGrpc(headers: IncomingHttpHeaders): boolean {
  const type = headers['content-type'];
  if (type === undefined || !type.startsWith('application/grpc')) return false;
  const next = type[16];
  return next === undefined || next === '+' || next === ';';
}

export function serveGrpc(stream: ServerHttp2Stream, headers: IncomingHttpHeaders, context: GrpcContext): void {
  new Call(stream, headers, context).begin();
}

class Call implements GrpcCall {
  readonly headers: GrpcCall['headers'];
  private readonly stream: ServerHttp2Stream;
  private readonly context: GrpcContext;
  private readonly chunks: Buffer[] = [];
  private length = 0;
  private expected = -1;
  private route: GrpcRoute | undefined;
  private deadline: Deadline | undefined;
  private held = 0;
  private isAnswered = false;
  private controller: AbortController | undefined;

  constructor(stream: ServerHttp2Stream, headers: IncomingHttpHeaders, context: GrpcContext) {
    this.stream = stream;
    // Only set-cookie comes as a list, which no gRPC request has.
    this.headers = headers as GrpcCall['headers'];
    this.context = context;
  }

  get remote(): string {
    return this.stream.session?.socket.remoteAddress ?? '';
  }

  /** Made only for handlers that ask: most answer before anybody can go away. */
  get closed(): AbortSignal {
    if (this.controller === undefined) {
      this.controller = new AbortController();
      if (this.stream.destroyed || this.isAnswered) this.controller.abort();
    }
    return this.controller.signal;
  }

  begin(): void {
    const { stream, context, headers } = this;
    stream.on('error', () => {});
    stream.on('close', () => this.gone());
    const path = headers[':path'] ?? '';
    const encoding = headers['grpc-encoding'];
    this.route = context.routes.get(path);
    if (this.route === undefined) {
      this.refuse(grpcCode.unimplemented, `no such method: ${path}`);
      return;
    }
    if (encoding !== undefined && !isKnownEncoding(encoding)) {
      this.refuse(
        grpcCode.unimplemented,
        `unknown grpc-encoding ${JSON.stringify(encoding)}: expected ${acceptEncoding}`,
      );
      return;
    }
    const askedMs = timeoutMs(headers['grpc-timeout']);
    const limitMs = askedMs === undefined ? context.bodyTimeoutMs : Math.min(askedMs, context.bodyTimeoutMs);
    this.deadline = context.deadlines.add(limitMs, () => this.expire(askedMs));
    stream.on('data', (chunk: Buffer) => this.take(chunk));
    stream.on('end', () => this.handle());
  }

  private take(chunk: Buffer): void {
    if (this.isAnswered) return;
    this.chunks.push(chunk);
    this.length += chunk.length;
    try {
      this.context.budget.take(chunk.length);
      this.held += chunk.length;
      if (this.expected < 0 && this.length >= prefixBytes) this.readPrefix();
      if (this.expected >= 0 && this.length > prefixBytes + this.expected) {
        throw new BadInput('a unary call has one message, got more bytes than it announces');
      }
    } catch (error) {
      this.fail(error);
    }
  }

  private readPrefix(): void {
    const head = this.joined();
    this.expected = head.readUInt32BE(1);
    const max = this.route?.maxMessageBytes ?? 0;
    if (this.expected > max) {
      throw new BadInput(`message of ${this.expected} bytes is larger than ${max} bytes`, { status: 413 });
    }
  }

  private handle(): void {
    const { route } = this;
    if (this.isAnswered || route === undefined) return;
    try {
      if (this.expected !== this.length - prefixBytes) throw new BadInput('the message was cut off');
      const frame = this.joined();
      const flag = frame[0];
      const message = frame.subarray(prefixBytes);
      if (flag === 0) this.run(route, message);
      else if (flag === 1) this.runCompressed(route, message);
      else throw new BadInput(`expected a compressed flag of 0 or 1, got ${flag}`);
    } catch (error) {
      this.fail(error);
    }
  }

  private runCompressed(route: GrpcRoute, message: Uint8Array): void {
    const encoding = this.headers['grpc-encoding'];
    if (encoding === undefined || encoding === 'identity') {
      throw new BadInput('a compressed message needs grpc-encoding');
    }
    const proceed = (bytes: Uint8Array) => {
      this.context.budget.take(bytes.length);
      this.held += bytes.length;
      this.run(route, bytes);
    };
    const bytes = decompress(encoding, message, route.maxMessageBytes);
    if (bytes instanceof Uint8Array) proceed(bytes);
    else bytes.then(proceed).catch((error: unknown) => this.fail(error));
  }

  private run(route: GrpcRoute, message: Uint8Array): void {
    route.handle(message, this).then(
      (reply) => this.reply(reply),
      (error: unknown) => this.fail(error),
    );
  }

  private reply(message: Uint8Array): void {
    if (!this.finish()) return;
    const { stream } = this;
    const frame = Buffer.allocUnsafe(prefixBytes + message.length);
    frame[0] = 0;
    frame.writeUInt32BE(message.length, 1);
    frame.set(message, prefixBytes);
    stream.respond(replyHeaders, withTrailers);
    stream.on('wantTrailers', () => stream.sendTrailers(okTrailers));
    stream.end(frame);
  }

  private fail(error: unknown): void {
    if (this.isAnswered) return;
    const failure = failureOf(error, this.context.log, this.headers[':path'] ?? '');
    this.route?.failed?.(failure);
    this.refuse(failure.code, failure.message, failure.retryAfterMs);
  }

  /** Answers with trailers only, and takes no more of the request. */
  private refuse(code: number, message: string, retryAfterMs?: number): void {
    if (!this.finish()) return;
    const { stream } = this;
    const trailers: OutgoingHttpHeaders = {
      ...replyHeaders,
      'grpc-accept-encoding': acceptEncoding,
      'grpc-status': String(code),
      'grpc-message': encodeMessage(message),
    };
    if (retryAfterMs !== undefined) {
      const details = encodeRpcStatus({ code, message, retryAfterMs });
      trailers['grpc-status-details-bin'] = Buffer.from(details).toString('base64').replace(/=+$/, '');
    }
    const isUnread = !stream.readableEnded;
    stream.respond(trailers, { endStream: true });
    if (!isUnread) return;
    // RFC 9113, 8.1: a server that answers early asks the client to stop sending without an error.
    stream.resume();
    stream.close(noErrorReset);
  }

  private expire(askedMs: number | undefined): void {
    const isRead = this.expected >= 0 && this.length === prefixBytes + this.expected;
    const what = isRead || askedMs !== undefined ? 'deadline exceeded' : 'the message did not arrive in time';
    if (isRead && askedMs === undefined) return; // our limit is for reading; the handler has its own
    this.controller?.abort(new Error(what));
    this.refuse(grpcCode.deadlineExceeded, what);
  }

  /** True once: whoever answers first. */
  private finish(): boolean {
    this.settle();
    if (this.isAnswered) return false;
    this.isAnswered = true;
    // Reset by its client a stream is closed some turns before it is destroyed, and answering it would throw.
    return !this.stream.closed && !this.stream.destroyed && !this.stream.headersSent;
  }

  private gone(): void {
    this.settle();
    if (this.isAnswered) return;
    this.isAnswered = true;
    this.controller?.abort(new ClientGone());
  }

  private settle(): void {
    this.chunks.length = 0;
    if (this.held > 0) this.context.budget.release(this.held);
    this.held = 0;
    if (this.deadline) this.context.deadlines.remove(this.deadline);
    this.deadline = undefined;
  }

  private joined(): Buffer {
    const [only] = this.chunks;
    return this.chunks.length === 1 && only ? only : Buffer.concat(this.chunks, this.length);
  }
}

function isKnownEncoding(name: string): boolean {
  return name === 'identity' || encodings.some((known) => known === name);
}

const unitMs: Readonly<Record<string, number>> = { H: 3_600_000, M: 60_000, S: 1000, m: 1, u: 1e-3, n: 1e-6 };

/** `10S`, `250m`: at most 8 digits and a unit. Undefined when absent or malformed. */
export function timeoutMs(header: string | undefined): number | undefined {
  if (header === undefined || !/^\d{1,8}[HMSmun]$/.test(header)) return undefined;
  return Number(header.slice(0, -1)) * (unitMs[header.slice(-1)] ?? 1);
}

/** Percent-encoding of what is not printable ASCII, as grpc-message wants it; cut to what a header can carry. */
export function encodeMessage(message: string): string {
  const bytes = Buffer.from(message.slice(0, 1000));
  let encoded = '';
  for (const byte of bytes) {
    encoded +=
      byte >= 0x20 && byte <= 0x7e && byte !== 0x25
        ? String.fromCharCode(byte)
        : `%${byte.toString(16).toUpperCase().padStart(2, '0')}`;
  }
  return encoded;
}
