import { once } from 'node:events';
import http from 'node:http';
import net from 'node:net';
import { setTimeout as wait } from 'node:timers/promises';
import { gzipSync } from 'node:zlib';
import { afterEach, describe, expect, it } from 'vitest';
import { BadInput, Overloaded } from '../base/errors.ts';
import { type HttpRoute, json } from '../base/listener.ts';
import { createLog } from '../base/log.ts';
import { hostGuard, securityHeaders } from './guards.ts';
import type { GuardedListener, ListenOptions } from './listeners.ts';
import { type Served, askHttp2, later, sayRaw, serve } from './testing.ts';

const opened: Served[] = [];
afterEach(async () => {
  for (const { listeners } of opened.splice(0)) await listeners.stop(100);
});

async function open(
  register: (listener: GuardedListener) => void,
  options: Partial<ListenOptions> = {},
): Promise<Served> {
  const served = await serve(register, options);
  opened.push(served);
  return served;
}

const echo: HttpRoute = {
  method: 'POST',
  path: '/echo',
  handle: async (request) => ({ status: 200, body: await request.body(1000) }),
};

function throwing(error: unknown, more: Partial<HttpRoute> = {}): HttpRoute {
  return {
    method: 'GET',
    path: '/',
    handle: () => {
      throw error;
    },
    ...more,
  };
}

describe('a listener', () => {
  it('answers HTTP/1.1 and HTTP/2 on one port', async () => {
    const { url } = await open((l) => l.http(echo));
    const one = await fetch(`${url}/echo`, { method: 'POST', body: 'hello' });
    expect([one.status, await one.text()]).toEqual([200, 'hello']);
    const two = await askHttp2(url, { ':method': 'POST', ':path': '/echo' }, Buffer.from('hello'));
    expect([two.status, two.body.toString()]).toEqual([200, 'hello']);
  });

  it('gives path, parameters, query and headers to the route', async () => {
    const { url } = await open((l) =>
      l.http({
        method: 'GET',
        path: '/api/traces/:id',
        handle: (r) => json([r.path, r.params['id'], r.query.getAll('tag'), r.headers['x-a'], r.remote]),
      }),
    );
    const answer = await fetch(`${url}/api/traces/a%2Fb?tag=1&tag=2`, { headers: { 'X-A': 'b' } });
    expect(await answer.json()).toEqual(['/api/traces/a%2Fb', 'a/b', ['1', '2'], 'b', '127.0.0.1']);
  });

  it('keeps a connection for the next request', async () => {
    const { port } = await open((l) =>
      l.http({ method: 'GET', path: '/', handle: () => ({ status: 200, body: 'x' }) }),
    );
    const get = 'GET / HTTP/1.1\r\nhost: a\r\n\r\n';
    const answer = await sayRaw(port, get, get, 'GET / HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n');
    expect(answer.match(/HTTP\/1.1 200 OK/g)?.length).toBe(3);
  });

  it('answers HEAD with the headers of GET, OPTIONS with the methods, and 404, 405 with Allow', async () => {
    const { url } = await open((l) =>
      l.http({ method: 'GET', path: '/a', handle: () => ({ status: 200, body: '12345' }) }),
    );
    const head = await fetch(`${url}/a`, { method: 'HEAD' });
    expect([head.status, head.headers.get('content-length'), await head.text()]).toEqual([200, '5', '']);
    const options = await fetch(`${url}/a`, { method: 'OPTIONS' });
    expect([options.status, options.headers.get('allow')]).toEqual([204, 'GET, HEAD']);
    const put = await fetch(`${url}/a`, { method: 'PUT', body: 'x' });
    expect([put.status, put.headers.get('allow')]).toEqual([405, 'GET, HEAD']);
    const missing = await fetch(`${url}/b`);
    expect([missing.status, await missing.json()]).toEqual([
      404,
      { error: { status: 404, message: 'no such path: /b' } },
    ]);
  });

  it('streams an answer and stops its producer when the client goes away', async () => {
    const stopped = later();
    const { url } = await open((l) =>
      l.http({
        method: 'GET',
        path: '/',
        handle: () => ({
          status: 200,
          body: (async function* () {
            try {
              for (let i = 0; ; i++) {
                yield `${i}\n`.repeat(1000);
                await wait(1);
              }
            } finally {
              stopped.resolve();
            }
          })(),
        }),
      }),
    );
    const controller = new AbortController();
    const answer = await fetch(url, { signal: controller.signal });
    const reader = answer.body?.getReader();
    expect((await reader?.read())?.value?.length).toBeGreaterThan(0);
    controller.abort();
    await stopped.promise;
  });

  it('aborts `closed` when the client goes away before its answer', async () => {
    for (const version of ['1.1', '2']) {
      const gone = later();
      const arrived = later();
      const { url, port } = await open((l) =>
        l.http({
          method: 'GET',
          path: '/',
          async handle(request) {
            request.closed.addEventListener('abort', () => gone.resolve());
            arrived.resolve();
            await gone.promise;
            return { status: 200 };
          },
        }),
      );
      if (version === '1.1') {
        const socket = net.connect(port, '127.0.0.1');
        socket.write('GET / HTTP/1.1\r\nhost: a\r\n\r\n');
        await arrived.promise;
        socket.destroy();
      } else {
        const { connect } = await import('node:http2');
        const session = connect(url);
        const stream = session.request({ ':path': '/' });
        stream.on('error', () => {});
        await arrived.promise;
        stream.close(8);
        session.close();
      }
      await gone.promise;
    }
  });
});

