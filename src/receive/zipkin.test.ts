import { gzipSync } from 'node:zlib';
import { afterEach, describe, expect, it } from 'vitest';
import { Overloaded } from '../base/errors.ts';
import type { Span } from '../model/span.ts';
import { decodeTraces } from '../wire/otlp-proto.ts';
import { ProtoWriter } from '../wire/protobuf.ts';
import { writeThrift } from '../wire/thrift-writer.ts';
import { start, type Started } from './testing.ts';
import { zipkin } from './zipkin.ts';

const opened: Started[] = [];
afterEach(async () => {
  for (const started of opened.splice(0)) await started.stop();
});

const endpoint = '127.0.0.1:0';

interface Open extends Started {
  readonly spans: () => Span[];
  readonly post: (path: string, body: string | Uint8Array, headers?: Record<string, string>) => Promise<Response>;
}

async function open(config: object = { endpoint }): Promise<Open> {
  const started = await start(zipkin, config);
  opened.push(started);
  return Object.assign(started, {
    spans: () => started.taken.flatMap((taken) => decodeTraces(taken.bytes)),
    post: (path: string, body: string | Uint8Array, headers: Record<string, string> = {}) =>
      fetch(`http://127.0.0.1:${started.ports[0]?.port}${path}`, { method: 'POST', headers, body }),
  });
}

const json = { 'content-type': 'application/json' };
const v2 = JSON.stringify([{ traceId: '1', id: '2', name: 'v2 json', timestamp: 1, tags: { n: '5' } }]);
const v1 = JSON.stringify([{ traceId: '1', id: '2', name: 'v1 json', timestamp: 1 }]);
const proto = new ProtoWriter()
  .messageField(1, (w) =>
    w
      .bytesField(1, Buffer.alloc(8, 1))
      .bytesField(3, Buffer.alloc(8, 2))
      .stringField(5, 'v2 proto')
      .fixed64Field(6, 1n),
  )
  .finish();
const thrift = writeThrift('binary', {
  list: [
    {
      struct: [
        [1, { i64: 1 }],
        [3, { string: 'v1 thrift' }],
        [4, { i64: 2 }],
        [10, { i64: 1 }],
      ],
    },
  ],
});

describe('spans posted to Zipkin', () => {
  it('are taken in both versions and all encodings, and answered 202 with nothing', async () => {
    const { post, spans } = await open();
    const answers = [
      await post('/api/v2/spans', v2, json),
      await post('/api/v2/spans', proto, { 'content-type': 'application/x-protobuf' }),
      await post('/api/v1/spans', v1, { 'content-type': 'application/json; charset=utf-8' }),
      await post('/api/v1/spans', thrift, { 'content-type': 'application/x-thrift' }),
    ];
    for (const answer of answers) expect([answer.status, await answer.text()]).toEqual([202, '']);
    expect(spans().map((span) => span.name)).toEqual(['v2 json', 'v2 proto', 'v1 json', 'v1 thrift']);
  });

  it('may be compressed, and JSON may call itself what curl calls it', async () => {
    const { post, spans } = await open();
    expect((await post('/api/v2/spans', gzipSync(v2), { ...json, 'content-encoding': 'gzip' })).status).toBe(202);
    expect((await post('/api/v2/spans', v2, { 'content-type': 'application/x-www-form-urlencoded' })).status).toBe(202);
    expect((await post('/api/v2/spans', '[]', json)).status).toBe(202);
    expect(spans().length).toBe(2);
  });

  it('are refused in text that says where', async () => {
    const started = await open({ endpoint, max_request_body_size: 1000 });
    const { post } = started;
    const bad = await post('/api/v2/spans', '[{"traceId":"x"}]', json);
    expect([bad.status, await bad.text()]).toEqual([400, expect.stringMatching(/^\[0\]\.traceId: expected .*\n$/)]);
    const forms = [
      ['/api/v2/spans', proto.subarray(0, 9), 'application/x-protobuf'],
      ['/api/v1/spans', thrift.subarray(0, 9), 'application/x-thrift'],
      ['/api/v1/spans', '{', 'application/json'],
    ] as const;
    for (const [path, body, type] of forms) expect((await post(path, body, { 'content-type': type })).status).toBe(400);
    expect((await post('/api/v2/spans', ' '.repeat(1001), json)).status).toBe(413);
    started.refusal = new Overloaded('spool: full', { retryAfterMs: 2000 });
    const full = await post('/api/v2/spans', v2, json);
    expect([full.status, full.headers.get('retry-after')]).toEqual([429, '2']);
    expect(started.taken).toEqual([]);
  });

  it('have numbers in their tags when asked to', async () => {
    const { post, spans } = await open({ endpoint, parse_string_tags: true });
    await post('/api/v2/spans', v2, json);
    expect(spans()[0]?.attributes.get('n')).toBe(5n);
  });

  it('come from browsers where configured', async () => {
    const { post, ports } = await open({ endpoint, cors: { allowed_origins: ['*'] } });
    const origin = 'https://app.example';
    const asked = await fetch(`http://127.0.0.1:${ports[0]?.port}/api/v2/spans`, {
      method: 'OPTIONS',
      headers: { origin, 'access-control-request-method': 'POST' },
    });
    expect([asked.status, asked.headers.get('access-control-allow-origin')]).toEqual([204, origin]);
    const sent = await post('/api/v2/spans', v2, { ...json, origin });
    expect([sent.status, sent.headers.get('access-control-allow-origin')]).toEqual([202, origin]);
  });
});

it('the address may stand where the Collector has it now, and where it had it before', async () => {
  expect(zipkin.config.parse(null, '').endpoint).toBe('localhost:9411');
  const { post } = await open({ protocols: { http: { endpoint } } });
  expect((await post('/api/v2/spans', v2, json)).status).toBe(202);
  await expect(open({ endpoint: 'x' })).rejects.toThrow('receivers.zipkin.endpoint: expected an address');
  await expect(open({ protocols: { http: { endpoint: 'x' } } })).rejects.toThrow(
    'zipkin.protocols.http.endpoint: expected',
  );
});
