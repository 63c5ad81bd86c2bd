import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { BadInput } from '../base/errors.ts';
import { inspectLogs, inspectMetrics, inspectTraces, inspectors, withoutRejected } from './otlp-inspect.ts';
import { otlpFromJson, otlpToJson } from './otlp-json.ts';
import type { MessageName } from './otlp-messages.ts';
import { ProtoWriter } from './protobuf.ts';

const traceId = '0af7651916cd43dd8448eb211c80319c';
const spanId = 'b7ad6b7169203331';

function build(name: MessageName, value: object): Uint8Array {
  return otlpFromJson(name, Buffer.from(JSON.stringify(value)));
}

function traces(...spans: object[]): Uint8Array {
  return build('ExportTraceServiceRequest', { resourceSpans: [{ scopeSpans: [{ spans }] }] });
}

const fullSpan = {
  traceId,
  spanId,
  parentSpanId: spanId,
  traceState: 'a=b',
  flags: 257,
  name: 'GET /',
  kind: 2,
  startTimeUnixNano: '1',
  endTimeUnixNano: '2',
  attributes: [
    { key: 'list', value: { arrayValue: { values: [{ intValue: '-1' }, { doubleValue: 0.5 }, { boolValue: true }] } } },
    { key: 'map', value: { kvlistValue: { values: [{ key: 'bytes', value: { bytesValue: 'AAEC' } }] } } },
    { key: 'long', value: { stringValue: 'x'.repeat(20_000) } },
  ],
  events: [{ timeUnixNano: '1', name: 'e', attributes: [{ key: 'k', value: {} }] }],
  links: [{ traceId, spanId, flags: 1 }],
  status: { message: 'bad', code: 2 },
  droppedAttributesCount: 300,
};

const metrics = build('ExportMetricsServiceRequest', {
  resourceMetrics: [
    {
      scopeMetrics: [
        {
          metrics: [
            { name: 'g', gauge: { dataPoints: [{ asDouble: 1 }, { asInt: '-5' }] } },
            { name: 's', sum: { dataPoints: [{ asInt: '1', exemplars: [{ asDouble: 1, traceId, spanId }] }] } },
            { name: 'h', histogram: { dataPoints: [{ bucketCounts: ['1', '2'], explicitBounds: [1.5] }] } },
            {
              name: 'e',
              exponentialHistogram: { dataPoints: [{ scale: -3, positive: { bucketCounts: ['1', '300'] } }] },
            },
            { name: 'q', summary: { dataPoints: [{ quantileValues: [{ quantile: 0.5, value: 2 }] }] } },
          ],
        },
      ],
    },
  ],
});

const logs = build('ExportLogsServiceRequest', {
  resourceLogs: [
    { scopeLogs: [{ logRecords: [{ body: { stringValue: 'x' }, traceId, spanId }, { severityNumber: 9 }] }] },
  ],
});

const requests = { traces: traces(fullSpan, fullSpan), metrics, logs };

function refusal(bytes: Uint8Array, inspect = inspectTraces): string {
  try {
    inspect(bytes);
  } catch (error) {
    expect(error).toBeInstanceOf(BadInput);
    if (error instanceof BadInput) return error.message;
  }
  throw new Error('nothing was refused');
}

describe('counting', () => {
  it('counts spans, data points of every kind and log records', () => {
    expect(inspectTraces(requests.traces)).toEqual({ count: 2, rejected: [] });
    expect(inspectMetrics(metrics)).toEqual({ count: 6, rejected: [] });
    expect(inspectLogs(logs)).toEqual({ count: 2, rejected: [] });
    expect(inspectTraces(new Uint8Array())).toEqual({ count: 0, rejected: [] });
  });

  it('counts concatenated requests as one', () => {
    expect(inspectTraces(Buffer.concat([requests.traces, requests.traces])).count).toBe(4);
  });

  it('takes repeated numbers packed and one by one', () => {
    const point = (w: ProtoWriter) => w.fixed64Field(6, 1n).bytesField(6, Buffer.alloc(16)).doubleField(7, 1);
    expect(inspectMetrics(histogram(point)).count).toBe(1);
    expect(
      refusal(
        histogram((w) => w.bytesField(6, Buffer.alloc(9))),
        inspectMetrics,
      ),
    ).toContain('expected 8 bytes');
    expect(
      refusal(
        histogram((w) => w.varintField(6, 1)),
        inspectMetrics,
      ),
    ).toContain('wire type');
  });

  it('lets fields through that it does not know, groups too', () => {
    const unknown = new ProtoWriter()
      .varintField(999, 2n ** 64n - 1n)
      .stringField(1000, 'x')
      .fixed32Field(1001, 1)
      .fixed64Field(1002, 1n)
      .raw(Buffer.from([0xa3, 1, 8, 1, 0xa4, 1])) // group 20 with a field 1
      .finish();
    expect(inspectTraces(Buffer.concat([unknown, requests.traces, unknown])).count).toBe(2);
  });
});

