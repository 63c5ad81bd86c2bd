import http2 from 'node:http2';
import net from 'node:net';
import { setTimeout as wait } from 'node:timers/promises';
import fc from 'fast-check';
import { afterEach, describe, expect, it } from 'vitest';
import { ConfigError } from '../base/errors.ts';
import type { HttpRoute } from '../base/listener.ts';
import { silentLog } from '../base/log.ts';
import { createMetrics } from '../base/metrics.ts';
import { type ListenOptions, type OpenListeners, createListeners } from './listeners.ts';
import { askHttp2, askOn, grpcFrame, grpcHeaders, later, sayRaw } from './testing.ts';

const created: OpenListeners[] = [];
afterEach(async () => {
  for (const listeners of created.splice(0)) await listeners.stop(50);
});

function create(options: Partial<ListenOptions> = {}): OpenListeners {
  const listeners = createListeners({ log: silentLog, metrics: createMetrics(), ...options });
  created.push(listeners);
  return listeners;
}

const hello: HttpRoute = { method: 'GET', path: '/', handle: () => ({ status: 200, body: 'hello' }) };
const get = 'GET / HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n';

async function hasIpv6(): Promise<boolean> {
  const server = net.createServer();
  return new Promise((resolve) => {
    server.once('error', () => resolve(false));
    server.listen(0, '::1', () => server.close(() => resolve(true)));
  });
}

describe('opening', () => {
  it('localhost answers on both loopback addresses, with one port', async () => {
    const listeners = create();
    const listener = listeners.at('localhost:0');
    listener.http(hello);
    const [opened] = await listeners.start();
    const port = opened?.port ?? 0;
    expect(port).toBeGreaterThan(0);
    expect(listener.address).toBe(`127.0.0.1:${port}`);
    expect(opened?.bound).toEqual([`127.0.0.1:${port}`, ...((await hasIpv6()) ? [`[::1]:${port}`] : [])]);
    for (const address of opened?.bound ?? []) expect(await (await fetch(`http://${address}`)).text()).toBe('hello');
  });

  it('an address without a host answers on every interface', async () => {
    const listeners = create();
    listeners.at(':0').http(hello);
    const [opened] = await listeners.start();
    expect(await (await fetch(`http://127.0.0.1:${opened?.port}`)).text()).toBe('hello');
    if (await hasIpv6()) expect(await (await fetch(`http://[::1]:${opened?.port}`)).text()).toBe('hello');
  });

  it('gives the same listener for the same address, so that several components share a port', () => {
    const listeners = create();
    const one = listeners.at('localhost:9411');
    expect(listeners.at('127.0.0.1:9411')).toBe(one);
    expect(listeners.at(':9411')).not.toBe(one);
    expect(listeners.at('localhost:0')).not.toBe(listeners.at('localhost:0'));
    one.http(hello);
    expect(() => one.http(hello)).toThrow(ConfigError);
  });

  it('reports a taken port and opens the others', async () => {
    const other = net.createServer().listen(0, '127.0.0.1');
    await new Promise((resolve) => other.once('listening', resolve));
    const { port } = other.address() as net.AddressInfo;
    const listeners = create();
    listeners.at(`localhost:${port}`).http(hello);
    listeners.at('localhost:0').http(hello);
    const [taken, fine] = await listeners.start();
    expect(taken).toMatchObject({ asked: `localhost:${port}`, bound: [], problem: { code: 'EADDRINUSE' } });
    expect(fine?.problem).toBeUndefined();
    expect(await (await fetch(`http://127.0.0.1:${fine?.port}`)).text()).toBe('hello');
    other.close();
  });

  it('stops safely without start, and twice', async () => {
    const listeners = create();
    listeners.at('localhost:0').http(hello);
    await listeners.stop();
    await listeners.stop();
  });
});

