import { Client, credentials, type ServiceError } from '@grpc/grpc-js';
import { gzipSync, deflateSync } from 'node:zlib';
import { afterEach, describe, expect, it } from 'vitest';
import { systemClock } from '../base/clock.ts';
import { Overloaded } from '../base/errors.ts';
import { silentLog } from '../base/log.ts';
import { createMetrics } from '../base/metrics.ts';
import type { AcceptedRequest } from '../component/component.ts';
import { createListeners } from '../listen/listeners.ts';
import type { Signal } from '../model/batch.ts';
import { ProtoWriter } from '../wire/protobuf.ts';
import { otlpToJson } from '../wire/otlp-json.ts';
import { otlp } from './otlp.ts';

const opened: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const close of opened.splice(0)) await close();
});

interface Taken extends AcceptedRequest {
  readonly signal: Signal;
}

/** The receiver on free ports, with an intake that keeps what it is given or throws what it is told to. */
async function receive(config: object = {}) {
  const taken: Taken[] = [];
  const state: { refusal?: Error } = {};
  const metrics = createMetrics();
  const listeners = createListeners({ log: silentLog, metrics });
  const parsed = otlp.config.parse(
    { protocols: { grpc: { endpoint: 'localhost:0' }, http: { endpoint: 'localhost:0', ...config } } },
    'receivers.otlp',
  );
  const intake = {
    async accept(signal: Signal, request: AcceptedRequest) {
      if (state.refusal) throw state.refusal;
      taken.push({ signal, ...request, bytes: Uint8Array.from(request.bytes) });
    },
  };
  otlp.create(parsed, { id: 'otlp', log: silentLog, metrics, clock: systemClock, listeners, intake });
  const [grpc, http] = await listeners.start();
  opened.push(() => listeners.stop(100));
  return { taken, state, metrics, grpc: `127.0.0.1:${grpc?.port}`, http: `http://127.0.0.1:${http?.port}` };
}

function tracesRequest(...spans: { traceId?: Buffer; spanId?: Buffer; name?: string }[]): Uint8Array {
  const request = new ProtoWriter()
    .messageField(1, (resourceSpans) => {
      resourceSpans.messageField(1, (resource) => {
        resource.messageField(1, (kv) =>
          kv.stringField(1, 'service.name').messageField(2, (v) => v.stringField(1, 'shop')),
        );
      });
      resourceSpans.messageField(2, (scopeSpans) => {
        for (const span of spans) {
          scopeSpans.messageField(2, (w) => {
            w.bytesField(1, span.traceId ?? Buffer.alloc(16, 1)).bytesField(2, span.spanId ?? Buffer.alloc(8, 2));
            w.stringField(5, span.name ?? 'GET /')
              .fixed64Field(7, 1n)
              .fixed64Field(8, 2n);
          });
        }
      });
    })
    .finish();
  return Uint8Array.from(request);
}

const exportTraces = '/opentelemetry.proto.collector.trace.v1.TraceService/Export';

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

describe('over gRPC', () => {
  it('hands a request in and answers an empty success', async () => {
    const { grpc, taken, metrics } = await receive();
    const request = tracesRequest({}, {});
    expect(await call(grpc, exportTraces, request)).toEqual(Buffer.alloc(0));
    expect(taken).toEqual([{ signal: 'traces', bytes: request, count: 2 }]);
    const labels = { receiver: 'otlp', signal: 'traces', transport: 'grpc' };
    expect(metrics.counter('receiver_accepted_total', '').value(labels)).toBe(2);
  });

  it('takes gzip and deflate', async () => {
    const { grpc, taken } = await receive();
    for (const algorithm of [2, 1]) {
      await call(grpc, exportTraces, tracesRequest({}), { 'grpc.default_compression_algorithm': algorithm });
    }
    expect(taken.map((t) => t.count)).toEqual([1, 1]);
  });

  it('refuses with a code that can be repeated, and says when', async () => {
    const { grpc, state } = await receive();
    state.refusal = new Overloaded('spool is full: 1 GiB', { retryAfterMs: 2500 });
    const full = (await call(grpc, exportTraces, tracesRequest({}))) as ServiceError;
    expect([full.code, full.details]).toEqual([8, 'spool is full: 1 GiB']);
    const [details] = full.metadata.get('grpc-status-details-bin');
    expect(Buffer.from(details ?? '').includes('google.rpc.RetryInfo')).toBe(true);
    state.refusal = new Overloaded('store is starting', { reason: 'unavailable' });
    expect(((await call(grpc, exportTraces, tracesRequest({}))) as ServiceError).code).toBe(14);
  });
});

describe('over HTTP', () => {
  const protobuf = { 'content-type': 'application/x-protobuf' };

  it('takes protobuf and JSON, plain and compressed', async () => {
    const { http, taken } = await receive();
    const request = tracesRequest({});
    const text = JSON.stringify(otlpToJson('ExportTraceServiceRequest', request));
    const sent: [string, Uint8Array | string, Record<string, string>][] = [
      ['application/x-protobuf', request, {}],
      ['application/x-protobuf', gzipSync(request), { 'content-encoding': 'gzip' }],
      ['application/json', text, {}],
      ['application/json; charset=utf-8', deflateSync(text), { 'content-encoding': 'deflate' }],
    ];
    for (const [type, body, headers] of sent) {
      const answer = await fetch(`${http}/v1/traces`, {
        method: 'POST',
        headers: { 'content-type': type, ...headers },
        body,
      });
      expect(answer.status).toBe(200);
      expect(answer.headers.get('content-type')).toBe(type.split(';')[0]);
      expect(await answer.text()).toBe(type === 'application/x-protobuf' ? '' : '{}');
    }
    for (const { bytes, count } of taken) {
      expect(count).toBe(1);
      expect(otlpToJson('ExportTraceServiceRequest', bytes)).toEqual(JSON.parse(text));
    }
    expect(taken.length).toBe(4);
  });

  it('keeps what is good of a request and says what it rejected', async () => {
    const { http, taken } = await receive();
    const body = tracesRequest(
      { name: 'good' },
      { spanId: Buffer.alloc(8), name: 'bad' },
      { traceId: Buffer.alloc(3) },
    );
    const answer = await fetch(`${http}/v1/traces`, { method: 'POST', headers: protobuf, body });
    expect(answer.status).toBe(200);
    expect(otlpToJson('ExportTraceServiceResponse', new Uint8Array(await answer.arrayBuffer()))).toEqual({
      partialSuccess: {
        rejectedSpans: '2',
        errorMessage: '2 without valid ids; the first: span id missing or all zero',
      },
    });
    expect(taken).toEqual([{ signal: 'traces', bytes: tracesRequest({ name: 'good' }), count: 1 }]);
  });
});
