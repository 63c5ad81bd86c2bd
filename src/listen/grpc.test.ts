import http2 from 'node:http2';
import { setTimeout as wait } from 'node:timers/promises';
import { deflateSync, gzipSync } from 'node:zlib';
import fc from 'fast-check';
import { afterEach, describe, expect, it } from 'vitest';
import { BadInput, Overloaded } from '../base/errors.ts';
import type { Failure, GrpcRoute } from '../base/listener.ts';
import { ProtoReader } from '../wire/protobuf.ts';
import { encodeMessage, timeoutMs } from './grpc.ts';
import type { ListenOptions } from './listeners.ts';
import { type Served, askHttp2, askOn, grpcFrame, grpcHeaders, later, serve } from './testing.ts';

const opened: Served[] = [];
afterEach(async () => {
  for (const { listeners } of opened.splice(0)) await listeners.stop(100);
});

const path = '/test.Service/Echo';
const echo: GrpcRoute = { path, maxMessageBytes: 1000, handle: async (message) => Uint8Array.from(message) };

async function open(route: Partial<GrpcRoute> = {}, options: Partial<ListenOptions> = {}): Promise<Served> {
  const served = await serve((l) => l.grpc({ ...echo, ...route }), options);
  opened.push(served);
  return served;
}

/** `[grpc-status, grpc-message]` of an answer, wherever it stands. */
function statusOf(answer: { headers: http2.IncomingHttpHeaders; trailers: http2.IncomingHttpHeaders }) {
  const from = answer.trailers['grpc-status'] === undefined ? answer.headers : answer.trailers;
  return [Number(from['grpc-status']), decodeURIComponent(String(from['grpc-message'] ?? ''))];
}

