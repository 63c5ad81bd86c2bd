import { Client, Metadata, type ServiceError, credentials } from '@grpc/grpc-js';
import { deflateRawSync, deflateSync, gzipSync } from 'node:zlib';
import { afterEach, describe, expect, it } from 'vitest';
import { ConfigError, Overloaded } from '../base/errors.ts';
import { askHttp2 } from '../listen/testing.ts';
import { otlpToJson } from '../wire/otlp-json.ts';
import { otlp } from './otlp.ts';
import { type Receiving, receive, tracesRequest } from './testing.ts';

const opened: Receiving[] = [];
afterEach(async () => {
  for (const receiving of opened.splice(0)) await receiving.stop();
});

async function open(config?: Parameters<typeof receive>[0]): Promise<Receiving> {
  const receiving = await receive(config);
  opened.push(receiving);
  return receiving;
}

const exportTraces = '/opentelemetry.proto.collector.trace.v1.TraceService/Export';
const mebibyte = 1024 * 1024;

/** The answer's bytes, or the error. */
function call(target: string, path: string, message: Uint8Array, options: object = {}): Promise<Buffer | ServiceError> {
  const client = new Client(target, credentials.createInsecure(), options);
  const same = (bytes: Buffer) => bytes;
  return new Promise((resolve) => {
    client.makeUnaryRequest(path, same, same, Buffer.from(message), (error: ServiceError | null, value?: Buffer) => {
      client.close();
      resolve(error ?? value ?? Buffer.alloc(0));
    });
  });
}

async function callError(...args: Parameters<typeof call>): Promise<ServiceError> {
  const answer = await call(...args);
  if (!(answer instanceof Error)) throw new Error('the call succeeded');
  return answer;
}

function post(url: string, type: string, body: Uint8Array | string, headers: Record<string, string> = {}) {
  return fetch(url, { method: 'POST', headers: { 'content-type': type, ...headers }, body });
}

const protobuf = 'application/x-protobuf';
const json = 'application/json';

/** code and message of a google.rpc.Status, in protobuf. */
async function statusOf(answer: Response): Promise<[number, string]> {
  expect(answer.headers.get('content-type')).toBe(protobuf);
  const bytes = Buffer.from(await answer.arrayBuffer());
  expect([bytes[0], bytes[2]]).toEqual([8, 18]);
  const messageLength = (bytes[3] ?? 0) < 0x80 ? 4 : 5;
  return [bytes[1] ?? 0, bytes.toString('utf8', messageLength).split('\u001a')[0] ?? ''];
}

