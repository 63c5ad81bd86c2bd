/**
 * Streaming gRPC (https://github.com/grpc/grpc/blob/master/doc/PROTOCOL-HTTP2.md), for methods that read: apart from the unary
 * path, which is hot and counts its objects.
 */
import { once } from 'node:events';
import type { IncomingHttpHeaders, OutgoingHttpHeaders, ServerHttp2Stream } from 'node:http2';
import { BadInput } from '../base/errors.ts';
import type { GrpcCall, GrpcStreamRoute } from '../base/listener.ts';
import { decompress, encodings } from '../wire/compression.ts';
import { encodeRpcStatus } from '../wire/rpc-status.ts';
import { failureOf, grpcCode } from './failure.ts';
import { encodeMessage, type GrpcContext, timeoutMs } from './grpc.ts';

export type StreamContext = Omit<GrpcContext, 'routes'>;

const prefixBytes = 5;
const noErrorReset = 0;
const lingerMs = 1000;
const replyHeaders: OutgoingHttpHeaders = { ':status': 200, 'content-type': 'application/grpc' };

/** Answers one call. Never rejects. */
export async function serveGrpcStream(
  stream: ServerHttp2Stream,
  headers: IncomingHttpHeaders,
  route: GrpcStreamRoute,
  context: StreamContext,
): Promise<void> {
  stream.on('error', () => {});
  const gone = new AbortController();
  let isDone = false;
  stream.on('close', () => {
    if (!isDone) gone.abort(new Error('the client went away'));
  });
  const call: GrpcCall = {
    // Only set-cookie comes as a list, which no gRPC request has.
    headers: headers as GrpcCall['headers'],
    remote: stream.session?.socket.remoteAddress ?? '',
    closed: gone.signal,
  };
  const askedMs = timeoutMs(call.headers['grpc-timeout']);
  const expire = () => {
    end(stream, { 'grpc-status': String(grpcCode.deadlineExceeded), 'grpc-message': 'deadline exceeded' }, context);
    gone.abort(new Error('deadline exceeded'));
  };
  const deadline = askedMs === undefined ? undefined : context.deadlines.add(askedMs, expire);
  try {
    const messages = readMessages(stream, call.headers['grpc-encoding'] ?? 'identity', route.maxMessageBytes, context);
    for await (const message of route.stream(messages, call)) {
      if (stream.destroyed || stream.writableEnded) break;
      if (!stream.headersSent) stream.respond(replyHeaders, { waitForTrailers: true });
      if (!stream.write(frameOf(message))) await once(stream, 'drain', { signal: gone.signal });
    }
    end(stream, { 'grpc-status': '0' }, context);
  } catch (error) {
    // Whoever has gone hears nothing, and what its leaving broke is no fault of ours.
    if (!gone.signal.aborted) end(stream, trailersOf(error, context, route.path), context);
  } finally {
    isDone = true;
    if (deadline !== undefined) context.deadlines.remove(deadline);
  }
}

/** Ends the answer once, in trailers alone where no message has gone out; what the client may still send is not waited for. */
function end(stream: ServerHttp2Stream, trailers: OutgoingHttpHeaders, { deadlines }: StreamContext): void {
  if (stream.destroyed || stream.writableEnded) return;
  if (!stream.headersSent) stream.respond({ ...replyHeaders, ...trailers }, { endStream: true });
  else {
    stream.on('wantTrailers', () => stream.sendTrailers(trailers));
    stream.end();
  }
  if (stream.readableEnded) return;
  // A client that reads the end stops sending; one that does not is stopped a little later, when the end has gone out for sure.
  stream.resume();
  const stopping = deadlines.add(lingerMs, () => stream.close(noErrorReset));
  stream.once('close', () => deadlines.remove(stopping));
}

function trailersOf(error: unknown, { log }: StreamContext, path: string): OutgoingHttpHeaders {
  const { code, message, retryAfterMs } = failureOf(error, log, path);
  const trailers: OutgoingHttpHeaders = { 'grpc-status': String(code), 'grpc-message': encodeMessage(message) };
  if (retryAfterMs === undefined) return trailers;
  const details = Buffer.from(encodeRpcStatus({ code, message, retryAfterMs })).toString('base64');
  return { ...trailers, 'grpc-status-details-bin': details.replace(/=+$/, '') };
}

function frameOf(message: Uint8Array): Buffer {
  const frame = Buffer.allocUnsafe(prefixBytes + message.length);
  frame[0] = 0;
  frame.writeUInt32BE(message.length, 1);
  frame.set(message, prefixBytes);
  return frame;
}

/** The client's messages, decompressed, each counted in the budget until the next is asked for. Throws `BadInput`. */
async function* readMessages(
  stream: ServerHttp2Stream,
  encoding: string,
  maxBytes: number,
  { budget }: StreamContext,
): AsyncGenerator<Uint8Array> {
  if (encoding !== 'identity' && !encodings.some((known) => known === encoding)) {
    const expected = ['identity', ...encodings].join(',');
    throw new BadInput(`unknown grpc-encoding ${JSON.stringify(encoding)}: expected ${expected}`, { status: 415 });
  }
  let rest: Buffer = Buffer.alloc(0);
  // Leaving the loop must not destroy the stream: the answer still goes out on it.
  for await (const chunk of stream.iterator({ destroyOnReturn: false })) {
    rest = rest.length === 0 ? Buffer.from(chunk) : Buffer.concat([rest, chunk]);
    while (rest.length >= prefixBytes) {
      const length = rest.readUInt32BE(1);
      if (length > maxBytes) {
        throw new BadInput(`message of ${length} bytes is larger than ${maxBytes} bytes`, { status: 413 });
      }
      if (rest.length < prefixBytes + length) break;
      const flag = rest[0];
      const body = rest.subarray(prefixBytes, prefixBytes + length);
      rest = rest.subarray(prefixBytes + length);
      if (flag !== 0 && flag !== 1) throw new BadInput(`expected a compressed flag of 0 or 1, got ${flag}`);
      if (flag === 1 && encoding === 'identity') throw new BadInput('a compressed message needs grpc-encoding');
      const message = flag === 0 ? body : await decompress(encoding, body, maxBytes);
      budget.take(message.length);
      try {
        yield message;
      } finally {
        budget.release(message.length);
      }
    }
  }
  if (rest.length > 0) throw new BadInput('the message was cut off');
}