describe('a unary call', () => {
  it('gets its message back with status 0 in the trailers', async () => {
    const { url } = await open();
    const answer = await askHttp2(url, grpcHeaders(path), grpcFrame(Buffer.from('hello')));
    expect(answer.status).toBe(200);
    expect(answer.headers['content-type']).toBe('application/grpc');
    expect(answer.body).toEqual(grpcFrame(Buffer.from('hello')));
    expect(answer.trailers['grpc-status']).toBe('0');
  });

  it('may come in pieces of any size', async () => {
    const { url } = await open();
    const frame = grpcFrame(Buffer.from('hello'));
    const pieces = Array.from(frame, (byte) => Buffer.from([byte]));
    expect((await askHttp2(url, grpcHeaders(path), pieces)).body).toEqual(frame);
    expect((await askHttp2(url, grpcHeaders(path), grpcFrame(Buffer.alloc(0)))).body).toEqual(Buffer.alloc(5));
  });

  it('may be compressed in every encoding that is announced', async () => {
    const { url } = await open();
    const text = Buffer.from('hello '.repeat(100));
    // Made by `zstd -c`.
    const zstd = Buffer.from('KLUv/WBYAW0AADBoZWxsbyABAE9SlSI=', 'base64');
    for (const [encoding, packed] of Object.entries({ gzip: gzipSync(text), deflate: deflateSync(text), zstd })) {
      const answer = await askHttp2(url, grpcHeaders(path, { 'grpc-encoding': encoding }), grpcFrame(packed, 1));
      expect([encoding, ...statusOf(answer)]).toEqual([encoding, 0, '']);
      expect(answer.body).toEqual(grpcFrame(text));
    }
    // A sender may leave single messages uncompressed.
    const plain = await askHttp2(url, grpcHeaders(path, { 'grpc-encoding': 'gzip' }), grpcFrame(text, 0));
    expect(plain.body).toEqual(grpcFrame(text));
  });

  it('is refused as unimplemented for an unknown method or encoding', async () => {
    const { url } = await open();
    const method = await askHttp2(url, grpcHeaders('/test.Service/Nothing'), grpcFrame(Buffer.from('x')));
    expect(statusOf(method)).toEqual([12, 'no such method: /test.Service/Nothing']);
    const encoding = await askHttp2(
      url,
      grpcHeaders(path, { 'grpc-encoding': 'snappy' }),
      grpcFrame(Buffer.from('x'), 1),
    );
    expect(statusOf(encoding)[0]).toBe(12);
    expect(encoding.headers['grpc-accept-encoding']).toBe('identity,gzip,deflate,zstd');
  });

  it('needs the content type of gRPC', async () => {
    const { url } = await open();
    for (const type of ['application/json', 'application/grpcx', 'application/grpc-web']) {
      const answer = await askHttp2(url, grpcHeaders(path, { 'content-type': type }), grpcFrame(Buffer.from('x')));
      expect([type, answer.status]).toEqual([type, 415]);
    }
    const answer = await fetch(url + path, { method: 'POST', body: 'x' });
    expect(answer.status).toBe(415);
    const proto = grpcHeaders(path, { 'content-type': 'application/grpc+proto' });
    expect((await askHttp2(url, proto, grpcFrame(Buffer.from('x')))).trailers['grpc-status']).toBe('0');
  });

  it('larger than allowed is refused before it is read, packed or not', async () => {
    const { url } = await open();
    const plain = await askHttp2(url, grpcHeaders(path), grpcFrame(Buffer.alloc(1001)));
    expect(statusOf(plain)).toEqual([8, 'message of 1001 bytes is larger than 1000 bytes']);
    const packed = grpcFrame(gzipSync(Buffer.alloc(100_000)), 1);
    const bomb = await askHttp2(url, grpcHeaders(path, { 'grpc-encoding': 'gzip' }), packed);
    expect(statusOf(bomb)).toEqual([8, 'body is larger than 1000 bytes']);
    expect(bomb.headers['grpc-status-details-bin']).toBeUndefined();
    const claimed = Buffer.from([0, 0xff, 0xff, 0xff, 0xff, 1]);
    expect(statusOf(await askHttp2(url, grpcHeaders(path), claimed))[0]).toBe(8);
  });

  it('that is no frame is refused as invalid', async () => {
    const { url } = await open();
    const bad: [Uint8Array, string][] = [
      [Buffer.alloc(0), 'the message was cut off'],
      [Buffer.from([0, 0, 0]), 'the message was cut off'],
      [Buffer.from([0, 0, 0, 0, 9, 1]), 'the message was cut off'],
      [Buffer.concat([grpcFrame(Buffer.from('a')), grpcFrame(Buffer.from('b'))]), 'one message'],
      [grpcFrame(Buffer.from('a'), 2), 'flag of 0 or 1'],
      [grpcFrame(Buffer.from('a'), 1), 'needs grpc-encoding'],
    ];
    for (const [frame, problem] of bad) {
      const [code, message] = statusOf(await askHttp2(url, grpcHeaders(path), frame));
      expect([code, message]).toEqual([3, expect.stringContaining(problem)]);
    }
  });

  it('answers random bytes only with statuses, and works on', async () => {
    const { url } = await open();
    const session = http2.connect(url);
    await fc.assert(
      fc.asyncProperty(
        fc.uint8Array({ maxLength: 60 }),
        fc.constantFrom('gzip', 'deflate', 'zstd'),
        async (bytes, e) => {
          const answer = await askOn(session, grpcHeaders(path, { 'grpc-encoding': e }), bytes);
          expect([0, 3, 8]).toContain(statusOf(answer)[0]);
        },
      ),
      { numRuns: 300 },
    );
    expect((await askOn(session, grpcHeaders(path), grpcFrame(Buffer.from('x')))).trailers['grpc-status']).toBe('0');
    session.close();
  });
});