function histogram(point: (w: ProtoWriter) => void): Uint8Array {
  const inside = (w: ProtoWriter) => w.messageField(9, (h) => h.messageField(1, point));
  return new ProtoWriter().messageField(1, (r) => r.messageField(2, (s) => s.messageField(2, inside))).finish();
}

describe('ids', () => {
  it('that are missing, all zero or of a wrong length reject their span alone', () => {
    const zero = '0'.repeat(32);
    const spans = [
      fullSpan,
      { ...fullSpan, traceId: zero },
      { ...fullSpan, traceId: '' },
      { ...fullSpan, traceId: 'abcd' },
      { ...fullSpan, spanId: zero.slice(16) },
      { ...fullSpan, parentSpanId: 'abcd' },
      { ...fullSpan, links: [{ traceId: 'ab', spanId }] },
      { name: 'no ids' },
      { ...fullSpan, name: 'last' },
    ];
    const request = traces(...spans);
    const { count, rejected } = inspectTraces(request);
    expect(count).toBe(2);
    expect(rejected.map((r) => r.reason)).toEqual([
      'trace id missing or all zero',
      'trace id missing or all zero',
      'Span.trace_id has 2 bytes instead of 16',
      'span id missing or all zero',
      'Span.parent_span_id has 2 bytes instead of 8',
      'Link.trace_id has 1 bytes instead of 16',
      'trace id missing or all zero',
    ]);
    expect(withoutRejected(request, rejected)).toEqual(traces(fullSpan, { ...fullSpan, name: 'last' }));
  });

  it('an absent parent and one that is all zero are both a root span', () => {
    const { count } = inspectTraces(
      traces({ ...fullSpan, parentSpanId: '' }, { ...fullSpan, parentSpanId: '0'.repeat(16) }),
    );
    expect(count).toBe(2);
  });

  it('of log records may be absent, but not of another length', () => {
    const record = { traceId: 'abcd' };
    const bad = build('ExportLogsServiceRequest', { resourceLogs: [{ scopeLogs: [{ logRecords: [{}, record] }] }] });
    expect(refusal(bad, inspectLogs)).toMatch(
      /^resource_logs\[0\]\.scope_logs\[0\]\.log_records\[1\]: .* expected LogRecord.trace_id of 16 bytes, got 2$/,
    );
  });

  it('a rejected span takes nothing else with it, unknown fields included', () => {
    const bad = new ProtoWriter().stringField(5, 'no ids').finish();
    const request = (withBad: boolean) =>
      new ProtoWriter()
        .stringField(77, 'unknown')
        .messageField(1, (r) => {
          r.messageField(1, (resource) => resource.stringField(88, 'unknown'));
          r.messageField(2, (s) => {
            if (withBad) s.bytesField(2, bad);
            s.bytesField(
              2,
              new ProtoWriter().bytesField(1, Buffer.alloc(16, 1)).bytesField(2, Buffer.alloc(8, 1)).finish(),
            );
            if (withBad) s.bytesField(2, bad);
            s.stringField(3, 'schema');
          });
        })
        .finish();
    const { count, rejected } = inspectTraces(request(true));
    expect([count, rejected.length]).toEqual([1, 2]);
    expect(withoutRejected(request(true), rejected)).toEqual(request(false));
  });

  it('a request of nothing but bad spans does not become a long list', () => {
    const spans = new ProtoWriter();
    for (let i = 0; i < 10_001; i++) spans.messageField(2, (w) => w.varintField(6, 1));
    const inner = spans.finish();
    const request = new ProtoWriter().messageField(1, (r) => r.messageField(2, (s) => s.raw(inner))).finish();
    expect(refusal(request)).toContain('at most 10000 spans without valid ids');
  });
});

