/**
 * One TCP port that speaks HTTP/1.1 and HTTP/2 with prior knowledge: the first bytes of a connection say which. HTTP/2 clients
 * begin with a fixed preface (https://www.rfc-editor.org/rfc/rfc9113#name-http-2-connection-preface).
 */
import http from 'node:http';
import http2 from 'node:http2';
import net from 'node:net';
import type { Duplex } from 'node:stream';

export interface ConnectionLimits {
  /** Open connections on one listener; more are closed at once. */
  readonly maxConnections: number;
  /** Requests open at once on one HTTP/2 connection. */
  readonly maxStreams: number;
  readonly maxHeaderBytes: number;
  /** For the headers of a request to arrive, and for the first bytes of a connection. */
  readonly headersTimeoutMs: number;
  /** For a whole request to arrive. */
  readonly bodyTimeoutMs: number;
  /** A connection without a request is closed after. */
  readonly idleTimeoutMs: number;
}

export const defaultConnectionLimits: ConnectionLimits = {
  maxConnections: 2048,
  maxStreams: 256,
  maxHeaderBytes: 32 * 1024,
  headersTimeoutMs: 10_000,
  bodyTimeoutMs: 60_000,
  idleTimeoutMs: 300_000,
};

export interface Handlers {
  readonly http1: (request: http.IncomingMessage, response: http.ServerResponse) => void;
  readonly http2: (stream: http2.ServerHttp2Stream, headers: http2.IncomingHttpHeaders) => void;
}

/** A request of 512 spans comes in one flight instead of waiting for window updates. */
const streamWindowBytes = 1024 * 1024;
const connectionWindowBytes = 8 * 1024 * 1024;

const preface = Buffer.from('PRI * HTTP/2.0');

/** The protocol servers behind a listener's sockets. They listen to nothing themselves. */
export class Connections {
  /** Accepts for one bound host; a listener on localhost has two. */
  readonly newServer: () => net.Server;
  private readonly http1: http.Server;
  private readonly http2: http2.Http2Server;
  private readonly sockets = new Set<Duplex>();
  /** Sockets that have not said what they speak. */
  private readonly undecided = new Set<net.Socket>();
  private readonly sessions = new Set<http2.ServerHttp2Session>();
  private readonly limits: ConnectionLimits;
  private whenEmpty: (() => void) | undefined;

  constructor(handlers: Handlers, limits: ConnectionLimits) {
    this.limits = limits;
    this.http1 = http.createServer(
      {
        maxHeaderSize: limits.maxHeaderBytes,
        headersTimeout: limits.headersTimeoutMs,
        requestTimeout: Math.max(limits.bodyTimeoutMs, limits.headersTimeoutMs),
        keepAliveTimeout: limits.idleTimeoutMs,
        connectionsCheckingInterval: Math.min(5000, limits.headersTimeoutMs),
      },
      handlers.http1,
    );
    // Its sockets come from elsewhere, so it is told that it listens: only then it looks after the timeouts above.
    this.http1.emit('listening');
    this.http2 = http2.createServer({
      settings: { maxConcurrentStreams: limits.maxStreams, initialWindowSize: streamWindowBytes },
      maxSessionMemory: 64,
      maxHeaderListPairs: 128,
      maxSessionInvalidFrames: 100,
    });
    this.http2.on('stream', handlers.http2);
    this.http2.on('session', (session) => this.keepSession(session));
    this.newServer = () => {
      const server = net.createServer({ allowHalfOpen: true, noDelay: true }, (socket) => this.accept(socket));
      server.maxConnections = limits.maxConnections;
      return server;
    };
  }

  get count(): number {
    return this.sockets.size;
  }

  /** Takes a connection whose peer speaks first. */
  accept(socket: net.Socket): void {
    this.sockets.add(socket);
    socket.once('close', () => {
      this.sockets.delete(socket);
      this.undecided.delete(socket);
      if (this.sockets.size === 0) this.whenEmpty?.();
    });
    if (this.limits.maxConnections < this.sockets.size) {
      socket.destroy();
      return;
    }
    const onError = () => socket.destroy();
    const onSlow = () => socket.destroy();
    let seen: Buffer = Buffer.alloc(0);
    const onReadable = () => {
      const chunk: Buffer | null = socket.read();
      if (chunk === null) return;
      seen = seen.length === 0 ? chunk : Buffer.concat([seen, chunk]);
      const length = Math.min(seen.length, preface.length);
      const isHttp2 = seen.compare(preface, 0, length, 0, length) === 0;
      if (isHttp2 && length < preface.length) return; // "P" may still become "POST"
      socket.off('readable', onReadable).off('error', onError).off('timeout', onSlow).off('end', onError);
      socket.setTimeout(0);
      this.undecided.delete(socket);
      socket.unshift(seen);
      // Over HTTP/1.1 a client may finish sending and still wait for its answer; HTTP/2 has no such state.
      if (isHttp2) socket.allowHalfOpen = false;
      (isHttp2 ? this.http2 : this.http1).emit('connection', socket);
    };
    this.undecided.add(socket);
    socket.setTimeout(this.limits.headersTimeoutMs);
    socket.on('error', onError).on('timeout', onSlow).on('end', onError).on('readable', onReadable);
  }

  /** No new requests; resolves when the open ones are answered, or after `graceMs`, when what is left is cut off. */
  async drain(graceMs: number): Promise<void> {
    this.http1.closeIdleConnections();
    for (const socket of this.undecided) socket.destroy();
    for (const session of this.sessions) session.close();
    const empty = new Promise<void>((resolve) => {
      this.whenEmpty = resolve;
      if (this.sockets.size === 0) resolve();
    });
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<void>((resolve) => {
      timer = setTimeout(resolve, graceMs);
    });
    await Promise.race([empty, late]);
    clearTimeout(timer);
    for (const session of this.sessions) session.destroy();
    for (const socket of this.sockets) socket.destroy();
    this.http1.close(() => {}); // ends its own timer; that it never listened is no news
    await empty;
  }

  private keepSession(session: http2.ServerHttp2Session): void {
    this.sessions.add(session);
    session.once('close', () => this.sessions.delete(session));
    session.on('error', () => session.destroy());
    session.setTimeout(this.limits.idleTimeoutMs, () => session.close());
    session.setLocalWindowSize(connectionWindowBytes);
  }
}