describe('over gRPC', () => {
  it('hands a request in and answers an empty success', async () => {
    const { grpc, taken, metrics } = await open();
    const request = tracesRequest({}, {});
    expect(await call(grpc, exportTraces, request)).toEqual(Buffer.alloc(0));
    expect(taken).toEqual([{ signal: 'traces', bytes: request, count: 2 }]);
    const labels = { receiver: 'otlp', signal: 'traces', transport: 'grpc' };
    expect(metrics.counter('receiver_accepted_total', '').value(labels)).toBe(2);
  });

  it('takes an empty request, and hands nothing in', async () => {
    const { grpc, taken } = await open();
    expect(await call(grpc, exportTraces, new Uint8Array())).toEqual(Buffer.alloc(0));
    expect(taken).toEqual([]);
  });

  it('takes gzip and deflate', async () => {
    const { grpc, taken } = await open();
    for (const algorithm of [2, 1]) {
      await call(grpc, exportTraces, tracesRequest({}), { 'grpc.default_compression_algorithm': algorithm });
    }
    expect(taken.map((t) => t.count)).toEqual([1, 1]);
  });

  it('refuses with a code that may be repeated, says when, and counts what it refused', async () => {
    const receiving = await open();
    receiving.refusal = new Overloaded('spool is full: 1 GiB', { retryAfterMs: 2500 });
    const full = await callError(receiving.grpc, exportTraces, tracesRequest({}, {}));
    expect([full.code, full.details]).toEqual([8, 'spool is full: 1 GiB']);
    const [details] = full.metadata.get('grpc-status-details-bin');
    expect(Buffer.from(details ?? '').includes('google.rpc.RetryInfo')).toBe(true);
    const labels = { receiver: 'otlp', signal: 'traces', transport: 'grpc', reason: 'full' };
    expect(receiving.metrics.counter('receiver_refused_total', '').value(labels)).toBe(2);
    expect(receiving.metrics.counter('receiver_failed_requests_total', '').value(labels)).toBe(1);
    receiving.refusal = new Overloaded('store is starting', { reason: 'unavailable' });
    expect((await callError(receiving.grpc, exportTraces, tracesRequest({}))).code).toBe(14);
  });

  it('refuses what is malformed or too large with a code that is not repeated', async () => {
    const { grpc, taken, metrics } = await open({ grpc: { max_recv_msg_size_mib: 1 } });
    const malformed = await callError(grpc, exportTraces, tracesRequest({}).subarray(0, 30));
    expect([malformed.code, malformed.details]).toEqual([3, expect.stringContaining('malformed protobuf at byte')]);
    expect(malformed.metadata.get('grpc-status-details-bin')).toEqual([]);
    const large = await callError(grpc, exportTraces, tracesRequest({ name: 'x'.repeat(mebibyte) }));
    expect(large.code).toBe(8);
    expect(large.metadata.get('grpc-status-details-bin')).toEqual([]);
    expect(taken).toEqual([]);
    const failed = metrics.counter('receiver_failed_requests_total', '');
    for (const reason of ['malformed', 'too_large']) {
      expect(failed.value({ receiver: 'otlp', signal: 'traces', transport: 'grpc', reason })).toBe(1);
    }
  });

  it('keeps what is good of a request and says what it rejected', async () => {
    const { grpc, taken } = await open();
    const answer = await call(grpc, exportTraces, tracesRequest({ name: 'good' }, { spanId: Buffer.alloc(8) }));
    expect(otlpToJson('ExportTraceServiceResponse', answer as Buffer)).toEqual({
      partialSuccess: {
        rejectedSpans: '1',
        errorMessage: '1 without valid ids; the first: span id missing or all zero',
      },
    });
    expect(taken.map((t) => t.count)).toEqual([1]);
  });

  it('knows no other method', async () => {
    const { grpc } = await open();
    expect(
      (await callError(grpc, '/opentelemetry.proto.collector.profiles.v1.ProfilesService/Export', new Uint8Array()))
        .code,
    ).toBe(12);
  });

  it('takes what its senders add to a call', async () => {
    const { grpc, taken } = await open();
    const client = new Client(grpc, credentials.createInsecure());
    const metadata = new Metadata();
    metadata.set('x-tenant', 'a');
    metadata.set('trace-bin', Buffer.from([1, 2, 255]));
    const same = (bytes: Buffer) => bytes;
    await new Promise<void>((resolve, reject) => {
      const deadline = Date.now() + 10_000;
      client.makeUnaryRequest(
        exportTraces,
        same,
        same,
        Buffer.from(tracesRequest({})),
        metadata,
        { deadline },
        (error) => (error ? reject(error) : resolve()),
      );
    });
    client.close();
    expect(taken.length).toBe(1);
  });
});

