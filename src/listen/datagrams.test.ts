import { createSocket } from 'node:dgram';
import { afterEach, describe, expect, it } from 'vitest';
import { BadInput, Overloaded } from '../base/errors.ts';
import type { DatagramRoute } from '../base/listener.ts';
import { createLog } from '../base/log.ts';
import { createMetrics } from '../base/metrics.ts';
import { dropsOf } from './kernel-drops.ts';
import { createListeners, type Opened, type OpenListeners } from './listeners.ts';
import { later } from './testing.ts';

const opened: OpenListeners[] = [];
afterEach(async () => {
  for (const listeners of opened.splice(0)) await listeners.stop(200);
});

async function open(route: Partial<DatagramRoute> = {}) {
  const metrics = createMetrics();
  const lines: string[] = [];
  const log = createLog({ write: (line) => lines.push(line) });
  const listeners = createListeners({ log, metrics });
  opened.push(listeners);
  const taken: string[] = [];
  const address = '127.0.0.1:0';
  listeners.udp({
    address,
    maxBytes: 1000,
    maxPending: 100,
    receiveBufferBytes: 1 << 20,
    handle: async (datagram) => void taken.push(Buffer.from(datagram).toString()),
    ...route,
  });
  const [port] = await listeners.start();
  const counter = metrics.counter('datagrams_total', '');
  const count = (outcome: string) => counter.value({ address: route.address ?? address, outcome });
  return { listeners, taken, lines, metrics, count, opened: port as Opened };
}

async function send(port: number, host: string, ...datagrams: (string | Uint8Array)[]): Promise<void> {
  const socket = createSocket(host.includes(':') ? 'udp6' : 'udp4');
  for (const datagram of datagrams) {
    await new Promise<void>((resolve, reject) =>
      socket.send(datagram, port, host, (error) => (error ? reject(error) : resolve())),
    );
  }
  await new Promise<void>((resolve) => socket.close(() => resolve()));
}

async function until(isTrue: () => boolean): Promise<void> {
  for (let i = 0; i < 200 && !isTrue(); i++) await new Promise((resolve) => setTimeout(resolve, 5));
  expect(isTrue()).toBe(true);
}

describe('a UDP address', () => {
  it('hands over each datagram, also empty ones, and says where it is bound', async () => {
    const { opened, taken, count } = await open();
    expect(opened).toEqual({ asked: '127.0.0.1:0/udp', port: opened.port, bound: [`127.0.0.1:${opened.port}/udp`] });
    await send(opened.port, '127.0.0.1', 'a', '', 'b');
    await until(() => count('taken') === 3);
    expect(taken).toEqual(['a', '', 'b']);
  });

  it('as localhost is both loopback addresses', async () => {
    const { opened, taken } = await open({ address: 'localhost:0' });
    await send(opened.port, '127.0.0.1', 'four');
    if (opened.bound.length === 2) await send(opened.port, '::1', 'six');
    await until(() => taken.length === opened.bound.length);
  });

  it('everywhere takes IPv4 and IPv6', async () => {
    const { opened, taken } = await open({ address: ':0' });
    await send(opened.port, '127.0.0.1', 'four');
    await until(() => taken.length === 1);
  });

  it('throws away what is too long, and goes on', async () => {
    const { opened, count, lines } = await open();
    await send(opened.port, '127.0.0.1', Buffer.alloc(1001), Buffer.alloc(65_507), Buffer.alloc(1000));
    await until(() => count('taken') === 1);
    expect(count('too_large')).toBe(2);
    expect(lines.length).toBe(1);
    expect(lines[0]).toContain('lost a datagram on 127.0.0.1:0: of 1001 bytes outcome="too_large" remote="127.0.0.1:');
  });

  it('counts failures by their reason and goes on; a flood of them is one line', async () => {
    const errors = [
      new BadInput('no'),
      new BadInput('no'),
      new Overloaded('x'),
      new Overloaded('x', { reason: 'unavailable' }),
      new Error('bug'),
    ];
    const { opened, count, lines } = await open({
      handle: async () => {
        const error = errors.shift();
        if (error) throw error;
      },
    });
    await send(opened.port, '127.0.0.1', '1', '2', '3', '4', '5', '6');
    await until(() => count('taken') === 1);
    expect(['malformed', 'full', 'unavailable', 'failed'].map(count)).toEqual([2, 1, 1, 1]);
    expect(lines.filter((line) => line.includes('malformed')).length).toBe(1);
  });

  it('throws away what comes while too many are being handled', async () => {
    const { promise, resolve } = later();
    const { opened, count } = await open({ maxPending: 2, handle: () => promise });
    await send(opened.port, '127.0.0.1', '1', '2', '3');
    await until(() => count('queue_full') === 1);
    resolve();
    await until(() => count('taken') === 2);
  });

  it('when it stops takes what was sent before, and waits until it is handled', async () => {
    const { opened, listeners, taken } = await open({
      handle: async (datagram) => {
        await new Promise((resolve) => setTimeout(resolve, 50));
        taken.push(String(datagram));
      },
    });
    await send(opened.port, '127.0.0.1', ...Array.from({ length: 50 }, (_, i) => String(i)));
    await listeners.stop(2000);
    expect(taken.length).toBe(50);
    await listeners.stop(2000);
  });

  it('that is taken is a problem of its own, not the end', async () => {
    const { opened } = await open();
    const second = await open({ address: `127.0.0.1:${opened.port}` });
    expect(second.opened).toMatchObject({
      asked: `127.0.0.1:${opened.port}/udp`,
      bound: [],
      problem: { code: 'EADDRINUSE' },
    });
  });

  it('tells of drops where the system does', async () => {
    const { metrics } = await open();
    expect(metrics.text()).toContain('ariane_datagrams_dropped_by_kernel{address="127.0.0.1:0"} 0');
  });
});

it('the kernel drops of a port are read from its table', () => {
  const table = `   sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode ref pointer drops
  346: 0100007F:1AAF 00000000:0000 07 00000000:00000000 00:00000000 00000000     0        0 84 2 0000000000000000 12
  347: 00000000:1AAF 00000000:0000 07 00000000:00000000 00:00000000 00000000     0        0 85 2 0000000000000000 3
  348: 0100007F:1AB0 00000000:1AAF 07 00000000:00000000 00:00000000 00000000     0        0 86 2 0000000000000000 100
`;
  expect(dropsOf(table, 6831)).toBe(15);
  expect(dropsOf(table, 6832)).toBe(100);
  expect(dropsOf('', 6831)).toBe(0);
});
