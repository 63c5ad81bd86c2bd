/** Any span that OTLP can say, with every attribute type: for property tests. */
import fc from 'fast-check';
import type { AttributeValue } from '../src/model/attributes.ts';
import type { Span } from '../src/model/span.ts';
import { serviceOf } from '../src/wire/otlp-proto.ts';

/** Records like those of the decoder: with the usual prototype, which deep equality compares too. */
const record = <T>(fields: { [K in keyof T]: fc.Arbitrary<T[K]> }) => fc.record<T>(fields, { noNullPrototype: true });

const text = fc.string({ unit: 'binary', maxLength: 12 });
const int64 = fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n });
const uint32 = fc.oneof(fc.constant(0), fc.integer({ min: 0, max: 0xffffffff }));
const id = (bytes: number) =>
  fc.uint8Array({ minLength: bytes, maxLength: bytes }).map((b) => Buffer.from(b).toString('hex'));

const leaf: fc.Arbitrary<AttributeValue> = fc.oneof(
  text,
  fc.boolean(),
  int64,
  fc.double(),
  fc.uint8Array({ maxLength: 9 }),
  fc.constant(null),
);
const { value } = fc.letrec<{ value: AttributeValue }>((tie) => ({
  value: fc.oneof(
    { depthSize: 'small', withCrossShrink: true },
    leaf,
    fc.array(tie('value'), { maxLength: 3 }),
    fc.array(fc.tuple(text, tie('value')), { maxLength: 3 }).map((entries) => new Map(entries)),
  ),
}));
const attributes = fc.array(fc.tuple(text, value), { maxLength: 5 }).map((entries) => new Map(entries));

const resource = record({ attributes, schemaUrl: text }).map((given) => ({
  ...given,
  service: serviceOf(given.attributes),
}));
const scope = record({ name: text, version: text, attributes, schemaUrl: text });

export const arbitrarySpan: fc.Arbitrary<Span> = record({
  traceId: id(16),
  spanId: id(8),
  parentSpanId: fc.oneof(
    fc.constant(''),
    id(8).filter((hex) => !/^0+$/.test(hex)),
  ),
  traceState: text,
  flags: uint32,
  name: text,
  kind: fc.constantFrom(0, 1, 2, 3, 4, 5),
  startNs: int64,
  endNs: int64,
  attributes,
  events: fc.array(record({ timeNs: int64, name: text, attributes, droppedAttributes: uint32 }), { maxLength: 3 }),
  links: fc.array(
    record({
      traceId: id(16),
      spanId: id(8),
      traceState: text,
      attributes,
      flags: uint32,
      droppedAttributes: uint32,
    }),
    { maxLength: 3 },
  ),
  statusCode: fc.constantFrom(0, 1, 2),
  statusMessage: text,
  droppedAttributes: uint32,
  droppedEvents: uint32,
  droppedLinks: uint32,
  resource,
  scope,
});
