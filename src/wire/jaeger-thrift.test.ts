import { describe, expect, it } from 'vitest';
import type { Span } from '../model/span.ts';
import { translateJaegerBatch } from './jaeger-thrift.ts';
import { decodeTraces } from './otlp-proto.ts';
import { ThriftBinaryReader, ThriftCompactReader } from './thrift.ts';
import { type ThriftValue, writeThrift } from './thrift-writer.ts';

type Fields = Record<number, ThriftValue>;

const struct = (fields: Fields): ThriftValue => ({
  struct: Object.entries(fields).map(([id, value]) => [Number(id), value] as const),
});
const list = (...items: Fields[]): ThriftValue => ({ list: items.map(struct) });

const tag = (key: string, value: string | number | boolean | bigint | Uint8Array): Fields => {
  const of = (type: number, field: number, given: ThriftValue): Fields => ({
    1: { string: key },
    2: { i32: type },
    [field]: given,
  });
  if (typeof value === 'string') return of(0, 3, { string: value });
  if (typeof value === 'number') return of(1, 4, { double: value });
  if (typeof value === 'boolean') return of(2, 5, { bool: value });
  if (typeof value === 'bigint') return of(3, 6, { i64: value });
  return of(4, 7, { string: value });
};

const plain: Fields = {
  1: { i64: 0x1122334455667788n },
  2: { i64: 0n },
  3: { i64: -2n },
  4: { i64: 0n },
  5: { string: 'GET /' },
  7: { i32: 1 },
  8: { i64: 1_767_225_600_000_001n },
  9: { i64: 250n },
};
const processOf = (service: string, ...tags: Fields[]): ThriftValue =>
  struct({ 1: { string: service }, 2: list(...tags) });

function translate(spans: Fields[], process = processOf('shop')): { spans: Span[]; rejected: number } {
  const batch = struct({ 1: process, 2: list(...spans) });
  const [compact, binary] = [
    translateJaegerBatch(new ThriftCompactReader(writeThrift('compact', batch))),
    translateJaegerBatch(new ThriftBinaryReader(writeThrift('binary', batch))),
  ];
  expect(Buffer.from(binary.bytes).equals(compact.bytes)).toBe(true);
  const decoded = decodeTraces(compact.bytes);
  expect(decoded.length).toBe(compact.count);
  return { spans: decoded, rejected: compact.rejected };
}

function only(fields: Fields, process?: ThriftValue): Span {
  const { spans } = translate([{ ...plain, ...fields }], process);
  expect(spans.length).toBe(1);
  return spans[0] as Span;
}

const tags = (...given: Fields[]): Fields => ({ 10: list(...given) });
const attributes = (span: Span) => Object.fromEntries(span.attributes);

