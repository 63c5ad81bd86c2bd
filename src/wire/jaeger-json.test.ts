import { describe, expect, it } from 'vitest';
import type { AttributeValue } from '../model/attributes.ts';
import type { Span } from '../model/span.ts';
import { toJaegerTrace } from './jaeger-json.ts';

const traceId = '83a9efd15c1c98a977e0711cc93ee28b';

function span(given: Partial<Span> = {}): Span {
  return {
    traceId,
    spanId: 'e127af99e3b3e074',
    parentSpanId: '',
    traceState: '',
    flags: 0,
    name: 'okey-dokey-0',
    kind: 2,
    startNs: 1_706_678_909_209_712_000n,
    endNs: 1_706_678_909_209_835_000n,
    attributes: new Map(),
    events: [],
    links: [],
    statusCode: 0,
    statusMessage: '',
    droppedAttributes: 0,
    droppedEvents: 0,
    droppedLinks: 0,
    resource: { service: 'telemetrygen', attributes: new Map([['service.name', 'telemetrygen']]), schemaUrl: '' },
    scope: { name: 'telemetrygen', version: '', attributes: new Map(), schemaUrl: '' },
    ...given,
  };
}

function only(given: Partial<Span>, options?: { raw?: boolean }) {
  const [first] = toJaegerTrace([span(given)], options).spans;
  if (first === undefined) throw new Error('no span');
  return first;
}

const attributes = (given: Record<string, AttributeValue>) => new Map(Object.entries(given));
const link = { spanId: '1'.repeat(16), traceState: '', attributes: new Map(), flags: 0, droppedAttributes: 0 };

describe('a span in the JSON of Jaeger', () => {
  // The answer of Jaeger 2.20 to the same span by `POST /api/transform`.
  it('is what Jaeger answers', () => {
    const parent = span({ spanId: '909541b92cf05311', kind: 3 });
    const child = span({
      parentSpanId: '909541b92cf05311',
      attributes: attributes({ 'net.peer.ip': '1.2.3.4', 'peer.service': 'telemetrygen-client' }),
    });
    const trace = toJaegerTrace([child, parent]);
    expect(trace).toMatchObject({
      traceID: traceId,
      processes: { p1: { serviceName: 'telemetrygen', tags: [] } },
      warnings: null,
    });
    expect(trace.spans[0]).toEqual({
      traceID: traceId,
      spanID: 'e127af99e3b3e074',
      operationName: 'okey-dokey-0',
      references: [{ refType: 'CHILD_OF', traceID: traceId, spanID: '909541b92cf05311' }],
      startTime: 1706678909209712,
      duration: 123,
      tags: [
        { key: 'otel.scope.name', type: 'string', value: 'telemetrygen' },
        { key: 'net.peer.ip', type: 'string', value: '1.2.3.4' },
        { key: 'peer.service', type: 'string', value: 'telemetrygen-client' },
        { key: 'span.kind', type: 'string', value: 'server' },
      ],
      logs: [],
      processID: 'p1',
      warnings: null,
    });
  });

  it('keeps the type of every tag', () => {
    const all = attributes({
      text: 'a',
      yes: true,
      int: 200n,
      edge: 2n ** 53n - 1n,
      big: 2n ** 53n,
      least: -(2n ** 63n),
      float: 0.5,
      whole: 2,
      nan: Number.NaN,
      bytes: new Uint8Array([0, 255]),
      list: ['a', 1n, true],
      map: new Map([['k', 2n]]),
      nothing: null,
    });
    const { tags } = only({ attributes: all, kind: 0, scope: { ...span().scope, name: '' } }, { raw: true });
    expect(tags).toEqual([
      { key: 'text', type: 'string', value: 'a' },
      { key: 'yes', type: 'bool', value: true },
      { key: 'int', type: 'int64', value: 200 },
      { key: 'edge', type: 'int64', value: 9007199254740991 },
      { key: 'big', type: 'int64', value: '9007199254740992' },
      { key: 'least', type: 'int64', value: '-9223372036854775808' },
      { key: 'float', type: 'float64', value: 0.5 },
      { key: 'whole', type: 'float64', value: 2 },
      { key: 'nan', type: 'float64', value: 'NaN' },
      { key: 'bytes', type: 'binary', value: 'AP8=' },
      { key: 'list', type: 'string', value: '["a",1,true]' },
      { key: 'map', type: 'string', value: '{"k":2}' },
      { key: 'nothing', type: 'string', value: '' },
    ]);
  });

  it('shows scope, kind, status and trace state as tags', () => {
    const { tags } = only({
      kind: 5,
      statusCode: 2,
      statusMessage: 'boom',
      traceState: 'a=b',
      scope: { ...span().scope, name: 'lib', version: '1.2' },
    });
    expect(tags.map(({ key, value }) => [key, value])).toEqual([
      ['otel.scope.name', 'lib'],
      ['otel.scope.version', '1.2'],
      ['span.kind', 'consumer'],
      ['otel.status_code', 'ERROR'],
      ['error', true],
      ['otel.status_description', 'boom'],
      ['w3c.tracestate', 'a=b'],
    ]);
    expect(only({ statusCode: 1 }).tags).toContainEqual({ key: 'otel.status_code', type: 'string', value: 'OK' });
  });

  it('turns events into logs, their name a field', () => {
    const event = { timeNs: 1_999n, name: 'exception', droppedAttributes: 0 };
    expect(
      only({
        events: [
          { ...event, attributes: attributes({ 'exception.type': 'E' }) },
          { ...event, attributes: attributes({ event: 'given' }) },
          { ...event, name: '', attributes: new Map() },
        ],
      }).logs,
    ).toEqual([
      {
        timestamp: 1,
        fields: [
          { key: 'event', type: 'string', value: 'exception' },
          { key: 'exception.type', type: 'string', value: 'E' },
        ],
      },
      { timestamp: 1, fields: [{ key: 'event', type: 'string', value: 'given' }] },
      { timestamp: 1, fields: [] },
    ]);
  });

  it('turns links into references, and lets a link say of which kind the parent is', () => {
    const other = { ...link, traceId: `${'0'.repeat(16)}${'ab'.repeat(8)}` };
    const toParent = { ...link, traceId, spanId: '2'.repeat(16) };
    const childOf = { ...other, attributes: attributes({ 'opentracing.ref_type': 'child_of' }) };
    expect(only({ parentSpanId: '2'.repeat(16), links: [other, toParent, childOf] }).references).toEqual([
      { refType: 'FOLLOWS_FROM', traceID: traceId, spanID: '2'.repeat(16) },
      { refType: 'FOLLOWS_FROM', traceID: 'ab'.repeat(8), spanID: '1'.repeat(16) },
      { refType: 'CHILD_OF', traceID: 'ab'.repeat(8), spanID: '1'.repeat(16) },
    ]);
  });

  it('shows 64-bit ids with 16 digits', () => {
    const narrow = `${'0'.repeat(16)}00c9876543210abc`;
    const trace = toJaegerTrace([span({ traceId: narrow })]);
    expect(trace.traceID).toBe('00c9876543210abc');
    expect(trace.spans[0]?.traceID).toBe('00c9876543210abc');
  });

  it('names a span without a name', () => {
    expect(only({ name: '' }).operationName).toBe('empty-span-name');
  });

  it('makes a negative duration 0, with a warning', () => {
    const { duration, warnings } = only({ startNs: 1_500_000_000n, endNs: 1_000_000_001n });
    expect(duration).toBe(0);
    expect(warnings).toEqual([
      'Negative duration detected, sanitizing end timestamp. Original end timestamp: 1970-01-01 00:00:01.000000001 +0000 UTC, adjusted to: 1970-01-01 00:00:01.500000001 +0000 UTC',
    ]);
  });

  it.each([
    // Beyond 2^53 µs, which is the year 2255, a number is one off.
    [-(2n ** 63n), -9223372036854776n],
    [0n, 0n],
    [2n ** 63n - 1n, 9223372036854775n],
  ])('shows a start of %d ns', (startNs, micros) => {
    expect(only({ startNs, endNs: startNs }).startTime).toBe(Number(micros));
  });
});

