/**
 * What a receiver or an API registers on a listener. One listener per address serves HTTP/1.1 and HTTP/2 (gRPC) alike,
 * so that several components share a port (9411, 3100, 14250). `listen/` implements this.
 */
export interface Listener {
  /** `127.0.0.1:4318` as bound, with the real port where 0 was asked. Known after start. */
  readonly address: string;
  http(route: HttpRoute): void;
  grpc(route: GrpcRoute | GrpcStreamRoute): void;
}

/** Gives the listener for an address, making it on first use. Addresses as in the Collector: `localhost:4317`, `0.0.0.0:4317`, `:4317`. */
export interface Listeners {
  at(address: string): Listener;
  /** Takes the datagrams of an address from start to stop. */
  udp(route: DatagramRoute): void;
}

/** What a receiver registers on a UDP address, which it has for itself. Nothing is answered: what is lost is counted. */
export interface DatagramRoute {
  /** As for `at`. */
  readonly address: string;
  /** Longer datagrams are thrown away. */
  readonly maxBytes: number;
  /** Datagrams being handled at once; what comes on top is thrown away. */
  readonly maxPending: number;
  /** What the system is asked to hold while this process is busy. It may give less. */
  readonly receiveBufferBytes: number;
  /** Takes one datagram, whose bytes are the handler's own. A rejection is counted by its reason and ends nothing. */
  handle(datagram: Uint8Array): Promise<void>;
}

export interface HttpRoute {
  /** A GET route answers HEAD too. */
  readonly method: 'GET' | 'POST' | 'PUT' | 'DELETE' | 'OPTIONS';
  /** `/api/traces/:id`; `:name` is one segment (percent-decoded), a trailing `/*` is any rest, as `params['*']`. */
  readonly path: string;
  handle(request: HttpRequest): Promise<HttpReply> | HttpReply;
  /** How a failure is written in this API's own words; without it, as JSON or text. Status and Retry-After are set either way. */
  failed?(failure: Failure, request: HttpRequest): HttpReply;
}

/** What is answered for a thrown error: classified in one place, `listen/failure.ts`. */
export interface Failure {
  /** HTTP status and gRPC code. */
  readonly status: number;
  readonly code: number;
  readonly message: string;
  /** Set when repeating later makes sense. */
  readonly retryAfterMs?: number;
}

export interface HttpRequest {
  readonly method: string;
  readonly path: string;
  readonly params: Readonly<Record<string, string>>;
  readonly query: URLSearchParams;
  /** Lower-case names. */
  readonly headers: Readonly<Record<string, string | undefined>>;
  /** Peer address, for logs. */
  readonly remote: string;
  /** Aborted when the client goes away: a query must die with its request. */
  readonly closed: AbortSignal;
  /** The whole body, decompressed by Content-Encoding, refused with 413 above `maxBytes` (counted after decompression). */
  body(maxBytes: number): Promise<Uint8Array>;
}

export interface HttpReply {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string | Uint8Array | AsyncIterable<string | Uint8Array>;
}

/** One unary gRPC method on the hot path: message bytes in (decompressed), message bytes out. Throw the errors of `base/errors.ts`. */
export interface GrpcRoute {
  /** `/opentelemetry.proto.collector.trace.v1.TraceService/Export` */
  readonly path: string;
  readonly maxMessageBytes: number;
  handle(message: Uint8Array, call: GrpcCall): Promise<Uint8Array>;
  /** Told of every failure that is answered, also of those that `handle` never saw: too large, unknown encoding. */
  failed?(failure: Failure): void;
}

/** One gRPC method that answers with any number of messages, and may be asked with any number, too. For those who read, not for hot paths. */
export interface GrpcStreamRoute {
  readonly path: string;
  readonly maxMessageBytes: number;
  /** The call ends well when the answers end, and otherwise by what they throw: the errors of `base/errors.ts`. */
  stream(messages: AsyncIterable<Uint8Array>, call: GrpcCall): AsyncIterable<Uint8Array>;
}

export interface GrpcCall {
  readonly headers: Readonly<Record<string, string | undefined>>;
  readonly remote: string;
  readonly closed: AbortSignal;
}

/** A JSON reply. BigInt is written as a string, as protobuf's JSON does for 64-bit integers. */
export function json(value: unknown, status = 200, headers: Readonly<Record<string, string>> = {}): HttpReply {
  const body = JSON.stringify(value, (_, v: unknown) => (typeof v === 'bigint' ? v.toString() : v));
  return { status, headers: { 'content-type': 'application/json; charset=utf-8', ...headers }, body };
}