describe('over HTTP', () => {
  it('takes protobuf and JSON, plain and compressed', async () => {
    const { http, taken } = await open();
    const request = tracesRequest({});
    const text = JSON.stringify(otlpToJson('ExportTraceServiceRequest', request));
    const sent: [string, Uint8Array | string, Record<string, string>][] = [
      [protobuf, request, {}],
      [protobuf, gzipSync(request), { 'content-encoding': 'gzip' }],
      [protobuf, deflateRawSync(request), { 'content-encoding': 'deflate' }],
      [json, text, {}],
      [`${json}; charset=utf-8`, deflateSync(text), { 'content-encoding': 'deflate' }],
    ];
    for (const [type, body, headers] of sent) {
      const answer = await post(`${http}/v1/traces`, type, body, headers);
      expect(answer.status).toBe(200);
      expect(answer.headers.get('content-type')).toBe(type.split(';')[0]);
      expect(await answer.text()).toBe(type === protobuf ? '' : '{}');
    }
    expect(taken.length).toBe(5);
    for (const { bytes, count } of taken) {
      expect(count).toBe(1);
      expect(otlpToJson('ExportTraceServiceRequest', bytes)).toEqual(JSON.parse(text));
    }
  });

  it('takes HTTP/2 with prior knowledge', async () => {
    const { http, taken } = await open();
    const headers = { ':method': 'POST', ':path': '/v1/traces', 'content-type': protobuf };
    expect((await askHttp2(http, headers, tracesRequest({}))).status).toBe(200);
    expect(taken.length).toBe(1);
  });

  it('keeps what is good of a request and says what it rejected', async () => {
    const { http, taken } = await open();
    const body = tracesRequest(
      { name: 'good' },
      { spanId: Buffer.alloc(8), name: 'bad' },
      { traceId: Buffer.alloc(3) },
    );
    const answer = await post(`${http}/v1/traces`, protobuf, body);
    expect(answer.status).toBe(200);
    const partialSuccess = {
      rejectedSpans: '2',
      errorMessage: '2 without valid ids; the first: span id missing or all zero',
    };
    expect(otlpToJson('ExportTraceServiceResponse', new Uint8Array(await answer.arrayBuffer()))).toEqual({
      partialSuccess,
    });
    expect(taken).toEqual([{ signal: 'traces', bytes: tracesRequest({ name: 'good' }), count: 1 }]);
    const text = JSON.stringify(otlpToJson('ExportTraceServiceRequest', body));
    expect(await (await post(`${http}/v1/traces`, json, text)).json()).toEqual({ partialSuccess });
  });

  it('answers errors as google.rpc.Status in the encoding of the request', async () => {
    const receiving = await open();
    const url = `${receiving.http}/v1/traces`;
    const malformed = await post(url, protobuf, Buffer.from([10, 5, 1]));
    expect(malformed.status).toBe(400);
    expect(await statusOf(malformed)).toEqual([3, 'malformed protobuf at byte 2: expected 5 bytes, got 1 left']);
    const text = await post(url, json, '{"resourceSpans":[{"scopeSpans":5}]}');
    expect(text.status).toBe(400);
    expect(text.headers.get('content-type')).toBe(json);
    expect(await text.json()).toEqual({
      code: 3,
      message: 'resourceSpans[0].scopeSpans: expected an array, got "5" at byte 32',
    });
    receiving.refusal = new Overloaded('spool is full', { retryAfterMs: 2500 });
    const full = await post(url, protobuf, tracesRequest({}));
    expect([full.status, full.headers.get('retry-after')]).toEqual([429, '3']);
    expect((await statusOf(full))[0]).toBe(8);
    receiving.refusal = new Overloaded('store is starting', { reason: 'unavailable' });
    const unavailable = await post(
      url,
      json,
      JSON.stringify(otlpToJson('ExportTraceServiceRequest', tracesRequest({}))),
    );
    expect([unavailable.status, unavailable.headers.get('retry-after')]).toEqual([503, '1']);
    expect(await unavailable.json()).toMatchObject({ code: 14, message: 'store is starting' });
  });

  it('refuses another content type, encoding, method or path', async () => {
    const { http, taken } = await open();
    const url = `${http}/v1/traces`;
    const type = await post(url, 'text/plain', 'x');
    expect([type.status, await type.json()]).toEqual([
      415,
      { code: 12, message: 'expected content-type application/x-protobuf or application/json, got "text/plain"' },
    ]);
    expect((await post(url, protobuf, 'x', { 'content-encoding': 'br' })).status).toBe(415);
    const get = await fetch(url);
    expect([get.status, get.headers.get('allow')]).toEqual([405, 'OPTIONS, POST']);
    expect((await post(`${http}/v1/profiles`, protobuf, '')).status).toBe(404);
    expect(taken).toEqual([]);
  });
});

describe('limits', () => {
  // 512 blocks that each repeat one byte 128 Ki times: 64 MiB from 2 KiB.
  const blocks = Array.from({ length: 512 }, (_, i) => [i === 511 ? 3 : 2, 0, 0x10, 0]);
  const zstdBomb = Uint8Array.from([[0x28, 0xb5, 0x2f, 0xfd, 0x00, 0x38], ...blocks].flat());
  const zeros = Buffer.alloc(64 * mebibyte);
  const bombs = { gzip: gzipSync(zeros), deflate: deflateSync(zeros), zstd: zstdBomb };

  it('stop a bomb of every codec over HTTP, in both encodings', async () => {
    const { http, taken } = await open({ http: { max_request_body_size: mebibyte } });
    for (const [encoding, body] of Object.entries(bombs)) {
      for (const type of [protobuf, json]) {
        const before = process.memoryUsage().arrayBuffers;
        const answer = await post(`${http}/v1/traces`, type, body, { 'content-encoding': encoding });
        expect([encoding, answer.status]).toEqual([encoding, 413]);
        await answer.arrayBuffer();
        expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(16 * mebibyte);
      }
    }
    expect(taken).toEqual([]);
  });

  it('stop a bomb of every codec over gRPC', async () => {
    const { grpc, taken } = await open({ grpc: { max_recv_msg_size_mib: 1 } });
    for (const [encoding, body] of Object.entries(bombs)) {
      const frame = Buffer.alloc(5 + body.length);
      frame[0] = 1;
      frame.writeUInt32BE(body.length, 1);
      frame.set(body, 5);
      const headers = { ':method': 'POST', ':path': exportTraces, 'content-type': 'application/grpc', te: 'trailers' };
      const answer = await askHttp2(`http://${grpc}`, { ...headers, 'grpc-encoding': encoding }, frame);
      expect([encoding, answer.headers['grpc-status']]).toEqual([encoding, '8']);
    }
    expect(taken).toEqual([]);
  });

  it('are counted after decompression, and are 4 MiB over gRPC and 20 MiB over HTTP', async () => {
    const { grpc, http, taken } = await open();
    const three = tracesRequest({ name: 'x'.repeat(3 * mebibyte) });
    const nineteen = tracesRequest({ name: 'x'.repeat(19 * mebibyte) });
    const twentyone = tracesRequest({ name: 'x'.repeat(21 * mebibyte) });
    expect(await call(grpc, exportTraces, three)).toEqual(Buffer.alloc(0));
    expect((await callError(grpc, exportTraces, nineteen)).code).toBe(8);
    const zipped = { 'content-encoding': 'gzip' };
    expect((await post(`${http}/v1/traces`, protobuf, nineteen)).status).toBe(200);
    expect((await post(`${http}/v1/traces`, protobuf, gzipSync(nineteen), zipped)).status).toBe(200);
    expect((await post(`${http}/v1/traces`, protobuf, gzipSync(twentyone), zipped)).status).toBe(413);
    expect(taken.length).toBe(3);
  });
});