describe('a connection', () => {
  async function open(options: Partial<ListenOptions> = {}) {
    const listeners = create(options);
    const listener = listeners.at('127.0.0.1:0');
    listener.http(hello);
    listener.grpc({ path: '/a/B', maxMessageBytes: 100, handle: async () => new Uint8Array() });
    const [opened] = await listeners.start();
    const port = opened?.port ?? 0;
    return { port, url: `http://127.0.0.1:${port}`, listener, listeners };
  }

  it('is recognised however its first bytes are cut', async () => {
    const { port, url } = await open();
    for (let cut = 1; cut < 5; cut++) {
      expect(await sayRaw(port, get.slice(0, cut), get.slice(cut))).toMatch(/^HTTP\/1.1 200 OK[^]*hello$/);
    }
    // A method that begins as the preface does.
    expect(await sayRaw(port, 'PR', 'OPFIND / HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n')).toMatch(
      /^HTTP\/1.1 405/,
    );
    const session = http2.connect(url, { createConnection: () => cutting(net.connect(port, '127.0.0.1')) });
    expect((await askOn(session, { ':path': '/' })).body.toString()).toBe('hello');
    session.close();
  });

  it('whose client has finished sending still gets its answer', async () => {
    const { port } = await open();
    const socket = net.connect({ port, host: '127.0.0.1', allowHalfOpen: true });
    socket.end('GET / HTTP/1.1\r\nhost: a\r\n\r\n');
    let answer = '';
    for await (const chunk of socket) answer += String(chunk);
    expect(answer).toMatch(/hello$/);
  });

  it('that sends nothing, or its headers too slowly, is closed', async () => {
    const { port } = await open({ limits: { headersTimeoutMs: 100 } });
    expect(await sayRaw(port)).toBe('');
    expect(await sayRaw(port, 'PRI')).toBe('');
    expect(await sayRaw(port, 'GET / HTTP/1.1\r\n', 'x-slow: 1\r\n')).toMatch(/^(?:HTTP\/1.1 408[^]*)?$/);
  });

  it('that is idle is closed, over HTTP/1.1 and HTTP/2', async () => {
    const { port, url } = await open({ limits: { idleTimeoutMs: 100 } });
    expect(await sayRaw(port, 'GET / HTTP/1.1\r\nhost: a\r\n\r\n')).toMatch(/hello$/);
    const session = http2.connect(url);
    await askOn(session, { ':path': '/' });
    await new Promise((resolve) => session.once('close', resolve));
  });

  it('beyond the limit is closed, and the others go on', async () => {
    const { port } = await open({ limits: { maxConnections: 2 } });
    const held = [net.connect(port, '127.0.0.1'), net.connect(port, '127.0.0.1')];
    await Promise.all(held.map((socket) => new Promise((resolve) => socket.once('connect', resolve))));
    await wait(20);
    expect(await sayRaw(port, get)).toBe('');
    held[0]?.destroy();
    await wait(20);
    expect(await sayRaw(port, get)).toMatch(/hello$/);
    held[1]?.destroy();
  });

  it('with headers beyond the limit is refused', async () => {
    const { port, url } = await open();
    expect(await sayRaw(port, `GET / HTTP/1.1\r\nx: ${'a'.repeat(40_000)}\r\n\r\n`)).toMatch(/^HTTP\/1.1 431/);
    const large = await askHttp2(url, { ':path': '/', x: 'a'.repeat(100_000) });
    expect(large.status).not.toBe(200);
  });

  it('of nonsense is refused, and the listener goes on', async () => {
    const { port } = await open();
    expect(await sayRaw(port, Buffer.from([0x16, 0x03, 0x01, 0x02, 0x00]))).toMatch(/^HTTP\/1.1 400/);
    expect(await sayRaw(port, 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n', Buffer.alloc(100, 0xff))).toBeDefined();
    expect(await sayRaw(port, get)).toMatch(/hello$/);
  });

  it('of headers without end is cut off, and so are random frames', async () => {
    const { port } = await open({ limits: { idleTimeoutMs: 300 } });
    const begin = [Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n'), http2Frame(4, 0, 0, Buffer.alloc(0))];
    const endless = Array.from({ length: 2000 }, () => http2Frame(9, 0, 1, Buffer.alloc(100, 0x40)));
    const headers = http2Frame(1, 0, 1, Buffer.from([0x82, 0x86, 0x84]));
    await sayRaw(port, Buffer.concat([...begin, headers, ...endless]));
    const frame = fc.tuple(fc.nat(10), fc.nat(255), fc.nat(9), fc.uint8Array({ maxLength: 40 }));
    const closed = fc.sample(fc.array(frame, { minLength: 1 }), 200).map(async (frames) => {
      const socket = net.connect(port, '127.0.0.1');
      socket.on('error', () => {});
      socket.end(Buffer.concat([...begin, ...frames.map((parts) => http2Frame(...parts))]));
      socket.resume();
      await new Promise((resolve) => socket.once('close', resolve));
    });
    await Promise.all(closed);
    expect(await sayRaw(port, get)).toMatch(/hello$/);
  });

  it('that opens and resets streams rapidly does not stop the others', async () => {
    const { url, port } = await open();
    const session = http2.connect(url);
    session.on('error', () => {});
    for (let i = 0; i < 20_000 && !session.destroyed; i++) {
      const stream = session.request(grpcHeaders('/a/B'));
      stream.on('error', () => {});
      stream.close(8);
      if (i % 100 === 0) await wait(1);
    }
    session.destroy();
    expect(await sayRaw(port, get)).toMatch(/hello$/);
  });

  it('carries many large calls at once', async () => {
    const listeners = create();
    const listener = listeners.at('127.0.0.1:0');
    const length = 3 * 1024 * 1024;
    listener.grpc({ path: '/a/B', maxMessageBytes: length, handle: async () => new Uint8Array() });
    const [opened] = await listeners.start();
    const session = http2.connect(`http://127.0.0.1:${opened?.port}`);
    const frame = grpcFrame(Buffer.alloc(length));
    const answers = await Promise.all(Array.from({ length: 30 }, () => askOn(session, grpcHeaders('/a/B'), frame)));
    expect(answers.map((answer) => answer.trailers['grpc-status'])).toEqual(answers.map(() => '0'));
    session.close();
  });

  it('carries many calls at once', async () => {
    const { url } = await open();
    const session = http2.connect(url);
    const calls = Array.from({ length: 600 }, () => askOn(session, grpcHeaders('/a/B'), grpcFrame(Buffer.from('x'))));
    const answers = await Promise.all(calls);
    expect(answers.every((answer) => answer.trailers['grpc-status'] === '0')).toBe(true);
    session.close();
  });
});

describe('stopping', () => {
  it('lets open requests finish, accepts no new ones, and closes', async () => {
    const listeners = create();
    const listener = listeners.at('127.0.0.1:0');
    const arrived = [later(), later()];
    const finish = later();
    let open = 0;
    listener.http({
      method: 'GET',
      path: '/',
      async handle() {
        arrived[open++]?.resolve();
        await finish.promise;
        return { status: 200, body: 'done' };
      },
    });
    const [opened] = await listeners.start();
    const url = `http://127.0.0.1:${opened?.port}`;
    const one = fetch(url);
    await arrived[0]?.promise;
    const two = askHttp2(url, { ':path': '/' });
    await arrived[1]?.promise;
    const idle = net.connect(opened?.port ?? 0, '127.0.0.1');
    await new Promise((resolve) => idle.once('connect', resolve));
    const stopped = listeners.stop(5000);
    await wait(20);
    await expect(fetch(url)).rejects.toThrow('fetch failed');
    finish.resolve();
    expect(await (await one).text()).toBe('done');
    expect((await two).body.toString()).toBe('done');
    const before = performance.now();
    await stopped;
    expect(performance.now() - before).toBeLessThan(1000);
  });

  it('cuts off what does not finish in time', async () => {
    const listeners = create();
    const arrived = later();
    const listener = listeners.at('127.0.0.1:0');
    listener.http({
      method: 'GET',
      path: '/',
      handle: () => {
        arrived.resolve();
        return new Promise(() => {});
      },
    });
    const [opened] = await listeners.start();
    const hanging = expect(fetch(`http://127.0.0.1:${opened?.port}`)).rejects.toThrow('fetch failed');
    await arrived.promise;
    await listeners.stop(50);
    await hanging;
  });
});

it('shows open connections by address', async () => {
  const metrics = createMetrics();
  const listeners = create({ metrics });
  const listener = listeners.at('127.0.0.1:0');
  listener.http(hello);
  const [opened] = await listeners.start();
  const socket = net.connect(opened?.port ?? 0, '127.0.0.1');
  await new Promise((resolve) => socket.once('connect', resolve));
  await wait(20);
  expect(metrics.text()).toContain(`ariane_listener_connections{address="${listener.address}"} 1`);
  socket.destroy();
});

function http2Frame(type: number, flags: number, stream: number, payload: Uint8Array): Buffer {
  const head = Buffer.alloc(9);
  head.writeUIntBE(payload.length, 0, 3);
  head[3] = type;
  head[4] = flags;
  head.writeUInt32BE(stream, 5);
  return Buffer.concat([head, payload]);
}

/** Writes what it is given in two pieces, the first of 3 bytes. */
function cutting(socket: net.Socket): net.Socket {
  const write = socket.write.bind(socket);
  let isFirst = true;
  const cut = (chunk: Uint8Array | string, ...rest: unknown[]) => {
    if (!isFirst) return Reflect.apply(write, socket, [chunk, ...rest]) as boolean;
    isFirst = false;
    const bytes = Buffer.from(chunk as string, 'latin1');
    write(bytes.subarray(0, 3));
    setTimeout(() => Reflect.apply(write, socket, [bytes.subarray(3), ...rest]), 10);
    return true;
  };
  socket.write = cut;
  return socket;
}
