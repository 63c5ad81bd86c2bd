import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest';
import { ApiFailure, getBytes, getJson } from './api.ts';

let answer: (reply: ServerResponse) => void = () => {};
const server = createServer((_, reply) => answer(reply));
let url = '';
beforeAll(async () => {
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
});
afterAll(() => new Promise((closed) => server.close(closed)));
beforeEach(() => {
  answer = (reply) => void reply.end('{}');
});

const failureOf = (asked: Promise<unknown>) => asked.then(undefined, (error: unknown) => error);

it('an answer that is cut off counts as none, for JSON and for bytes', async () => {
  answer = (reply) => {
    reply.writeHead(200, { 'content-length': '1000' }).write('{"a":');
    setImmediate(() => reply.destroy());
  };
  for (const ask of [getJson, getBytes]) {
    const failure = await failureOf(ask(url));
    expect(failure).toBeInstanceOf(ApiFailure);
    expect(failure).toMatchObject({ status: 0 });
  }
});

it('a refusal carries its status and its own words, and a page of somebody else its status', async () => {
  answer = (reply) => void reply.writeHead(503).end('{"error":{"status":503,"message":"the store is restarting"}}');
  expect(await failureOf(getJson(url))).toMatchObject({ status: 503, message: 'the store is restarting' });
  answer = (reply) => void reply.writeHead(502).end('<html>');
  expect(await failureOf(getJson(url))).toMatchObject({ status: 502, message: '502 Bad Gateway' });
});

it('a question that was given up throws what gave it up', async () => {
  const abort = new AbortController();
  answer = (reply) => {
    reply.writeHead(200, { 'content-length': '1000' }).write('{"a":');
    setImmediate(() => abort.abort());
  };
  expect(await failureOf(getJson(url, abort.signal))).toMatchObject({ name: 'AbortError' });
});
