/** All listeners of a process: one per address, made on first use, opened and closed together. */
import net from 'node:net';
import type { GrpcRoute, GrpcStreamRoute, HttpRoute, Listener, Listeners } from '../base/listener.ts';
import { ConfigError } from '../base/errors.ts';
import type { Log } from '../base/log.ts';
import type { Metrics } from '../base/metrics.ts';
import { type Address, addressKey, parseAddress } from './address.ts';
import { bindAll } from './bind.ts';
import { Budget } from './budget.ts';
import { type ConnectionLimits, Connections, defaultConnectionLimits } from './connections.ts';
import { DatagramPort } from './datagrams.ts';
import { Deadlines } from './deadlines.ts';
import { http1Exchange, http2Exchange } from './exchange.ts';
import { type GrpcContext, isGrpc, serveGrpc } from './grpc.ts';
import { serveGrpcStream } from './grpc-stream.ts';
import type { Guard } from './guards.ts';
import { type HttpContext, serveHttp } from './http.ts';
import { RouteTable } from './routes.ts';

export interface ListenOptions {
  readonly log: Log;
  readonly metrics: Metrics;
  readonly limits?: Partial<ConnectionLimits>;
  /** Bytes of request bodies in memory at once, over all listeners; above it senders are told to come later. Default 256 MiB. */
  readonly maxBodyBytesInMemory?: number;
}

export interface GuardedListener extends Listener {
  /** Stands in front of every HTTP route of this listener, in the order added. gRPC passes: browsers cannot speak it. */
  guard(guard: Guard): void;
}

/** What came of opening one address. */
export interface Opened {
  /** As first asked: `localhost:4317`, `localhost:6831/udp`. */
  readonly asked: string;
  readonly port: number;
  /** As bound: `127.0.0.1:4317`, `[::1]:4317`, `127.0.0.1:6831/udp`. Empty when there is a problem. */
  readonly bound: readonly string[];
  /** `EADDRINUSE: …`; the caller decides whether it is fatal. */
  readonly problem?: NodeJS.ErrnoException;
}

export interface OpenListeners extends Listeners {
  at(address: string): GuardedListener;
  /** Opens every address. Does not throw for one that cannot be opened. */
  start(): Promise<readonly Opened[]>;
  /** Stops accepting, lets open requests finish for up to `graceMs` (2000), then cuts off. Safe twice and without `start`. */
  stop(graceMs?: number): Promise<void>;
}

const deadlineEveryMs = 100;

export function createListeners(options: ListenOptions): OpenListeners {
  const limits = { ...defaultConnectionLimits, ...options.limits };
  const shared: Shared = {
    limits,
    log: options.log,
    budget: new Budget(options.maxBodyBytesInMemory ?? 256 * 1024 * 1024),
    deadlines: new Deadlines(deadlineEveryMs),
  };
  const byKey = new Map<string, Port>();
  const ports: Port[] = [];
  const datagramPorts: DatagramPort[] = [];
  const datagrams = options.metrics.counter('datagrams_total', 'Datagrams received, by what became of them.');
  options.metrics.gauge(
    'datagrams_dropped_by_kernel',
    'Datagrams that the system dropped because its receive buffer was full.',
    () => datagramPorts.map((port) => ({ labels: { address: port.address }, value: port.drops })),
  );
  options.metrics.gauge('listener_connections', 'Open connections by address.', () =>
    ports.map((port) => ({ labels: { address: port.address }, value: port.connections })),
  );
  options.metrics.gauge('listener_body_bytes', 'Bytes of request bodies in memory.', () => shared.budget.usedBytes);
  return {
    at(asked) {
      const address = parseAddress(asked);
      const key = addressKey(address);
      const known = address.port === 0 ? undefined : byKey.get(key);
      if (known) return known;
      const port = new Port(asked, address, shared);
      byKey.set(key, port);
      ports.push(port);
      return port;
    },
    udp(route) {
      datagramPorts.push(new DatagramPort(route, parseAddress(route.address), options.log, datagrams));
    },
    start: () => Promise.all([...ports, ...datagramPorts].map((port) => port.open())),
    async stop(graceMs = 2000) {
      await Promise.all([...ports, ...datagramPorts].map((port) => port.close(graceMs)));
      shared.deadlines.stop();
    },
  };
}