describe('errors', () => {
  it('are answered by their class, with Retry-After where repeating helps', async () => {
    const cases: [Error, number, string | null][] = [
      [new BadInput('no service given'), 400, null],
      [new BadInput('no such trace', { status: 404 }), 404, null],
      [new Overloaded('spool is full', { retryAfterMs: 2500 }), 429, '3'],
      [new Overloaded('store is starting', { reason: 'unavailable', retryAfterMs: 1 }), 503, '1'],
    ];
    for (const [error, status, retryAfter] of cases) {
      const { url } = await open((l) => l.http(throwing(error)));
      const answer = await fetch(url);
      expect([answer.status, answer.headers.get('retry-after')]).toEqual([status, retryAfter]);
      expect(await answer.json()).toEqual({ error: { status, message: error.message } });
      const text = await fetch(url, { headers: { accept: 'text/plain' } });
      expect(await text.text()).toBe(`${error.message}\n`);
    }
  });

  it('of our own are logged whole under an id, of which alone the client learns', async () => {
    const lines: string[] = [];
    const log = createLog({ write: (line) => lines.push(line) });
    const { url } = await open((l) => l.http(throwing(new TypeError('secret detail'))), { log });
    const answer = await fetch(url);
    expect(answer.status).toBe(500);
    const { error } = (await answer.json()) as { error: { message: string } };
    const id = /internal error ([0-9a-f]{8})/.exec(error.message)?.[1];
    expect(error.message).not.toContain('secret');
    expect(lines.join('\n')).toContain('secret detail');
    expect(lines.join('\n')).toContain(`id="${id}"`);
  });

  it('can be worded by the route', async () => {
    const route = throwing(new Overloaded('full'), {
      failed: (failure, request) => json([failure.code, failure.message, request.path], failure.status),
    });
    const { url } = await open((l) => l.http(route));
    const answer = await fetch(url);
    expect([answer.status, answer.headers.get('retry-after')]).toEqual([429, '1']);
    expect(await answer.json()).toEqual([8, 'full', '/']);
  });
});

