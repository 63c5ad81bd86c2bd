import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { BadInput } from '../base/errors.ts';
import { otlpFromJson, otlpToJson } from './otlp-json.ts';
import { type Field, type Message, type MessageName, otlpMessages } from './otlp-messages.ts';
import { ProtoWriter } from './protobuf.ts';

function read(name: MessageName, text: string): unknown {
  return otlpToJson(name, otlpFromJson(name, Buffer.from(text)));
}

function refusal(name: MessageName, text: string | Uint8Array): string {
  try {
    otlpFromJson(name, typeof text === 'string' ? Buffer.from(text) : text);
  } catch (error) {
    expect(error).toBeInstanceOf(BadInput);
    if (error instanceof BadInput) return error.message;
  }
  throw new Error('nothing was refused');
}

/** The example of the specification's own repository, examples/trace.json, shortened. */
const example = {
  resourceSpans: [
    {
      resource: { attributes: [{ key: 'service.name', value: { stringValue: 'my.service' } }] },
      scopeSpans: [
        {
          scope: { name: 'my.library', version: '1.0.0' },
          spans: [
            {
              traceId: '5b8efff798038103d269b633813fc60c',
              spanId: 'eee19b7ec3c1b174',
              parentSpanId: 'eee19b7ec3c1b173',
              name: 'I am a server span',
              startTimeUnixNano: '1544712660000000000',
              endTimeUnixNano: '1544712661000000000',
              kind: 2,
              attributes: [{ key: 'my.span.attr', value: { stringValue: 'some value' } }],
            },
          ],
        },
      ],
    },
  ],
};

describe('reading', () => {
  it('gives the bytes of the same message in protobuf', () => {
    const key = (w: ProtoWriter) =>
      w.stringField(1, 'my.span.attr').messageField(2, (v) => v.stringField(1, 'some value'));
    const service = (w: ProtoWriter) =>
      w.stringField(1, 'service.name').messageField(2, (v) => v.stringField(1, 'my.service'));
    const bytes = new ProtoWriter()
      .messageField(1, (resourceSpans) => {
        resourceSpans.messageField(1, (resource) => resource.messageField(1, service));
        resourceSpans.messageField(2, (scopeSpans) => {
          scopeSpans.messageField(1, (scope) => scope.stringField(1, 'my.library').stringField(2, '1.0.0'));
          scopeSpans.messageField(2, (span) => {
            span.bytesField(1, Buffer.from('5b8efff798038103d269b633813fc60c', 'hex'));
            span.bytesField(2, Buffer.from('eee19b7ec3c1b174', 'hex'));
            span.bytesField(4, Buffer.from('eee19b7ec3c1b173', 'hex'));
            span.stringField(5, 'I am a server span');
            span.fixed64Field(7, 1544712660000000000n).fixed64Field(8, 1544712661000000000n);
            span.varintField(6, 2).messageField(9, key);
          });
        });
      })
      .finish();
    expect(otlpFromJson('ExportTraceServiceRequest', Buffer.from(JSON.stringify(example)))).toEqual(bytes);
    expect(otlpToJson('ExportTraceServiceRequest', bytes)).toEqual(example);
  });

  it('takes names as in the .proto file, ids in any case, blanks, and ignores what it does not know', () => {
    const text = ` { "trace_id" : "5B8EFFF798038103D269B633813FC60C" , "start_time_unix_nano":\t"7",
      "unknown": {"a":[1,{"b":null}],"c":"\\"}"}, "name": null, "events": [ ] } `;
    expect(read('Span', text)).toEqual({ traceId: '5b8efff798038103d269b633813fc60c', startTimeUnixNano: '7' });
  });

  it('keeps integers exact, in quotes or not, also beyond 2^53', () => {
    expect(read('AnyValue', '{"intValue":9007199254740993}')).toEqual({ intValue: '9007199254740993' });
    expect(read('AnyValue', '{"intValue":"-9223372036854775808"}')).toEqual({ intValue: '-9223372036854775808' });
    expect(read('AnyValue', '{"intValue":-9223372036854775808}')).toEqual({ intValue: '-9223372036854775808' });
    expect(read('Span', '{"startTimeUnixNano":18446744073709551615}')).toEqual({
      startTimeUnixNano: '18446744073709551615',
    });
    expect(read('NumberDataPoint', '{"asInt":-1}')).toEqual({ asInt: '-1' });
    expect(read('AnyValue', '{"intValue":1.5e3}')).toEqual({ intValue: '1500' });
    expect(read('ExponentialHistogramDataPoint', '{"scale":-20}')).toEqual({ scale: -20 });
    expect(read('Buckets', '{"offset":2147483647,"bucketCounts":["0",18446744073709551615]}')).toEqual({
      offset: 2147483647,
      bucketCounts: ['0', '18446744073709551615'],
    });
  });

  it('reads doubles with the words that JSON has no numbers for', () => {
    const values = [
      ['1.5', 1.5],
      ['"NaN"', 'NaN'],
      ['"-Infinity"', '-Infinity'],
      ['"2.5"', 2.5],
      ['-0.0', -0],
      ['1e300', 1e300],
    ];
    for (const [text, value] of values)
      expect(read('AnyValue', `{"doubleValue":${text}}`)).toEqual({ doubleValue: value });
  });

  it('reads enums as numbers and as names, also numbers that it does not know', () => {
    expect(read('Span', '{"kind":"SPAN_KIND_CLIENT"}')).toEqual({ kind: 3 });
    expect(read('Span', '{"kind":77}')).toEqual({ kind: 77 });
    expect(read('LogRecord', '{"severityNumber":"SEVERITY_NUMBER_ERROR2"}')).toEqual({ severityNumber: 18 });
  });

  it('reads bytes in either alphabet of base64', () => {
    for (const text of ['-_8=', '-_8', '+/8=', '+/8']) {
      expect(read('AnyValue', `{"bytesValue":"${text}"}`)).toEqual({ bytesValue: '+/8=' });
    }
  });

  it('reads strings with escapes, and any UTF-8', () => {
    const text = 'a"\\\n\t/é😀\u0000';
    expect(read('AnyValue', JSON.stringify({ stringValue: text }))).toEqual({ stringValue: text });
    expect(read('AnyValue', '{"stringValue":"\\u00e9\\ud83d\\ude00\\/"}')).toEqual({ stringValue: 'é😀/' });
    expect(read('AnyValue', '{"stringValue":"\\ud83d"}')).toEqual({ stringValue: '\ufffd' });
  });
});