describe('from browsers', () => {
  const origin = 'https://app.example';
  const asking = {
    origin,
    'access-control-request-method': 'POST',
    'access-control-request-headers': 'content-type,x-own',
  };

  it('nothing is allowed unless configured', async () => {
    const { http } = await open();
    const answer = await fetch(`${http}/v1/traces`, { method: 'OPTIONS', headers: asking });
    expect(answer.headers.get('access-control-allow-origin')).toBeNull();
    const sent = await post(`${http}/v1/traces`, json, '{}', { origin });
    expect(sent.headers.get('access-control-allow-origin')).toBeNull();
  });

  it('configured origins and headers are', async () => {
    const cors = { allowed_origins: ['https://*.example'], allowed_headers: ['X-Own'], max_age: 60 };
    const { http } = await open({ http: { cors } });
    const answer = await fetch(`${http}/v1/traces`, { method: 'OPTIONS', headers: asking });
    expect(answer.status).toBe(204);
    expect(Object.fromEntries(answer.headers)).toMatchObject({
      'access-control-allow-origin': origin,
      'access-control-allow-methods': 'POST',
      'access-control-allow-headers': 'content-type, x-own',
      'access-control-max-age': '60',
    });
    const sent = await post(`${http}/v1/traces`, json, '{}', { origin });
    expect([sent.status, sent.headers.get('access-control-allow-origin')]).toEqual([200, origin]);
    const failed = await post(`${http}/v1/traces`, json, '{', { origin });
    expect([failed.status, failed.headers.get('access-control-allow-origin')]).toEqual([400, origin]);
    const other = await fetch(`${http}/v1/traces`, {
      method: 'OPTIONS',
      headers: { ...asking, origin: 'https://evil.test' },
    });
    expect(other.headers.get('access-control-allow-origin')).toBeNull();
  });
});

describe('configuration', () => {
  it('has the defaults of the Collector, and opens only the protocols that are named', () => {
    expect(otlp.config.parse({ protocols: { grpc: null } }, '')).toEqual({
      protocols: {
        grpc: { endpoint: 'localhost:4317', max_recv_msg_size_mib: 0, include_metadata: false },
        http: undefined,
      },
    });
    expect(otlp.config.parse({ protocols: { http: {} } }, '').protocols).toMatchObject({
      grpc: undefined,
      http: { endpoint: 'localhost:4318', traces_url_path: '/v1/traces', max_request_body_size: 20 * mebibyte },
    });
  });

  it('refuses what it does not know, by its path', () => {
    const parse = () => otlp.config.parse({ protocols: { grpc: { endpiont: 'x' } } }, 'receivers.otlp');
    expect(parse).toThrow(ConfigError);
    expect(parse).toThrow('receivers.otlp.protocols.grpc.endpiont: unknown key; known keys: endpoint,');
  });

  it('names the path of an endpoint that is no address', async () => {
    await expect(receive({ http: { endpoint: 'localhost' } })).rejects.toThrow(
      'receivers.otlp.protocols.http.endpoint: expected an address such as localhost:4317 or :4317, got "localhost"',
    );
  });

  it('moves the paths of HTTP', async () => {
    const { http, taken } = await open({ http: { traces_url_path: '/otlp/v1/traces' } });
    expect((await post(`${http}/otlp/v1/traces`, protobuf, tracesRequest({}))).status).toBe(200);
    expect((await post(`${http}/v1/traces`, protobuf, tracesRequest({}))).status).toBe(404);
    expect(taken.length).toBe(1);
  });
});