describe('a body', () => {
  it('above the limit is 413, whether its length is announced, only seen, or hidden by compression', async () => {
    const { url } = await open((l) => l.http(echo));
    const large = Buffer.alloc(200_000, 'a');
    const announced = await fetch(`${url}/echo`, { method: 'POST', body: large });
    expect([announced.status, await announced.json()]).toEqual([
      413,
      { error: { status: 413, message: 'body is larger than 1000 bytes' } },
    ]);
    const chunked = http.request(`${url}/echo`, { method: 'POST' });
    chunked.write(large);
    chunked.end();
    const [answer] = (await once(chunked, 'response')) as [http.IncomingMessage];
    expect(answer.statusCode).toBe(413);
    answer.resume();
    const headers = { 'content-encoding': 'gzip' };
    const packed = await fetch(`${url}/echo`, { method: 'POST', headers, body: gzipSync(large) });
    expect(packed.status).toBe(413);
    const two = await askHttp2(url, { ':method': 'POST', ':path': '/echo' }, large);
    expect(two.status).toBe(413);
  });

  it('in an unknown encoding is 415, in a damaged one 400', async () => {
    const { url } = await open((l) => l.http(echo));
    const post = (encoding: string) =>
      fetch(`${url}/echo`, { method: 'POST', headers: { 'content-encoding': encoding }, body: 'not packed' });
    expect((await post('br')).status).toBe(415);
    expect((await post('gzip')).status).toBe(400);
    expect((await post('zstd')).status).toBe(400);
  });

  it('that is cut off reaches no further than the read', async () => {
    const failed = later<unknown>();
    const { port } = await open((l) =>
      l.http({
        method: 'POST',
        path: '/',
        handle: async (request) => {
          await request.body(1000).catch((error: unknown) => {
            failed.resolve(error);
            throw error;
          });
          return { status: 200 };
        },
      }),
    );
    const socket = net.connect(port, '127.0.0.1');
    socket.write('POST / HTTP/1.1\r\nhost: a\r\ncontent-length: 100\r\n\r\nabc', () => socket.destroy());
    expect(await failed.promise).toBeInstanceOf(BadInput);
  });

  it('that comes too slowly is given up', async () => {
    const { port } = await open((l) => l.http(echo), { limits: { bodyTimeoutMs: 200, headersTimeoutMs: 200 } });
    const answer = await sayRaw(port, 'POST /echo HTTP/1.1\r\nhost: a\r\ncontent-length: 100\r\n\r\n', 'a', 'b');
    expect(answer).toMatch(/^HTTP\/1.1 408/);
  });

  it('is refused for now when too many are in memory already, and the room is given back', async () => {
    const arrived = later();
    const finish = later();
    const { url } = await open(
      (l) => {
        l.http(echo);
        l.http({
          method: 'POST',
          path: '/hold',
          async handle(request) {
            await request.body(1000);
            arrived.resolve();
            await finish.promise;
            return { status: 200 };
          },
        });
      },
      { maxBodyBytesInMemory: 1000 },
    );
    const post = (path: string) => fetch(url + path, { method: 'POST', body: 'a'.repeat(600) });
    const held = post('/hold');
    await arrived.promise;
    const refused = await post('/echo');
    expect([refused.status, refused.headers.get('retry-after')]).toEqual([429, '1']);
    finish.resolve();
    expect((await held).status).toBe(200);
    for (let i = 0; i < 5; i++) expect((await post('/echo')).status).toBe(200);
  });
});

describe('a guard', () => {
  it('stands before every route, and adds its headers to every answer', async () => {
    const { url, port } = await open((l) => {
      l.http(echo);
      l.guard(hostGuard([]));
      l.guard(securityHeaders());
    });
    const answer = await fetch(`${url}/nowhere`);
    expect([answer.status, answer.headers.get('x-frame-options')]).toEqual([404, 'DENY']);
    const rebound = await sayRaw(port, 'GET / HTTP/1.1\r\nhost: evil.example\r\nconnection: close\r\n\r\n');
    expect(rebound).toMatch(/^HTTP\/1.1 403/);
    const two = await askHttp2(url, { ':path': '/', ':authority': 'evil.example' });
    expect(two.status).toBe(403);
  });
});