interface Shared {
  readonly limits: ConnectionLimits;
  readonly log: Log;
  readonly budget: Budget;
  readonly deadlines: Deadlines;
}

class Port implements GuardedListener {
  address: string;
  private readonly asked: string;
  private readonly wanted: Address;
  private readonly connectionsOf: Connections;
  private readonly routes = new RouteTable();
  private readonly grpcRoutes = new Map<string, GrpcRoute>();
  private readonly grpcStreams = new Map<string, GrpcStreamRoute>();
  private readonly guards: Guard[] = [];
  private servers: net.Server[] = [];
  private isStopping = false;

  constructor(asked: string, wanted: Address, shared: Shared) {
    this.asked = asked;
    this.address = asked;
    this.wanted = wanted;
    const { budget, deadlines, log, limits } = shared;
    const reading = { budget, deadlines, log, bodyTimeoutMs: limits.bodyTimeoutMs };
    const grpc: GrpcContext = { ...reading, routes: this.grpcRoutes };
    const isGrpcPath = (path: string) => this.grpcRoutes.has(path) || this.grpcStreams.has(path);
    const http: HttpContext = { ...reading, routes: this.routes, guards: this.guards, isGrpcPath };
    this.connectionsOf = new Connections(
      {
        http1: (request, response) =>
          void serveHttp(
            http1Exchange(request, response, () => this.isStopping),
            http,
          ),
        http2: (stream, headers) => {
          const streamRoute = this.grpcStreams.get(headers[':path'] ?? '');
          if (isGrpc(headers) && streamRoute) void serveGrpcStream(stream, headers, streamRoute, reading);
          else if (isGrpc(headers)) serveGrpc(stream, headers, grpc);
          else void serveHttp(http2Exchange(stream, headers), http);
        },
      },
      limits,
    );
  }

  get connections(): number {
    return this.connectionsOf.count;
  }

  http(route: HttpRoute): void {
    this.routes.add(route);
  }

  grpc(route: GrpcRoute | GrpcStreamRoute): void {
    const { path } = route;
    if (this.grpcRoutes.has(path) || this.grpcStreams.has(path)) {
      throw new ConfigError('', `${path} is registered twice`);
    }
    if ('stream' in route) this.grpcStreams.set(path, route);
    else this.grpcRoutes.set(path, route);
  }

  guard(guard: Guard): void {
    this.guards.push(guard);
  }

  async open(): Promise<Opened> {
    const { asked, wanted } = this;
    try {
      const { port, addresses } = await bindAll(wanted, (host, at) => this.bind(host, at));
      this.address = addresses[0] ?? asked;
      return { asked, port, bound: addresses };
    } catch (error) {
      await this.close(0);
      return { asked, port: wanted.port, bound: [], problem: error as NodeJS.ErrnoException };
    }
  }

  async close(graceMs: number): Promise<void> {
    this.isStopping = true;
    const { servers } = this;
    this.servers = [];
    for (const server of servers) server.close();
    await this.connectionsOf.drain(graceMs);
  }

  private async bind(host: string, port: number): Promise<number> {
    const server = this.connectionsOf.newServer();
    await listen(server, host, port);
    this.servers.push(server);
    const address = server.address();
    return typeof address === 'object' && address !== null ? address.port : port;
  }
}

function listen(server: net.Server, host: string, port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen({ host, port }, () => {
      server.off('error', reject);
      server.on('error', () => {}); // e.g. out of descriptors for a moment: the next accept goes on
      resolve();
    });
  });
}