describe('refusing', () => {
  it('says where', () => {
    const good = Buffer.from(traces(fullSpan));
    const bad = new ProtoWriter()
      .raw(good)
      .messageField(1, (r) => {
        r.messageField(2, () => {});
        r.messageField(2, (s) => {
          s.messageField(1, (scope) => scope.stringField(1, 'scope'));
          s.messageField(2, (span) => span.stringField(5, 'fine'));
          s.messageField(2, (span) => span.stringField(5, 'x').messageField(9, (kv) => kv.varintField(1, 7)));
        });
      })
      .finish();
    expect(refusal(bad)).toMatch(
      /^resource_spans\[1\]\.scope_spans\[1\]\.spans\[1\]\.attributes\[0\]: malformed protobuf at byte \d+: expected wire type 2 for KeyValue.key, got 0$/,
    );
  });

  it('values nested more than 32 deep', () => {
    const nested = (depth: number): object =>
      depth === 1 ? { stringValue: 'x' } : { arrayValue: { values: [nested(depth - 1)] } };
    const withValue = (value: object) => traces({ ...fullSpan, attributes: [{ key: 'k', value }] });
    expect(inspectTraces(withValue(nested(32))).count).toBe(1);
    expect(refusal(withValue(nested(33)))).toContain('values nested at most 32 deep');
  });

  it('values nested far deeper than the stack', () => {
    let value: Buffer = Buffer.from([10, 0]);
    for (let i = 0; i < 5_000; i++) value = wrap(5, wrap(1, value));
    const span = wrap(9, wrap(2, value));
    expect(refusal(wrap(1, wrap(2, wrap(2, span))))).toContain('deep');
    const groups = Buffer.alloc(1_000_000, Buffer.from([0xa3, 1]));
    expect(refusal(groups)).toContain('groups nested at most 100 deep');
  });

  it('a varint that does not end, a length that is too long, a field number of 0', () => {
    const span = (bytes: number[]) => wrap(1, wrap(2, wrap(2, Buffer.from(bytes))));
    expect(refusal(span([6 << 3, ...Array.from({ length: 11 }, () => 0x80), 1]))).toContain('at most 10 bytes');
    expect(refusal(span([(5 << 3) | 2, 0xff, 0xff, 0xff, 0xff, 0x0f]))).toContain('4294967295 bytes');
    expect(refusal(span([(5 << 3) | 2, 5, 1]))).toContain('expected 5 bytes, got 1 left');
    expect(refusal(span([2, 1]))).toContain('field number');
    expect(refusal(span([(7 << 3) | 1, 1, 2]))).toContain('field 7 of Span whole');
    expect(refusal(span([(5 << 3) | 6]))).toContain('wire type');
  });

  it('every request cut off anywhere, unless what is left is whole', () => {
    for (const [signal, bytes] of Object.entries({ ...requests, traces: traces({ ...fullSpan, attributes: [] }) })) {
      const inspect = inspectors[signal as keyof typeof inspectors];
      for (let end = 1; end < bytes.length; end++)
        expect(refusal(bytes.subarray(0, end), inspect)).toContain('malformed');
    }
  });
});

it('whatever is accepted can be decoded, and nothing but BadInput comes out of damaged bytes', () => {
  const names = {
    traces: 'ExportTraceServiceRequest',
    metrics: 'ExportMetricsServiceRequest',
    logs: 'ExportLogsServiceRequest',
  } as const;
  const small = { ...requests, traces: traces({ ...fullSpan, attributes: fullSpan.attributes.slice(0, 2) }) };
  let accepted = 0;
  fc.assert(
    fc.property(
      fc.constantFrom('traces', 'metrics', 'logs'),
      fc.array(fc.tuple(fc.nat(), fc.nat(255)), { minLength: 1, maxLength: 3 }),
      (signal, changes) => {
        const bytes = Uint8Array.from(small[signal]);
        for (const [at, value] of changes) bytes[at % bytes.length] = value;
        try {
          const { rejected } = inspectors[signal](bytes);
          const kept = withoutRejected(bytes, rejected);
          if (signal === 'traces') expect(inspectTraces(kept).rejected).toEqual([]);
          otlpToJson(names[signal], kept);
          accepted++;
        } catch (error) {
          expect(error).toBeInstanceOf(BadInput);
        }
      },
    ),
    { numRuns: 5000 },
  );
  expect(accepted).toBeGreaterThan(100);
});

function wrap(field: number, inner: Uint8Array): Buffer {
  return Buffer.from(new ProtoWriter().bytesField(field, inner).finish());
}
