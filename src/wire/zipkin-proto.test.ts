import { describe, expect, it } from 'vitest';
import type { Span } from '../model/span.ts';
import { decodeTraces } from './otlp-proto.ts';
import { ProtoWriter } from './protobuf.ts';
import { ipv6Text } from './zipkin-address.ts';
import { translateZipkinProto } from './zipkin-proto.ts';

const options = { parseStringTags: false, receivedMs: 0 };
type Write = (writer: ProtoWriter) => void;

function translate(...spans: Write[]): Span[] {
  const list = new ProtoWriter();
  for (const span of spans) list.messageField(1, span);
  return decodeTraces(translateZipkinProto(list.finish(), options).bytes);
}

const ids: Write = (w) => w.bytesField(1, Buffer.alloc(16, 1)).bytesField(3, Buffer.alloc(8, 2));

describe('a span in protobuf', () => {
  it('has all that one in JSON has', () => {
    const [span] = translate((w) => {
      ids(w);
      w.bytesField(2, Buffer.alloc(8, 3))
        .varintField(4, 1)
        .stringField(5, 'get')
        .fixed64Field(6, 10n)
        .varintField(7, 5);
      w.messageField(8, (e) =>
        e
          .stringField(1, 'shop')
          .bytesField(2, Uint8Array.of(10, 0, 0, 1))
          .varintField(4, 80),
      );
      w.messageField(9, (e) => e.stringField(1, 'db').bytesField(3, Buffer.from(`${'00'.repeat(15)}01`, 'hex')));
      w.messageField(10, (a) => a.fixed64Field(1, 12n).stringField(2, 'ws'));
      w.messageField(11, (t) => t.stringField(1, 'k').stringField(2, 'v'));
      w.messageField(11, (t) => t.stringField(1, 'error').stringField(2, 'no'));
      w.varintField(12, 1).varintField(13, 1);
    });
    expect(span).toMatchObject({
      traceId: '01'.repeat(16),
      spanId: '02'.repeat(8),
      parentSpanId: '03'.repeat(8),
      kind: 3,
      name: 'get',
      startNs: 10_000n,
      endNs: 15_000n,
      statusCode: 2,
      statusMessage: 'no',
      resource: { service: 'shop' },
      events: [{ timeNs: 12_000n, name: 'ws' }],
    });
    expect(Object.fromEntries(span?.attributes ?? [])).toEqual({
      k: 'v',
      error: 'no',
      'network.local.address': '10.0.0.1',
      'net.host.port': 80n,
      'service.peer.name': 'db',
      'network.peer.address': '::1',
    });
  });

  it('may have a trace id of 64 bits, and no parent as zeros', () => {
    const [span] = translate((w) =>
      w
        .bytesField(1, Buffer.alloc(8, 9))
        .bytesField(3, Buffer.alloc(8, 2))
        .bytesField(2, Buffer.alloc(8))
        .fixed64Field(6, 1n),
    );
    expect(span).toMatchObject({ traceId: '0'.repeat(16) + '09'.repeat(8), parentSpanId: '' });
  });

  it('is refused without its ids, or with longer ones', () => {
    expect(() => translate(ids, (w) => w.bytesField(3, Buffer.alloc(8, 2)))).toThrow(
      'spans[1].trace_id: expected an id',
    );
    expect(() => translate((w) => w.bytesField(1, Buffer.alloc(16, 1)))).toThrow(
      'spans[0].id: expected an id, got none',
    );
    expect(() => translate((w) => w.bytesField(1, Buffer.alloc(17, 1)))).toThrow('at most 16 bytes, got 17');
  });
});

it.each([
  ['20010db8000000000000000000000001', '2001:db8::1'],
  ['00000000000000000000000000000000', '::'],
  ['20010db8000100010001000100010001', '2001:db8:1:1:1:1:1:1'],
  ['20010000000000010000000000000001', '2001:0:0:1::1'],
  ['fe800000000000000000000000000000', 'fe80::'],
  ['20010db8000000010001000100010001', '2001:db8:0:1:1:1:1:1'],
])('%s is %s', (hex, text) => expect(ipv6Text(Buffer.from(hex, 'hex'))).toBe(text));
