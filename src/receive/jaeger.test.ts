import { createSocket } from 'node:dgram';
import { gzipSync } from 'node:zlib';
import { Client, credentials } from '@grpc/grpc-js';
import { afterEach, describe, expect, it } from 'vitest';
import { ConfigError, Overloaded } from '../base/errors.ts';
import type { Span } from '../model/span.ts';
import { decodeTraces } from '../wire/otlp-proto.ts';
import { ProtoWriter } from '../wire/protobuf.ts';
import { type ThriftProtocol, type ThriftValue, writeThrift, writeThriftCall } from '../wire/thrift-writer.ts';
import { jaeger } from './jaeger.ts';
import { start, type Started } from './testing.ts';

const opened: Started[] = [];
afterEach(async () => {
  for (const started of opened.splice(0)) await started.stop();
});

const endpoint = '127.0.0.1:0';

async function open(protocols: object): Promise<Started & { port: number; spans: () => Span[] }> {
  const started = await start(jaeger, { protocols });
  opened.push(started);
  const spans = () => started.taken.flatMap((taken) => decodeTraces(taken.bytes));
  return Object.assign(started, { port: started.ports[0]?.port ?? 0, spans });
}

const span = (name: string, spanId = 2): ThriftValue => ({
  struct: [
    [1, { i64: 1 }],
    [2, { i64: 0 }],
    [3, { i64: spanId }],
    [4, { i64: 0 }],
    [5, { string: name }],
    [7, { i32: 1 }],
    [8, { i64: 1_767_225_600_000_000 }],
    [9, { i64: 5 }],
  ],
});
const batch = (...spans: ThriftValue[]): ThriftValue => ({
  struct: [
    [1, { struct: [[1, { string: 'shop' }]] }],
    [2, { list: spans }],
  ],
});
const emitBatch = (protocol: ThriftProtocol, ...spans: ThriftValue[]) =>
  writeThriftCall(protocol, 'emitBatch', { struct: [[1, batch(...spans)]] });

async function send(port: number, ...datagrams: Uint8Array[]): Promise<void> {
  const socket = createSocket('udp4');
  for (const datagram of datagrams) {
    await new Promise<void>((resolve) => socket.send(datagram, port, '127.0.0.1', () => resolve()));
  }
  await new Promise<void>((resolve) => socket.close(() => resolve()));
}

async function until(isTrue: () => boolean): Promise<void> {
  for (let i = 0; i < 200 && !isTrue(); i++) await new Promise((resolve) => setTimeout(resolve, 5));
  expect(isTrue()).toBe(true);
}

describe.each([
  ['thrift_compact', 'compact'],
  ['thrift_binary', 'binary'],
  ['zipkin_thrift_compact', 'compact'],
] as const)('over UDP, %s', (name, protocol) => {
  it('takes the batches of Jaeger clients and of Zipkin ones', async () => {
    const { port, spans } = await open({ [name]: { endpoint } });
    const zipkinSpan: ThriftValue = {
      struct: [
        [1, { i64: 1 }],
        [3, { string: 'zipkin' }],
        [4, { i64: 3 }],
        [10, { i64: 1_767_225_600_000_000 }],
      ],
    };
    const call = writeThriftCall(protocol, 'emitZipkinBatch', { struct: [[1, { list: [zipkinSpan] }]] });
    await send(port, emitBatch(protocol, span('a'), span('b')), call);
    await until(() => spans().length === 3);
    expect(spans().map((each) => [each.name, each.resource.service])).toEqual([
      ['a', 'shop'],
      ['b', 'shop'],
      ['zipkin', 'unknown_service'],
    ]);
  });

  it('counts what it cannot read, and goes on', async () => {
    const { port, spans, metrics } = await open({ [name]: { endpoint, max_packet_size: 200 } });
    const good = emitBatch(protocol, span('a'));
    const datagrams = [
      Buffer.from('hello'),
      Buffer.alloc(0),
      good.subarray(0, 40),
      writeThriftCall(protocol, 'emitOther', { struct: [] }),
      writeThriftCall(protocol, 'emitBatch', { struct: [] }),
      Buffer.alloc(201),
      emitBatch(protocol, span('no id', 0)),
      good,
    ];
    await send(port, ...datagrams);
    await until(() => spans().length === 1);
    const count = (outcome: string) => metrics.counter('datagrams_total', '').value({ address: endpoint, outcome });
    expect(['malformed', 'too_large', 'taken'].map(count)).toEqual([5, 1, 2]);
    const labels = { receiver: 'jaeger', signal: 'traces', transport: `udp_${name}` };
    expect(metrics.counter('receiver_accepted_total', '').value(labels)).toBe(1);
    expect(metrics.counter('receiver_refused_total', '').value({ ...labels, reason: 'invalid_id' })).toBe(1);
  });

  it('counts what there is no room for', async () => {
    const started = await open({ [name]: { endpoint } });
    started.refusal = new Overloaded('full');
    await send(started.port, emitBatch(protocol, span('a')));
    const count = () => started.metrics.counter('datagrams_total', '').value({ address: endpoint, outcome: 'full' });
    await until(() => count() === 1);
  });
});