describe('a failure', () => {
  it('becomes a code by its class; the route is told', async () => {
    const told: Failure[] = [];
    const cases: [Error, number, string][] = [
      [new BadInput('no résumé: 100 %\n'), 3, 'no résumé: 100 %\n'],
      [new BadInput('x', { status: 404 }), 5, 'x'],
      [new Overloaded('full'), 8, 'full'],
      [new Overloaded('starting', { reason: 'unavailable' }), 14, 'starting'],
    ];
    for (const [error, code, message] of cases) {
      const { url } = await open({ handle: () => Promise.reject(error), failed: (failure) => told.push(failure) });
      const answer = await askHttp2(url, grpcHeaders(path), grpcFrame(Buffer.from('x')));
      expect(statusOf(answer)).toEqual([code, message]);
    }
    expect(told.map((failure) => failure.code)).toEqual([3, 5, 8, 14]);
    const { url } = await open({ handle: () => Promise.reject(new TypeError('secret')) });
    const [code, message] = statusOf(await askHttp2(url, grpcHeaders(path), grpcFrame(Buffer.from('x'))));
    expect(code).toBe(13);
    expect(message).not.toContain('secret');
  });

  it('that may be repeated carries RetryInfo', async () => {
    const { url } = await open({ handle: () => Promise.reject(new Overloaded('full', { retryAfterMs: 2500 })) });
    const answer = await askHttp2(url, grpcHeaders(path), grpcFrame(Buffer.from('x')));
    const status = new ProtoReader(Buffer.from(String(answer.headers['grpc-status-details-bin']), 'base64'));
    expect([status.key(), status.varint(), status.key(), status.string(), status.key()]).toEqual([
      8,
      8,
      18,
      'full',
      26,
    ]);
    const any = status.message();
    expect([any.key(), any.string(), any.key()]).toEqual([10, 'type.googleapis.com/google.rpc.RetryInfo', 18]);
    const delay = new ProtoReader(any.bytes());
    expect(delay.key()).toBe(10);
    const duration = delay.message();
    expect([duration.key(), duration.varint(), duration.key(), duration.varint()]).toEqual([8, 2, 16, 500_000_000]);
  });

  it('a deadline that passes is answered, and aborts the call', async () => {
    const aborted = later();
    const { url } = await open({
      handle: (_, call) =>
        new Promise(() => {
          call.closed.addEventListener('abort', () => aborted.resolve());
        }),
    });
    const answer = await askHttp2(url, grpcHeaders(path, { 'grpc-timeout': '50m' }), grpcFrame(Buffer.from('x')));
    expect(statusOf(answer)).toEqual([4, 'deadline exceeded']);
    await aborted.promise;
  });

  it('a message that does not arrive in time is given up, a slow handler is not', async () => {
    const { url } = await open(
      { handle: async (message) => (await wait(400), Uint8Array.from(message)) },
      { limits: { bodyTimeoutMs: 100 } },
    );
    const session = http2.connect(url);
    const stream = session.request(grpcHeaders(path));
    stream.on('error', () => {});
    stream.write(Buffer.from([0, 0]));
    const headers = await new Promise<http2.IncomingHttpHeaders>((resolve) => stream.on('response', resolve));
    expect(statusOf({ headers, trailers: {} })).toEqual([4, 'the message did not arrive in time']);
    session.destroy();
    const slow = await askHttp2(url, grpcHeaders(path), grpcFrame(Buffer.from('x')));
    expect(slow.trailers['grpc-status']).toBe('0');
  });

  it('a client that goes away aborts its call, and its memory is given back', async () => {
    const arrived = later();
    const aborted = later();
    const { url } = await open(
      {
        handle: (_, call) =>
          new Promise((resolve) => {
            if (arrivedOnce) resolve(new Uint8Array());
            call.closed.addEventListener('abort', () => aborted.resolve());
            arrived.resolve();
          }),
      },
      { maxBodyBytesInMemory: 100 },
    );
    let arrivedOnce = false;
    const session = http2.connect(url);
    const stream = session.request(grpcHeaders(path));
    stream.on('error', () => {});
    stream.end(grpcFrame(Buffer.alloc(80)));
    await arrived.promise;
    arrivedOnce = true;
    const refused = await askOn(session, grpcHeaders(path), grpcFrame(Buffer.alloc(80)));
    expect(statusOf(refused)[0]).toBe(8);
    stream.close(8);
    await aborted.promise;
    const taken = await askOn(session, grpcHeaders(path), grpcFrame(Buffer.alloc(80)));
    expect(taken.trailers['grpc-status']).toBe('0');
    session.close();
  });

  it('an upload that is reset half-way leaves nothing behind', async () => {
    const { url } = await open({ maxMessageBytes: 1_000_000 }, { maxBodyBytesInMemory: 200_000 });
    const session = http2.connect(url);
    for (let i = 0; i < 20; i++) {
      const stream = session.request(grpcHeaders(path));
      stream.on('error', () => {});
      stream.write(grpcFrame(Buffer.alloc(500_000)).subarray(0, 100_000));
      await wait(5);
      stream.close(8);
    }
    await wait(50);
    const taken = await askOn(session, grpcHeaders(path), grpcFrame(Buffer.alloc(50_000)));
    expect(taken.trailers['grpc-status']).toBe('0');
    session.close();
  });
});

it('grpc-timeout has a unit and at most eight digits', () => {
  expect([timeoutMs('10S'), timeoutMs('250m'), timeoutMs('1H'), timeoutMs('5000u')]).toEqual([
    10_000, 250, 3_600_000, 5,
  ]);
  expect([timeoutMs(undefined), timeoutMs(''), timeoutMs('10'), timeoutMs('123456789S'), timeoutMs('-1S')]).toEqual(
    Array.from({ length: 5 }),
  );
});

it('grpc-message is percent-encoded, whatever is in it, and never cut inside a character', () => {
  expect(encodeMessage('a%b\r\né')).toBe('a%25b%0D%0A%C3%A9');
  const encoded = encodeMessage('😀'.repeat(600));
  expect(decodeURIComponent(encoded)).toMatch(/^(?:😀)+\uFFFD?$/u);
});
