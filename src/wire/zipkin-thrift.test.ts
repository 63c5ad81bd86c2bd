import { describe, expect, it } from 'vitest';
import type { Span } from '../model/span.ts';
import { decodeTraces } from './otlp-proto.ts';
import { ThriftBinaryReader, ThriftCompactReader } from './thrift.ts';
import { type ThriftValue, writeThrift } from './thrift-writer.ts';
import { translateZipkinThrift } from './zipkin-thrift.ts';

const options = { parseStringTags: false, receivedMs: 0 };

function translate(...spans: ThriftValue[]): { spans: Span[]; rejected: number } {
  const list: ThriftValue = { list: spans };
  const binary = translateZipkinThrift(new ThriftBinaryReader(writeThrift('binary', list)), options);
  const compact = translateZipkinThrift(new ThriftCompactReader(writeThrift('compact', list)), options);
  expect(Buffer.from(binary.bytes).equals(compact.bytes)).toBe(true);
  return { spans: decodeTraces(binary.bytes), rejected: binary.rejected };
}

const endpoint = (service: string, ipv4: number, port: number, ipv6?: Buffer): ThriftValue => ({
  struct: [
    [1, { i32: ipv4 }],
    [2, { i16: port }],
    [3, { string: service }],
    ...(ipv6 ? [[4, { string: ipv6 }] as const] : []),
  ],
});
const frontend = endpoint('frontend', 0x0a000001, 80);
const backend = endpoint('backend', -1, -2);

const annotation = (timestamp: number, value: string, host?: ThriftValue): ThriftValue => ({
  struct: [[1, { i64: timestamp }], [2, { string: value }], ...(host ? [[3, host] as const] : [])],
});
const tag = (key: string, type: number, value: string | Uint8Array, host: ThriftValue = frontend): ThriftValue => ({
  struct: [
    [1, { string: key }],
    [2, { string: value }],
    [3, { i32: type }],
    [4, host],
  ],
});
const span = (
  annotations: ThriftValue[],
  tags: ThriftValue[] = [],
  more: [number, ThriftValue][] = [],
): ThriftValue => ({
  struct: [
    [1, { i64: -1n }],
    [3, { string: 'get' }],
    [4, { i64: 2 }],
    [5, { i64: 3 }],
    [6, { list: annotations }],
    [8, { list: tags }],
    [9, { bool: true }],
    ...more,
  ],
});

describe('a span of version 1 in Thrift', () => {
  it('with both halves of a call becomes two, each with its own address', () => {
    const { spans } = translate(
      span([
        annotation(10, 'cs', frontend),
        annotation(12, 'sr', backend),
        annotation(28, 'ss', backend),
        annotation(30, 'cr', frontend),
      ]),
    );
    expect(spans.map((each) => [each.resource.service, each.kind, each.startNs, each.endNs])).toEqual([
      ['frontend', 3, 10_000n, 30_000n],
      ['backend', 2, 12_000n, 28_000n],
    ]);
    expect(spans.map((each) => Object.fromEntries(each.attributes))).toEqual([
      { 'network.local.address': '10.0.0.1', 'net.host.port': 80n },
      { 'network.local.address': '255.255.255.255', 'net.host.port': 65534n },
    ]);
    expect(spans[0]).toMatchObject({
      traceId: `${'0'.repeat(16)}${'f'.repeat(16)}`,
      spanId: '0000000000000002',
      parentSpanId: '0000000000000003',
    });
  });

  it('keeps its tags by their types', () => {
    const { spans } = translate(
      span(
        [],
        [
          tag('s', 6, 'é'),
          tag('b', 0, Uint8Array.of(1)),
          tag('y', 1, Uint8Array.of(0, 255)),
          tag('i16', 2, Uint8Array.of(255, 255)),
          tag('i32', 3, Uint8Array.of(0, 0, 1, 0)),
          tag('i64', 4, Uint8Array.of(128, 0, 0, 0, 0, 0, 0, 0)),
          tag('d', 5, Uint8Array.of(63, 248, 0, 0, 0, 0, 0, 0)),
          tag('short', 4, Uint8Array.of(1)),
          tag('sa', 0, Uint8Array.of(1), endpoint('db', 0, 0, Buffer.from(`fe80${'00'.repeat(13)}01`, 'hex'))),
        ],
        [
          [10, { i64: 100 }],
          [11, { i64: 5 }],
          [12, { i64: 7 }],
        ],
      ),
    );
    expect(spans[0]).toMatchObject({
      traceId: `0000000000000007${'f'.repeat(16)}`,
      startNs: 100_000n,
      endNs: 105_000n,
      resource: { service: 'frontend' },
    });
    expect(Object.fromEntries(spans[0]?.attributes ?? [])).toMatchObject({
      s: 'é',
      b: true,
      y: 'AP8=',
      i16: -1n,
      i32: 256n,
      i64: -(2n ** 63n),
      d: 1.5,
      short: 'AQ==',
      'service.peer.name': 'db',
      'network.peer.address': 'fe80::1',
    });
  });

  it('is left out and counted without an id', () => {
    const { spans, rejected } = translate(span([annotation(1, 'x')]), { struct: [] });
    expect([spans.length, rejected]).toEqual([1, 1]);
  });

  it('must have the required fields of what it holds', () => {
    expect(() => translate(span([{ struct: [] }]))).toThrow('expected Annotation.timestamp, got none');
    expect(() => translate(span([], [{ struct: [] }]))).toThrow('expected BinaryAnnotation.key, got none');
  });

  it('that names ever other services costs no more for each', () => {
    const many = Array.from({ length: 20_000 }, (_, i) => annotation(i, 'x', endpoint(`s${i}`, 0, 0)));
    expect(translate(span(many)).spans.length).toBe(20_000);
  });
});
