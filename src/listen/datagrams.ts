/** One UDP address: takes datagrams, counts what becomes of them, and never ends because of one. */
import { type Socket, createSocket } from 'node:dgram';
import { isIPv6 } from 'node:net';
import type { DatagramRoute } from '../base/listener.ts';
import type { Log } from '../base/log.ts';
import type { Counter } from '../base/metrics.ts';
import { type Address, formatAddress } from './address.ts';
import { bindAll } from './bind.ts';
import { failureOf } from './failure.ts';
import { kernelDrops } from './kernel-drops.ts';
import type { Opened } from './listeners.ts';

/** Between two looks at the kernel's drops, and at the least between two warnings of one kind. */
const watchEveryMs = 10_000;
/** So long nothing must have come before a socket counts as empty. */
const quietMs = 20;

export class DatagramPort {
  private readonly route: DatagramRoute;
  private readonly wanted: Address;
  private readonly log: Log;
  private readonly counter: Counter;
  private readonly taken: { add(n: number): void };
  private readonly pending = new Set<Promise<void>>();
  private sockets: Socket[] = [];
  private port: number;
  private received = 0;
  private watch: NodeJS.Timeout | undefined;
  private dropsSeen = 0;
  private readonly warnedAtMs = new Map<string, number>();

  constructor(route: DatagramRoute, wanted: Address, log: Log, counter: Counter) {
    this.route = route;
    this.wanted = wanted;
    this.port = wanted.port;
    this.log = log;
    this.counter = counter;
    this.taken = counter.with({ address: route.address, outcome: 'taken' });
  }

  get address(): string {
    return this.route.address;
  }

  /** Thrown away by the kernel since it was opened; 0 where the system does not tell. */
  get drops(): number {
    return this.sockets.length === 0 ? this.dropsSeen : (kernelDrops(this.port) ?? 0);
  }

  async open(): Promise<Opened> {
    const asked = `${this.route.address}/udp`;
    try {
      const { addresses } = await bindAll(this.wanted, (host, port) => this.bind(host, port));
      this.watch = setInterval(() => this.lookAtDrops(), watchEveryMs);
      this.watch.unref();
      return { asked, port: this.port, bound: addresses.map((address) => `${address}/udp`) };
    } catch (error) {
      await this.close(0);
      return { asked, port: this.port, bound: [], problem: error as NodeJS.ErrnoException };
    }
  }

  /** Takes what the kernel still holds, closes, and waits until all is handled: for up to `graceMs`, twice. Safe twice. */
  async close(graceMs: number): Promise<void> {
    clearInterval(this.watch);
    if (this.sockets.length > 0) {
      await this.drain(graceMs);
      this.lookAtDrops();
    }
    const { sockets } = this;
    this.sockets = [];
    await Promise.all(sockets.map((socket) => new Promise<void>((resolve) => socket.close(() => resolve()))));
    if (this.pending.size > 0) await Promise.race([Promise.allSettled(this.pending), sleep(graceMs)]);
  }

  private async drain(graceMs: number): Promise<void> {
    for (let waitedMs = 0; waitedMs < graceMs; waitedMs += quietMs) {
      const before = this.received;
      await sleep(quietMs);
      if (this.received === before) return;
    }
  }

  private async bind(host: string, port: number): Promise<number> {
    const socket = createSocket(isIPv6(host) ? 'udp6' : 'udp4');
    await new Promise<void>((resolve, reject) => {
      socket.once('error', (error) => {
        socket.close();
        reject(error);
      });
      socket.bind({ address: host, port, exclusive: true }, () => resolve());
    });
    socket.removeAllListeners('error');
    socket.on('error', (error) => this.warn('socket', `trouble with a socket: ${error.message}`));
    socket.on('message', (datagram, from) => this.take(datagram, from));
    try {
      socket.setRecvBufferSize(this.route.receiveBufferBytes);
    } catch {
      // The system's own size then.
    }
    this.sockets.push(socket);
    this.port = socket.address().port;
    return this.port;
  }

  private take(datagram: Uint8Array, from: { readonly address: string; readonly port: number }): void {
    this.received++;
    const { maxBytes, maxPending } = this.route;
    if (datagram.length > maxBytes) this.lose('too_large', `of ${datagram.length} bytes`, from);
    else if (this.pending.size >= maxPending) this.lose('queue_full', `${maxPending} are waiting already`, from);
    else {
      const handled = this.handle(datagram, from);
      this.pending.add(handled);
      void handled.finally(() => this.pending.delete(handled));
    }
  }

  /** Never rejects. */
  private async handle(datagram: Uint8Array, from: { address: string; port: number }): Promise<void> {
    try {
      await this.route.handle(datagram);
      this.taken.add(1);
    } catch (error) {
      const { status, message } = failureOf(error, this.log, `a datagram on ${this.address}`);
      this.lose(outcomes[status] ?? 'failed', message, from);
    }
  }

  private lose(outcome: string, why: string, from: { address: string; port: number }): void {
    this.counter.add(1, { address: this.address, outcome });
    const remote = formatAddress(from.address, from.port);
    this.warn(outcome, `lost a datagram on ${this.address}: ${why}`, { outcome, remote });
  }

  private lookAtDrops(): void {
    const { drops } = this;
    if (drops > this.dropsSeen) {
      const lost = drops - this.dropsSeen;
      const sentence = `the kernel dropped ${lost} datagrams for ${this.address}: they came faster than they could be read; sending over HTTP or gRPC loses none`;
      this.warn('kernel', sentence);
    }
    this.dropsSeen = drops;
  }

  /** A flood of bad datagrams must not become a flood of lines: the counters say how many they are. */
  private warn(kind: string, text: string, fields: Record<string, string> = {}): void {
    const nowMs = performance.now();
    const lastMs = this.warnedAtMs.get(kind);
    if (lastMs !== undefined && nowMs - lastMs < watchEveryMs) return;
    this.warnedAtMs.set(kind, nowMs);
    this.log.warn(text, fields);
  }
}

const outcomes: Readonly<Record<number, string>> = {
  400: 'malformed',
  413: 'too_large',
  429: 'full',
  503: 'unavailable',
};

function sleep(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
