import http2 from 'node:http2';
import { gzipSync } from 'node:zlib';
import { afterEach, describe, expect, it } from 'vitest';
import { BadInput, Overloaded } from '../base/errors.ts';
import type { GrpcStreamRoute } from '../base/listener.ts';
import { askHttp2, grpcFrame, grpcHeaders, later, serve, type Served } from './testing.ts';

const path = '/test.Stream/Call';
let served: Served | undefined;

afterEach(async () => {
  await served?.listeners.stop(100);
});

async function open(stream: GrpcStreamRoute['stream']): Promise<string> {
  const limits = { maxBodyBytesInMemory: 2000 };
  served = await serve((listener) => listener.grpc({ path, maxMessageBytes: 1000, stream }), limits);
  return served.url;
}

async function* echo(messages: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  for await (const message of messages) yield Buffer.from(`<${Buffer.from(message).toString()}>`);
}

function textsIn(body: Buffer): string[] {
  const texts: string[] = [];
  for (let at = 0; at < body.length; ) {
    const length = body.readUInt32BE(at + 1);
    texts.push(body.toString('utf8', at + 5, at + 5 + length));
    at += 5 + length;
  }
  return texts;
}

const frames = (...texts: string[]) => texts.map((text) => grpcFrame(Buffer.from(text)));

describe('a streaming call', () => {
  it('answers each message of many, wherever the chunks are cut', async () => {
    const url = await open(echo);
    const bytes = Buffer.concat(frames('a', '', 'ccc'));
    const chunks = Array.from(bytes, (byte) => Buffer.from([byte]));
    const answer = await askHttp2(url, grpcHeaders(path), chunks);
    expect(textsIn(answer.body)).toEqual(['<a>', '<>', '<ccc>']);
    expect([answer.status, answer.trailers['grpc-status']]).toEqual([200, '0']);
  });

  it('answers while the client has not ended', async () => {
    const url = await open(echo);
    const session = http2.connect(url);
    const stream = session.request(grpcHeaders(path), { endStream: false });
    for (const text of ['one', 'two']) {
      const answered = new Promise<Buffer>((resolve) => stream.once('data', resolve));
      stream.write(grpcFrame(Buffer.from(text)));
      expect(textsIn(await answered)).toEqual([`<${text}>`]);
    }
    stream.end();
    session.close();
  });

  it('reads compressed messages', async () => {
    const url = await open(echo);
    const frame = grpcFrame(gzipSync('zipped'), 1);
    const answer = await askHttp2(url, grpcHeaders(path, { 'grpc-encoding': 'gzip' }), frame);
    expect(textsIn(answer.body)).toEqual(['<zipped>']);
  });

  it('sends more than the client takes at once', async () => {
    const url = await open(async function* () {
      for (let i = 0; i < 50; i++) yield Buffer.alloc(100_000, 'x');
    });
    const answer = await askHttp2(url, grpcHeaders(path), frames(''));
    expect(textsIn(answer.body)).toHaveLength(50);
    expect(answer.trailers['grpc-status']).toBe('0');
  });

  it('ends well without a message', async () => {
    const url = await open(async function* () {});
    const answer = await askHttp2(url, grpcHeaders(path), frames('x'));
    expect([answer.headers['grpc-status'], answer.body.length]).toEqual(['0', 0]);
  });

  it('tells an error, before the first message and after it', async () => {
    const early = await askHttp2(
      await open(() => {
        throw new BadInput('nothing é there', { status: 404 });
      }),
      grpcHeaders(path),
      frames('x'),
    );
    expect(early.headers['grpc-status']).toBe('5');
    expect(early.headers['grpc-message']).toBe('nothing %C3%A9 there');
    await served?.listeners.stop(100);
    const late = await askHttp2(
      await open(async function* () {
        yield Buffer.from('first');
        throw new Overloaded('later', { reason: 'unavailable' });
      }),
      grpcHeaders(path),
      frames('x'),
    );
    expect(textsIn(late.body)).toEqual(['first']);
    expect([late.trailers['grpc-status'], late.trailers['grpc-message']]).toEqual(['14', 'later']);
    expect(late.trailers['grpc-status-details-bin']).toBeDefined();
  });

  it.each([
    ['too large', grpcFrame(Buffer.alloc(1001)), {}, '8', /larger than 1000 bytes/],
    ['cut off', grpcFrame(Buffer.from('abc')).subarray(0, 6), {}, '3', /cut off/],
    ['an odd flag', grpcFrame(Buffer.from('abc'), 7), {}, '3', /flag of 0 or 1/],
    ['compressed without encoding', grpcFrame(Buffer.from('abc'), 1), {}, '3', /needs grpc-encoding/],
    ['of unknown encoding', grpcFrame(Buffer.from('abc')), { 'grpc-encoding': 'lzma' }, '12', /lzma/],
    ['not gzip', grpcFrame(Buffer.from('abc'), 1), { 'grpc-encoding': 'gzip' }, '3', /gzip/],
    ['grown too large', grpcFrame(gzipSync(Buffer.alloc(5000)), 1), { 'grpc-encoding': 'gzip' }, '8', /1000/],
  ])('refuses a message that is %s', async (_, frame, more, status, message) => {
    const answer = await askHttp2(await open(echo), grpcHeaders(path, more), frame);
    expect(answer.headers['grpc-status']).toBe(status);
    expect(decodeURIComponent(String(answer.headers['grpc-message']))).toMatch(message);
  });

  it('ends at the deadline, and tells the handler', async () => {
    const ended = later<unknown>();
    const url = await open(async function* (_, call) {
      yield Buffer.from('first');
      await new Promise((resolve) => call.closed.addEventListener('abort', resolve));
      ended.resolve(call.closed.reason);
    });
    const answer = await askHttp2(url, grpcHeaders(path, { 'grpc-timeout': '50m' }), frames('x'));
    expect([textsIn(answer.body), answer.trailers['grpc-status']]).toEqual([['first'], '4']);
    expect(await ended.promise).toEqual(new Error('deadline exceeded'));
  });

  it('tells the handler when the client goes away', async () => {
    const ended = later<unknown>();
    const begun = later();
    const url = await open(async function* (_, call) {
      yield Buffer.from('first');
      begun.resolve();
      await new Promise((resolve) => call.closed.addEventListener('abort', resolve));
      ended.resolve(call.closed.reason);
    });
    const session = http2.connect(url);
    const stream = session.request(grpcHeaders(path));
    stream.on('error', () => {});
    await begun.promise;
    session.destroy();
    expect(await ended.promise).toEqual(new Error('the client went away'));
  });

  it('holds no memory afterwards', async () => {
    const url = await open(echo);
    const frame = Buffer.concat(frames('a'.repeat(500), 'b'.repeat(500)));
    // More in all than the listener's budget, were any of it kept.
    for (let i = 0; i < 20; i++) await askHttp2(url, grpcHeaders(path), frame);
    expect(textsIn((await askHttp2(url, grpcHeaders(path), frame)).body)).toHaveLength(2);
  });
});