describe('a span of a Jaeger client in Thrift', () => {
  it('has its ids, name and times', () => {
    expect(only({})).toMatchObject({
      traceId: '00000000000000001122334455667788',
      spanId: 'fffffffffffffffe',
      parentSpanId: '',
      name: 'GET /',
      flags: 1,
      startNs: 1_767_225_600_000_001_000n,
      endNs: 1_767_225_600_000_251_000n,
      kind: 0,
      statusCode: 0,
    });
    expect(only({ 2: { i64: -1n }, 7: { i32: 2 } })).toMatchObject({
      traceId: 'ffffffffffffffff1122334455667788',
      flags: 0,
    });
  });

  it('keeps each type of tag, and int64 exactly; of a key given twice the last counts', () => {
    const span = only(
      tags(
        tag('s', 'é'),
        tag('d', 1.5),
        tag('b', true),
        tag('i', 2n ** 62n + 1n),
        tag('y', Uint8Array.of(0, 255)),
        tag('s', 'twice'),
      ),
    );
    expect(attributes(span)).toEqual({ s: 'twice', d: 1.5, b: true, i: 2n ** 62n + 1n, y: Uint8Array.of(0, 255) });
  });

  it.each([
    ['client', 3],
    ['server', 2],
    ['producer', 4],
    ['consumer', 5],
    ['internal', 1],
    ['odd', 0],
  ])('span.kind %s is its kind', (kind, number) => {
    const span = only(tags(tag('span.kind', kind)));
    expect([span.kind, attributes(span)]).toEqual([number, {}]);
  });

  it('makes logs events, named by their field event', () => {
    const logs = list(
      { 1: { i64: 5n }, 2: list(tag('event', 'cache miss'), tag('key', 7n)) },
      { 1: { i64: 6n }, 2: list(tag('message', 'x')) },
    );
    expect(only({ 11: logs }).events).toEqual([
      { timeNs: 5000n, name: 'cache miss', attributes: new Map([['key', 7n]]), droppedAttributes: 0 },
      { timeNs: 6000n, name: '', attributes: new Map([['message', 'x']]), droppedAttributes: 0 },
    ]);
  });

  const reference = (type: number, low: bigint, spanId: bigint): Fields => ({
    1: { i32: type },
    2: { i64: low },
    3: { i64: 0n },
    4: { i64: spanId },
  });
  const own = 0x1122334455667788n;

  it('has the parent that it names', () => {
    const span = only({ 4: { i64: 7n }, 6: list(reference(0, own, 7n)) });
    expect([span.parentSpanId, span.links]).toEqual(['0000000000000007', []]);
  });

  it('without one has the first reference of its trace as parent, one that says child-of before others', () => {
    const references = list(reference(0, 99n, 3n), reference(1, own, 4n), reference(0, own, 5n));
    const span = only({ 6: references });
    expect(span.parentSpanId).toBe('0000000000000005');
    expect(span.links.map((link) => [link.traceId, link.spanId, link.attributes.get('opentracing.ref_type')])).toEqual([
      ['00000000000000000000000000000063', '0000000000000003', 'child_of'],
      ['00000000000000001122334455667788', '0000000000000004', 'follows_from'],
    ]);
    expect(only({ 6: list(reference(1, own, 4n)) }).parentSpanId).toBe('0000000000000004');
    expect(only({ 6: list(reference(0, 99n, 3n)) }).parentSpanId).toBe('');
  });

  describe('its status', () => {
    const status = (...given: Fields[]) => {
      const span = only(tags(...given));
      return [span.statusCode, span.statusMessage, attributes(span)];
    };
    it('is an error with the tag error, whatever otel.status_code says', () => {
      expect(status(tag('error', true), tag('otel.status_code', 'OK'), tag('otel.status_description', 'no'))).toEqual([
        2,
        'no',
        {},
      ]);
      expect(status(tag('error', true), tag('http.status_message', 'Bad'))).toEqual([
        2,
        'Bad',
        { 'http.status_message': 'Bad' },
      ]);
      expect(status(tag('error', 'true'))).toEqual([2, '', {}]);
    });
    it('is otel.status_code without it', () => {
      expect(status(tag('otel.status_code', 'ok'))).toEqual([1, '', {}]);
      expect(status(tag('otel.status_code', 'ERROR'), tag('otel.status_description', 'x'))).toEqual([2, 'x', {}]);
      expect(status(tag('error', false))).toEqual([0, '', { error: false }]);
    });
    it('is the HTTP status without both: 4xx is an error of the client only', () => {
      expect(status(tag('http.status_code', 500n))[0]).toBe(2);
      expect(status(tag('http.status_code', '503'))[0]).toBe(2);
      expect(status(tag('http.status_code', 502))[0]).toBe(2);
      expect(status(tag('http.status_code', 200n))[0]).toBe(0);
      expect(status(tag('http.status_code', 404n), tag('span.kind', 'client'))[0]).toBe(2);
      expect(status(tag('http.status_code', 404n), tag('span.kind', 'server'))[0]).toBe(0);
      expect(status(tag('otel.status_code', 'UNSET'), tag('http.status_code', 500n))[0]).toBe(0);
    });
  });

  it('has its scope and trace state from tags', () => {
    const span = only(
      tags(tag('otel.library.name', 'lib'), tag('otel.scope.version', '2'), tag('w3c.tracestate', 'a=b')),
    );
    expect(span.scope).toMatchObject({ name: 'lib', version: '2' });
    expect([span.traceState, attributes(span)]).toEqual(['a=b', {}]);
  });

  it('has its process as resource', () => {
    const process = processOf('shop', tag('hostname', 'h1'), tag('jaeger.version', 'Node-3.19'), tag('ip', '10.0.0.1'));
    const { resource } = only({}, process);
    expect(resource.service).toBe('shop');
    expect(Object.fromEntries(resource.attributes)).toEqual({
      'service.name': 'shop',
      'host.name': 'h1',
      'opencensus.exporterversion': 'Jaeger-Node-3.19',
      ip: '10.0.0.1',
    });
  });

  it('is left out and counted without a trace id or span id', () => {
    const { spans, rejected } = translate([{ ...plain, 3: { i64: 0n } }, plain, { ...plain, 1: { i64: 0n } }]);
    expect([spans.length, rejected]).toEqual([1, 2]);
  });
});

it('a batch whose process comes after its spans is read as well', () => {
  const batch: ThriftValue = {
    struct: [
      [2, list(plain)],
      [1, processOf('late')],
    ],
  };
  for (const protocol of ['compact', 'binary'] as const) {
    const bytes = writeThrift(protocol, batch);
    const reader = protocol === 'compact' ? new ThriftCompactReader(bytes) : new ThriftBinaryReader(bytes);
    expect(decodeTraces(translateJaegerBatch(reader).bytes)).toMatchObject([{ resource: { service: 'late' } }]);
  }
});

it('a batch without spans is empty', () => {
  expect(translate([])).toEqual({ spans: [], rejected: 0 });
});

it('structs without their required fields are refused: they would be much of little', () => {
  expect(() => translate([{ ...plain, 10: list({}) }])).toThrow('expected Tag.key, got none');
  expect(() => translate([{ ...plain, 11: list({}) }])).toThrow('expected Log.timestamp, got none');
  expect(() => translate(Array.from({ length: 10_001 }, () => ({})))).toThrow(
    'more than 10000 spans without valid ids',
  );
});