describe('refusing', () => {
  const span = (fields: string) => `{"resourceSpans":[{},{"scopeSpans":[{"spans":[{},{${fields}}]}]}]}`;
  const at = 'resourceSpans[1].scopeSpans[0].spans[1]';

  it('names the path and what was expected', () => {
    const cases: [string, string][] = [
      ['"traceId":"xyz0"', `${at}.traceId: expected an id in hex digits, got "xyz0"`],
      ['"traceId":"abc"', `${at}.traceId: expected an id in hex digits, got "abc"`],
      ['"name":5', `${at}.name: expected a string, got "5" at byte 57`],
      [
        '"startTimeUnixNano":-1',
        `${at}.startTimeUnixNano: expected an integer from 0 to 18446744073709551615, got "-1"`,
      ],
      ['"startTimeUnixNano":1.5', `${at}.startTimeUnixNano: expected an integer, got "1.5"`],
      ['"startTimeUnixNano":""', `${at}.startTimeUnixNano: expected an integer, got ""`],
      ['"kind":"SERVER"', `${at}.kind: expected a number or one of SPAN_KIND_UNSPECIFIED, `],
      ['"attributes":{}', `${at}.attributes: expected an array, got "{" at byte 63`],
      ['"status":[]', `${at}.status: expected an object, got "[" at byte 59`],
      ['"attributes":[{"value":{"boolValue":1}}]', `${at}.attributes[0].value.boolValue: expected true, false or null`],
      ['"attributes":[{"value":{"bytesValue":"*"}}]', `${at}.attributes[0].value.bytesValue: expected base64, got "*"`],
      [
        '"attributes":[{"value":{"doubleValue":"x"}}]',
        `${at}.attributes[0].value.doubleValue: expected a number, got "x"`,
      ],
      ['"flags":4294967296', `${at}.flags: expected an integer from 0 to 4294967295, got "4294967296"`],
    ];
    for (const [fields, message] of cases) {
      expect(refusal('ExportTraceServiceRequest', span(fields)).slice(0, message.length)).toBe(message);
    }
  });

  it('what is no JSON', () => {
    const texts = [
      '',
      '[]',
      '{',
      '{"a"}',
      '{"a":}',
      '{"a":1,}',
      '{,}',
      '{"a":tru}',
      '{"a":01}',
      '{"a":1}x',
      '{"a":"\n"}',
      "{'a':1}",
    ];
    for (const text of [
      ...texts,
      '{"a":"\\x"}',
      '{"a":"',
      '{"a":[1 2]}',
      '{"a":[1,]}',
      '{"a":[,1]}',
      '{"a":"\\u12g4"}',
      '{"a":-}',
      '{"a":1.}',
      '{"a" 1}',
      'null',
    ]) {
      expect([text, refusal('Span', text)]).toEqual([text, expect.stringMatching(/malformed JSON: |: expected/)]);
    }
    expect(refusal('Span', Buffer.from([0x7b, 0xff, 0x7d]))).toContain('UTF-8');
  });

  it('what is nested too deep, known or not', () => {
    expect(refusal('Span', `{"x":${'['.repeat(1_000_000)}`)).toContain('at most 150 levels');
    const value = '{"arrayValue":{"values":['.repeat(100_000);
    expect(refusal('AnyValue', value)).toContain('at most 150 levels');
  });
});

