import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { testSpan, testEpochNs } from '../query/test-spans.ts';
import { arbitrarySpan } from '../../test/arbitrary-span.ts';
import { decodeTraces } from './otlp-proto.ts';
import { translateZipkinV2Json } from './zipkin-json.ts';
import { toZipkinTrace } from './zipkin-out.ts';

const micros = Number(testEpochNs / 1000n);

describe('spans in Zipkin JSON', () => {
  it('have kind, endpoints, tags as text and annotations', () => {
    const span = testSpan({
      traceId: '0000000000000000008899aabbccddee',
      spanId: '00000000000000aa',
      parentSpanId: '00000000000000ab',
      name: 'get',
      kind: 3,
      ms: 1.5,
      service: 'front',
      attributes: {
        'http.status_code': 200n,
        'peer.service': 'back',
        'net.peer.ip': '10.0.0.1',
        'net.peer.port': 8080n,
        'net.host.ip': '::1',
        list: ['a', 1n],
      },
      resource: { 'host.name': 'h1' },
      events: [
        { timeNs: testEpochNs + 1000n, name: 'ws', attributes: new Map(), droppedAttributes: 0 },
        { timeNs: testEpochNs, name: 'e', attributes: new Map([['k', true]]), droppedAttributes: 2 },
      ],
    });
    expect(toZipkinTrace([span])).toEqual([
      {
        traceId: '008899aabbccddee',
        parentId: '00000000000000ab',
        id: '00000000000000aa',
        kind: 'CLIENT',
        name: 'get',
        timestamp: micros,
        duration: 1500,
        localEndpoint: { serviceName: 'front', ipv6: '::1' },
        remoteEndpoint: { serviceName: 'back', ipv4: '10.0.0.1', port: 8080 },
        annotations: [
          { timestamp: micros + 1, value: 'ws' },
          { timestamp: micros, value: 'e|{"k":true}|2' },
        ],
        tags: {
          'host.name': 'h1',
          'http.status_code': '200',
          list: '["a",1]',
          'otel.scope.name': 'test',
          'otel.scope.version': '1',
        },
      },
    ]);
  });

  it('say failure as Zipkin does: the message, else true, else what the sender set', () => {
    const tagOf = (given: Parameters<typeof testSpan>[0]) => toZipkinTrace([testSpan(given)])[0]?.tags?.error;
    expect(tagOf({ statusCode: 2, statusMessage: 'timeout' })).toBe('timeout');
    expect(tagOf({ statusCode: 2 })).toBe('true');
    expect(tagOf({ statusCode: 2, statusMessage: 'x', attributes: { error: '503' } })).toBe('503');
    expect(tagOf({ statusCode: 1 })).toBeUndefined();
  });

  it('are those that a Zipkin client sent', () => {
    const sent = [
      {
        traceId: '5af7183fb1d4cf5f',
        parentId: '6b221d5bc9e6496c',
        id: '352bff9a74ca9ad2',
        kind: 'CLIENT',
        name: 'get /api',
        timestamp: 1556604172355737,
        duration: 1431,
        localEndpoint: { serviceName: 'backend', ipv4: '192.168.99.1', port: 3306 },
        remoteEndpoint: { serviceName: 'db', ipv6: '2001:db8::c001', port: 5432 },
        annotations: [{ timestamp: 1556604172355800, value: 'wr' }],
        tags: { 'http.method': 'GET', 'http.path': '/api', __proto__x: 'y' },
      },
      {
        traceId: '5af7183fb1d4cf5f',
        id: '00000000000000aa',
        localEndpoint: { serviceName: 'backend' },
        remoteEndpoint: { ipv4: '10.0.0.1' },
      },
    ];
    const options = { parseStringTags: false, receivedMs: 1 };
    const spans = decodeTraces(translateZipkinV2Json(Buffer.from(JSON.stringify(sent)), options).bytes);
    expect(toZipkinTrace(spans)).toEqual(sent);
  });

  it('mark the server half of a shared span', () => {
    const shared = { spanId: '00000000000000aa' };
    const [client, server] = toZipkinTrace([testSpan({ ...shared, kind: 3 }), testSpan({ ...shared, kind: 2 })]);
    expect([client?.shared, server?.shared]).toEqual([undefined, true]);
    expect(toZipkinTrace([testSpan({ kind: 2 })])[0]?.shared).toBeUndefined();
  });

  it('are valid for any span: ids in hex, tags all text, times whole', () => {
    fc.assert(
      fc.property(fc.array(arbitrarySpan, { maxLength: 4 }), (spans) => {
        for (const span of JSON.parse(JSON.stringify(toZipkinTrace(spans))) as Record<string, unknown>[]) {
          expect(span.traceId).toMatch(/^([0-9a-f]{16}|[0-9a-f]{32})$/);
          expect(span.id).toMatch(/^[0-9a-f]{16}$/);
          for (const tag of Object.values(span.tags ?? {})) expect(typeof tag).toBe('string');
          for (const time of [span.timestamp, span.duration]) {
            if (time !== undefined) expect(Number.isInteger(time) && Number(time) > 0).toBe(true);
          }
        }
      }),
    );
  });
});