describe('what Jaeger adjusts for reading, and leaves as it is when raw', () => {
  it('keeps the reference to a missing parent and adds a warning', () => {
    const orphan = { parentSpanId: '909541b92cf05311' };
    expect(only(orphan).references).toHaveLength(1);
    expect(only(orphan).warnings).toEqual([
      'parent span ID=909541b92cf05311 is not in the trace; skipping clock skew adjustment',
    ]);
    expect(only(orphan, { raw: true }).warnings).toBeNull();
  });

  it('sorts tags', () => {
    const given = {
      attributes: attributes({ b: '1', a: '2' }),
      kind: 0,
      scope: { ...span().scope, name: '' },
    } as const;
    expect(only(given).tags.map((t) => t.key)).toEqual(['a', 'b']);
    expect(only(given, { raw: true }).tags.map((t) => t.key)).toEqual(['b', 'a']);
  });

  it('writes an address of four bytes with dots', () => {
    const given = { attributes: attributes({ ip: 167772161n, 'peer.ipv4': -1n, port: 1n }) };
    const values = Object.fromEntries(only(given).tags.map((t) => [t.key, t.value]));
    expect(values).toMatchObject({ ip: '10.0.0.1', 'peer.ipv4': '255.255.255.255', port: 1 });
    expect(only(given, { raw: true }).tags).toContainEqual({ key: 'ip', type: 'int64', value: 167772161 });
  });

  it('removes a link that leads nowhere', () => {
    const links = [{ ...link, traceId: '0'.repeat(32) }];
    expect(only({ links })).toMatchObject({ references: [], warnings: ['Invalid span link removed'] });
    expect(only({ links }, { raw: true }).references).toHaveLength(1);
  });

  it('gives the server half of a shared span an id of its own', () => {
    const shared = 'e127af99e3b3e074';
    const taken = '0000000000000001';
    const trace = toJaegerTrace([
      span({ spanId: shared, kind: 3, parentSpanId: taken }),
      span({ spanId: shared, kind: 2, parentSpanId: taken }),
      span({ spanId: '5'.repeat(16), kind: 1, parentSpanId: shared }),
      span({ spanId: taken, kind: 2 }),
    ]);
    const own = '0000000000000002';
    expect(trace.spans.map((s) => [s.spanID, s.references[0]?.spanID])).toEqual([
      [shared, taken],
      [own, shared],
      ['5'.repeat(16), own],
      [taken, undefined],
    ]);
  });
});

it('gives equal processes one name, whatever order their tags came in', () => {
  const resource = (given: Record<string, AttributeValue>) => ({ ...span().resource, attributes: attributes(given) });
  const trace = toJaegerTrace([
    span({ resource: resource({ a: '1', 'service.name': 'telemetrygen', b: '2' }) }),
    span({ resource: resource({ b: '2', a: '1' }) }),
    span({ resource: resource({ b: '3' }) }),
  ]);
  expect(trace.spans.map((s) => s.processID)).toEqual(['p1', 'p1', 'p2']);
  expect(Object.keys(trace.processes)).toEqual(['p1', 'p2']);
});