/** Any value of a message, as OTLP's JSON writes it. */
function anyMessage(message: Message, depth: number): fc.Arbitrary<Record<string, unknown>> {
  const fields = message.fields.filter(({ type }) => depth > 0 || typeof type === 'string' || 'enum' in type);
  const entries = fields.map((field) => {
    const one = anyField(field, depth);
    return [field.jsonName, field.isRepeated ? fc.array(one, { minLength: 1, maxLength: 2 }) : one] as const;
  });
  return fc.record(Object.fromEntries(entries), { requiredKeys: [] });
}

function anyField({ type }: Field, depth: number): fc.Arbitrary<unknown> {
  if (typeof type === 'object') return 'enum' in type ? fc.nat(type.enum.length) : anyMessage(type.message, depth - 1);
  const integer = (min: bigint, max: bigint) => fc.bigInt({ min, max });
  switch (type) {
    case 'string':
      return fc.string({ unit: 'binary' });
    case 'bytes':
      return fc.uint8Array().map((bytes) => Buffer.from(bytes).toString('base64'));
    case 'id8':
    case 'id16':
      return fc.uint8Array({ maxLength: 16 }).map((bytes) => Buffer.from(bytes).toString('hex'));
    case 'bool':
      return fc.boolean();
    case 'uint32':
    case 'fixed32':
      return fc.nat(0xffffffff);
    case 'sint32':
      return fc.integer();
    case 'int64':
    case 'sfixed64':
      return integer(-(2n ** 63n), 2n ** 63n - 1n).map(String);
    case 'uint64':
    case 'fixed64':
      return integer(0n, 2n ** 64n - 1n).map(String);
    case 'double':
      return fc.double().map((value) => (Number.isFinite(value) ? value : String(value)));
  }
}

it('what is written is read back the same, for every message of every signal', () => {
  const roots = ['ExportTraceServiceRequest', 'ExportMetricsServiceRequest', 'ExportLogsServiceRequest'] as const;
  for (const root of roots) {
    fc.assert(
      fc.property(anyMessage(otlpMessages[root], 6), (value) => {
        const text = JSON.stringify(value, (_, v: unknown) => (Object.is(v, -0) ? 0 : v));
        const bytes = otlpFromJson(root, Buffer.from(text));
        const back = otlpToJson(root, bytes);
        expect(back).toEqual(JSON.parse(text));
        expect(otlpFromJson(root, Buffer.from(JSON.stringify(back)))).toEqual(bytes);
      }),
      { numRuns: 40 },
    );
  }
});

it('only BadInput comes out of damaged text', () => {
  const text = Buffer.from(JSON.stringify(example));
  fc.assert(
    fc.property(
      fc.array(fc.tuple(fc.nat(), fc.nat(255)), { minLength: 1, maxLength: 3 }),
      fc.option(fc.nat()),
      (changes, cut) => {
        const bytes = Buffer.from(text);
        for (const [at, value] of changes) bytes[at % bytes.length] = value;
        const given = cut === null ? bytes : bytes.subarray(0, cut % bytes.length);
        try {
          otlpFromJson('ExportTraceServiceRequest', given);
        } catch (error) {
          expect(error).toBeInstanceOf(BadInput);
        }
      },
    ),
    { numRuns: 3000 },
  );
});