describe('Thrift over HTTP', () => {
  const post = (port: number, body: Uint8Array, headers: Record<string, string> = {}) =>
    fetch(`http://127.0.0.1:${port}/api/traces?format=jaeger.thrift`, {
      method: 'POST',
      headers: { 'content-type': 'application/x-thrift', ...headers },
      body,
    });
  const body = writeThrift('binary', batch(span('a')));

  it('takes a batch and answers 202 with nothing', async () => {
    const { port, spans } = await open({ thrift_http: { endpoint } });
    const answers = [
      await post(port, body),
      await post(port, body, { 'content-type': 'application/vnd.apache.thrift.binary; charset=x' }),
      await post(port, gzipSync(body), { 'content-encoding': 'gzip' }),
    ];
    for (const answer of answers) expect([answer.status, await answer.text()]).toEqual([202, '']);
    expect(spans().map((each) => each.name)).toEqual(['a', 'a', 'a']);
  });

  it('says in text why it refuses', async () => {
    const started = await open({ thrift_http: { endpoint, max_request_body_size: 1000 } });
    const { port } = started;
    const answer = async (reply: Response) => [reply.status, await reply.text()];
    expect(await answer(await post(port, body, { 'content-type': 'text/csv' }))).toEqual([
      400,
      'Unsupported content type: text/csv; expected application/x-thrift\n',
    ]);
    expect(await answer(await post(port, body.subarray(0, 20)))).toEqual([
      400,
      expect.stringMatching(/^malformed Thrift at byte \d+: expected/),
    ]);
    expect((await post(port, Buffer.alloc(1001))).status).toBe(413);
    started.refusal = new Overloaded('spool: full', { retryAfterMs: 3000 });
    const full = await post(port, body);
    expect([full.status, full.headers.get('retry-after')]).toEqual([429, '3']);
    expect(started.taken).toEqual([]);
  });
});

describe('over gRPC', () => {
  const request = new ProtoWriter()
    .messageField(1, (b) => {
      b.messageField(1, (s) =>
        s.bytesField(1, Buffer.alloc(16, 1)).bytesField(2, Buffer.alloc(8, 2)).stringField(3, 'a'),
      );
      b.messageField(2, (p) => p.stringField(1, 'shop'));
    })
    .finish();

  const call = (port: number, message: Uint8Array): Promise<Uint8Array> => {
    const client = new Client(`127.0.0.1:${port}`, credentials.createInsecure());
    const pass = (bytes: Uint8Array) => Buffer.from(bytes);
    return new Promise((resolve, reject) => {
      client.makeUnaryRequest('/jaeger.api_v2.CollectorService/PostSpans', pass, pass, message, (error, reply) => {
        client.close();
        if (error) reject(error);
        else resolve(reply ?? Buffer.alloc(0));
      });
    });
  };

  it('takes a batch', async () => {
    const { port, spans } = await open({ grpc: { endpoint } });
    expect(await call(port, request)).toEqual(Buffer.alloc(0));
    expect(spans()).toMatchObject([{ name: 'a', resource: { service: 'shop' } }]);
  });

  it('refuses what is malformed, and what there is no room for', async () => {
    const started = await open({ grpc: { endpoint } });
    await expect(call(started.port, request.subarray(0, 10))).rejects.toMatchObject({ code: 3 });
    started.refusal = new Overloaded('full');
    await expect(call(started.port, request)).rejects.toMatchObject({ code: 8 });
  });
});

describe('configuration', () => {
  it('has the defaults of the Collector, and opens only what is named', () => {
    expect(jaeger.config.parse({ protocols: { grpc: null, thrift_compact: null } }, '')).toEqual({
      protocols: {
        grpc: { endpoint: 'localhost:14250', max_recv_msg_size_mib: 0, include_metadata: false },
        thrift_compact: {
          endpoint: 'localhost:6831',
          queue_size: 1000,
          max_packet_size: 65_000,
          workers: 10,
          socket_buffer_size: 0,
        },
      },
    });
  });

  it('without a protocol is a mistake, and so is an address that is none', async () => {
    await expect(open({})).rejects.toThrow(ConfigError);
    await expect(open({})).rejects.toThrow('receivers.jaeger.protocols: names no protocol');
    await expect(open({ thrift_binary: { endpoint: 'x' } })).rejects.toThrow(
      'receivers.jaeger.protocols.thrift_binary.endpoint: expected an address',
    );
    await expect(open({ thrift_http: { endpoint: 'x' } })).rejects.toThrow('protocols.thrift_http.endpoint: expected');
  });
});
