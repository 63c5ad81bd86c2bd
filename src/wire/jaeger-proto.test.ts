import { describe, expect, it } from 'vitest';
import type { Span } from '../model/span.ts';
import { jaegerWarningsKey } from './jaeger-span.ts';
import { translatePostSpans } from './jaeger-proto.ts';
import { decodeTraces } from './otlp-proto.ts';
import { ProtoWriter } from './protobuf.ts';

type Write = (writer: ProtoWriter) => void;

const traceId = Buffer.from('0102030405060708090a0b0c0d0e0f10', 'hex');
const spanId = Buffer.from('1112131415161718', 'hex');

const time =
  (field: number, seconds: number, nanos: number): Write =>
  (w) =>
    w.messageField(field, (t) => t.varintField(1, seconds).varintField(2, nanos));
const text =
  (field: number, key: string, value: string): Write =>
  (w) =>
    w.messageField(field, (kv) => kv.stringField(1, key).stringField(3, value));
const process =
  (field: number, service: string, ...tags: Write[]): Write =>
  (w) =>
    w.messageField(field, (p) => {
      p.stringField(1, service);
      for (const tag of tags) tag(p);
    });
const plain: Write = (w) => {
  w.bytesField(1, traceId).bytesField(2, spanId).stringField(3, 'GET /').varintField(5, 1);
  time(6, 1_767_225_600, 1)(w);
  time(7, 2, 500)(w);
};

function translate(batch: Write): { spans: Span[]; rejected: number } {
  const { bytes, count, rejected } = translatePostSpans(new ProtoWriter().messageField(1, batch).finish());
  const spans = decodeTraces(bytes);
  expect(spans.length).toBe(count);
  return { spans, rejected };
}

function only(more: Write): Span {
  const { spans } = translate((w) => {
    process(2, 'shop')(w);
    w.messageField(1, (span) => {
      plain(span);
      more(span);
    });
  });
  expect(spans.length).toBe(1);
  return spans[0] as Span;
}

describe('a span that a Jaeger agent posts', () => {
  it('has its ids, name and times to the nanosecond', () => {
    expect(only(() => {})).toMatchObject({
      traceId: traceId.toString('hex'),
      spanId: spanId.toString('hex'),
      parentSpanId: '',
      name: 'GET /',
      flags: 1,
      startNs: 1_767_225_600_000_000_001n,
      endNs: 1_767_225_602_000_000_501n,
      resource: { service: 'shop' },
    });
  });

  it('may have an id of 64 bits, and a duration below zero', () => {
    const span = only((w) => {
      w.bytesField(1, spanId);
      time(7, 0, -1)(w);
    });
    expect(span.traceId).toBe('00000000000000001112131415161718');
    expect(span.endNs).toBe(1_767_225_600_000_000_000n);
  });

  it('keeps each type of tag, defaults too', () => {
    const span = only((w) => {
      text(8, 's', 'é')(w);
      for (const [key, type] of ['empty', 'false', 'zero', 'zero.0', 'no.bytes'].entries()) {
        w.messageField(8, (kv) => kv.stringField(1, type).varintField(2, key));
      }
      w.messageField(8, (kv) => kv.stringField(1, 'b').varintField(2, 1).varintField(4, 1));
      w.messageField(8, (kv) =>
        kv
          .stringField(1, 'i')
          .varintField(2, 2)
          .varintField(5, -(2n ** 62n)),
      );
      w.messageField(8, (kv) => kv.stringField(1, 'd').varintField(2, 3).doubleField(6, 0.5));
      w.messageField(8, (kv) => kv.stringField(1, 'y').varintField(2, 4).bytesField(7, Uint8Array.of(0, 255)));
    });
    expect(Object.fromEntries(span.attributes)).toEqual({
      s: 'é',
      empty: '',
      false: false,
      zero: 0n,
      'zero.0': 0,
      'no.bytes': new Uint8Array(),
      b: true,
      i: -(2n ** 62n),
      d: 0.5,
      y: Uint8Array.of(0, 255),
    });
  });

  it('has its parent from its references, the others as links', () => {
    const span = only((w) => {
      w.messageField(4, (ref) => ref.bytesField(1, traceId).bytesField(2, Buffer.alloc(8, 7)));
      w.messageField(4, (ref) => ref.bytesField(1, traceId).bytesField(2, Buffer.alloc(8, 8)).varintField(3, 1));
    });
    expect(span.parentSpanId).toBe('0707070707070707');
    expect(span.links.map((link) => [link.spanId, link.attributes.get('opentracing.ref_type')])).toEqual([
      ['0808080808080808', 'follows_from'],
    ]);
  });

  it('has its logs as events and keeps its warnings', () => {
    const span = only((w) => {
      w.messageField(9, (log) => {
        time(1, 5, 6)(log);
        text(2, 'event', 'retry')(log);
        text(2, 'why', 'x')(log);
      });
      w.messageField(9, () => {});
      w.stringField(12, 'clock skew');
    });
    expect(span.events).toEqual([
      { timeNs: 5_000_000_006n, name: 'retry', attributes: new Map([['why', 'x']]), droppedAttributes: 0 },
    ]);
    expect(span.attributes.get(jaegerWarningsKey)).toEqual(['clock skew']);
  });
});

it('the process of a span goes before that of the batch, which may come last', () => {
  const { spans } = translate((w) => {
    const span = (more: Write) => w.messageField(1, (s) => (plain(s), more(s)));
    span(process(10, 'own', text(2, 'zone', 'a')));
    span(() => {});
    span(process(10, 'own', text(2, 'zone', 'a')));
    process(2, 'shared')(w);
  });
  expect(spans.map((span) => [span.resource.service, span.resource.attributes.get('zone')])).toEqual([
    ['own', 'a'],
    ['shared', undefined],
    ['own', 'a'],
  ]);
});

it('spans without ids are left out and counted', () => {
  const { spans, rejected } = translate((w) => {
    w.messageField(1, plain).messageField(1, () => {});
  });
  expect([spans.length, rejected]).toEqual([1, 1]);
});
