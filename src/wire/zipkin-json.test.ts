import { describe, expect, it } from 'vitest';
import type { Span } from '../model/span.ts';
import { decodeTraces } from './otlp-proto.ts';
import { translateZipkinV1Json, translateZipkinV2Json } from './zipkin-json.ts';
import { noStartTimeKey } from './zipkin-span.ts';

const options = { parseStringTags: false, receivedMs: 1_767_225_600_000 };

function v2(spans: unknown, more: Partial<typeof options> = {}): Span[] {
  const { bytes, count } = translateZipkinV2Json(Buffer.from(JSON.stringify(spans)), { ...options, ...more });
  const decoded = decodeTraces(bytes);
  expect(decoded.length).toBe(count);
  return decoded;
}

function v1(...spans: object[]): Span[] {
  const { bytes } = translateZipkinV1Json(Buffer.from(JSON.stringify(spans)), options);
  return decodeTraces(bytes);
}

const attributes = (span: Span | undefined) => Object.fromEntries(span?.attributes ?? []);

/** The example of Zipkin's own documentation. */
const documented = {
  id: '352bff9a74ca9ad2',
  traceId: '5af7183fb1d4cf5f',
  parentId: '6b221d5bc9e6496c',
  name: 'get /api',
  timestamp: 1556604172355737,
  duration: 1431,
  kind: 'SERVER',
  localEndpoint: { serviceName: 'backend', ipv4: '192.168.99.1', port: 3306 },
  remoteEndpoint: { ipv4: '172.19.0.2', port: 58648 },
  tags: { 'http.method': 'GET', 'http.path': '/api' },
};

const one = (more: object = {}, given: Partial<typeof options> = {}): Span => {
  const [span] = v2([{ traceId: '1', id: '2', timestamp: 1, ...more }], given);
  return span as Span;
};

describe('a span of version 2', () => {
  it('of the documentation is read', () => {
    const [span] = v2([documented]);
    expect(span).toMatchObject({
      traceId: '00000000000000005af7183fb1d4cf5f',
      spanId: '352bff9a74ca9ad2',
      parentSpanId: '6b221d5bc9e6496c',
      name: 'get /api',
      kind: 2,
      startNs: 1556604172355737000n,
      endNs: 1556604172357168000n,
      resource: { service: 'backend' },
      statusCode: 0,
    });
    expect(attributes(span)).toEqual({
      'http.method': 'GET',
      'http.path': '/api',
      'network.local.address': '192.168.99.1',
      'net.host.port': 3306n,
      'network.peer.address': '172.19.0.2',
      'net.peer.port': 58648n,
    });
  });

  it.each([
    ['CLIENT', 3],
    ['SERVER', 2],
    ['PRODUCER', 4],
    ['CONSUMER', 5],
    ['OTHER', 0],
    [undefined, 0],
  ])('of kind %s is %d', (kind, number) => expect(one({ kind }).kind).toBe(number));

  it('says what it is called on the other side', () => {
    const span = one({ remoteEndpoint: { serviceName: 'mysql', ipv4: '1.2.3.4', ipv6: '2001:db8::c001' } });
    expect(attributes(span)).toEqual({ 'service.peer.name': 'mysql', 'network.peer.address': '2001:db8::c001' });
  });

  it('is internal when its tag says so, which no kind of Zipkin can', () => {
    const span = one({ tags: { 'span.kind': 'internal' } });
    expect([span.kind, attributes(span)]).toEqual([1, {}]);
  });

  it('has a failure from the tag error, and keeps what it says', () => {
    const of = (tags: object) => {
      const span = one({ tags });
      return [span.statusCode, span.statusMessage, attributes(span)];
    };
    expect(of({ error: 'true' })).toEqual([2, '', {}]);
    expect(of({ error: '' })).toEqual([2, '', {}]);
    expect(of({ error: 'no route' })).toEqual([2, 'no route', { error: 'no route' }]);
    expect(of({ 'otel.status_code': 'OK' })).toEqual([1, '', {}]);
    expect(of({ 'otel.status_code': 'ERROR', error: 'x' })).toEqual([2, 'x', { error: 'x' }]);
    expect(of({ 'otel.status_code': 'STATUS_CODE_ERROR', 'otel.status_description': 'd' })).toEqual([2, 'd', {}]);
    expect(of({ 'http.status_code': '500' })).toEqual([0, '', { 'http.status_code': '500' }]);
  });

  it('has annotations as events, those of OpenTelemetry with their attributes', () => {
    const annotations = [
      { timestamp: 5, value: 'wire send' },
      { timestamp: 6, value: 'retry|{"n":2,"why":"a|b","d":0.5,"ok":true}|3' },
      { timestamp: 7, value: 'a|b|c' },
      { timestamp: 8, value: 'x|not json|1' },
    ];
    expect(one({ annotations }).events).toEqual([
      { timeNs: 5000n, name: 'wire send', attributes: new Map(), droppedAttributes: 0 },
      {
        timeNs: 6000n,
        name: 'retry',
        attributes: new Map<string, unknown>([
          ['n', 2n],
          ['why', 'a|b'],
          ['d', 0.5],
          ['ok', true],
        ]),
        droppedAttributes: 3,
      },
      { timeNs: 7000n, name: 'a|b|c', attributes: new Map(), droppedAttributes: 0 },
      { timeNs: 8000n, name: 'x|not json|1', attributes: new Map(), droppedAttributes: 0 },
    ]);
  });

  it('has the links, scope, trace state and resource that an exporter of OpenTelemetry put into tags', () => {
    const span = one({
      localEndpoint: { serviceName: 'shop' },
      tags: {
        'otlp.link.0': `${'AB'.repeat(16)}|${'cd'.repeat(8)}|k=v|{"a":"b"}|1`,
        'otlp.link.2': 'not the next one',
        'otel.scope.name': 'lib',
        'otel.library.version': '2',
        'w3c.tracestate': 'x=y',
        'host.name': 'h1',
        'service.version': '3',
        'http.route': '/',
      },
    });
    expect(span.links).toEqual([
      {
        traceId: 'ab'.repeat(16),
        spanId: 'cd'.repeat(8),
        traceState: 'k=v',
        attributes: new Map([['a', 'b']]),
        droppedAttributes: 1,
        flags: 0,
      },
    ]);
    expect(span.scope).toMatchObject({ name: 'lib', version: '2' });
    expect(span.traceState).toBe('x=y');
    expect(Object.fromEntries(span.resource.attributes)).toEqual({
      'service.name': 'shop',
      'host.name': 'h1',
      'service.version': '3',
    });
    expect(attributes(span)).toEqual({ 'otlp.link.2': 'not the next one', 'http.route': '/' });
  });

  it('has the resource of its own tags, not of the span before it', () => {
    const spans = v2(
      ['h1', 'h2', 'h1'].map((host) => ({
        traceId: '1',
        id: '2',
        timestamp: 1,
        localEndpoint: { serviceName: 'shop' },
        tags: { 'host.name': host },
      })),
    );
    expect(spans.map((span) => span.resource.attributes.get('host.name'))).toEqual(['h1', 'h2', 'h1']);
  });

  it('keeps both halves of a shared span, with one id', () => {
    const spans = v2([
      { ...documented, kind: 'CLIENT', localEndpoint: { serviceName: 'frontend' } },
      { ...documented, shared: true },
    ]);
    expect(spans.map((span) => [span.resource.service, span.kind, span.spanId])).toEqual([
      ['frontend', 3, documented.id],
      ['backend', 2, documented.id],
    ]);
  });

  it('takes 128-bit ids, short ones and capitals', () => {
    expect(one({ traceId: 'ABCDEF0123456789ABCDEF0123456789' }).traceId).toBe('abcdef0123456789abcdef0123456789');
    expect(one({ traceId: '1A', id: 'b' })).toMatchObject({
      traceId: '0000000000000000000000000000001a',
      spanId: '000000000000000b',
    });
    expect(one({ parentId: '0000000000000000' }).parentSpanId).toBe('');
    expect(one({ parentId: '2' }).parentSpanId).toBe('');
  });

  it('without a time has that of its first annotation, or of its arrival, and says that it is a guess', () => {
    const span = one({
      timestamp: undefined,
      duration: 4000,
      annotations: [
        { timestamp: 9, value: 'b' },
        { timestamp: 7, value: 'a' },
      ],
    });
    expect([span.startNs, span.endNs, span.attributes.get(noStartTimeKey)]).toEqual([7000n, 4_007_000n, true]);
    const other = one({ timestamp: 0, duration: 4000 });
    expect([other.startNs, other.endNs]).toEqual([1_767_225_599_996_000_000n, 1_767_225_600_000_000_000n]);
    expect(one().attributes.has(noStartTimeKey)).toBe(false);
  });

  it('has numbers and booleans only when asked to', () => {
    const tags = { i: '-12', d: '1.5', b: 'true', s: '1.2.3', big: '99999999999999999999', e: '' };
    expect(attributes(one({ tags }))).toEqual(tags);
    expect(attributes(one({ tags }, { parseStringTags: true }))).toEqual({ ...tags, i: -12n, d: 1.5, b: true });
  });

  it('may have a null or a number where a text or nothing is meant', () => {
    const span = one({
      parentId: null,
      duration: null,
      tags: { n: 1, b: true, gone: null },
      localEndpoint: null,
      port: 1,
    });
    expect(attributes(span)).toEqual({ n: '1', b: 'true' });
    expect(one({ timestamp: 1.7, duration: '3' })).toMatchObject({ startNs: 1000n, endNs: 4000n });
  });
});

it.each([
  ['{', 'malformed JSON: expected an array, got "{" at byte 0'],
  ['[{', '[0]: expected a key in double quotes, got the end at byte 2'],
  ['[1]', '[0]: expected an object, got "1" at byte 1'],
  ['[] x', 'malformed JSON: expected the end, got "x" at byte 3'],
  ['[{"id":"1"}]', '[0]: expected a traceId, got none'],
  ['[{"traceId":"1"}]', '[0]: expected an id, got none'],
  ['[{"traceId":"1","id":"xyz"}]', '[0].id: expected 1 to 16 hex digits and not only zeros, got "xyz"'],
  ['[{"traceId":"1","id":"0"}]', '[0].id: expected'],
  ['[{"traceId":"1","id":"2","tags":[]}]', '[0].tags: expected an object, got "["'],
  ['[{"traceId":"1","id":"2","tags":{"k":[]}}]', '[0].tags.k: expected a text, got "["'],
  ['[{"traceId":"1","id":"2","annotations":[{"value":{}}]}]', '[0].annotations[0].value: expected a text, got "{"'],
  ['[{"traceId":"1","id":"2","annotations":[{"value":"x"}]}]', '[0].annotations[0]: expected a timestamp, got none'],
  ['[{"traceId":"1","id":"2","timestamp":"x"}]', '[0].timestamp: expected a whole number, got "x"'],
  ['[{"traceId":"1","id":"2","timestamp":1e300}]', '[0].timestamp: expected a whole number, got "1e300"'],
  [`[{"x":${'['.repeat(40)}`, '[0]: expected at most 32 levels, got more'],
])('%s is refused: %s', (text, reason) => {
  expect(() => translateZipkinV2Json(Buffer.from(text), options)).toThrow(reason);
});

it('integers are exact, and what is no UTF-8 is replaced', () => {
  expect(one({ timestamp: 1, duration: '9007199254740993' }).endNs).toBe(9_007_199_254_740_994_000n);
  const text = Buffer.from('[{"traceId":"1","id":"2","name":"a\\u00e9?"}]');
  text[text.indexOf('?')] = 0xff;
  expect(decodeTraces(translateZipkinV2Json(text, options).bytes)[0]?.name).toBe('aé\ufffd');
});

it('thousands of spans come back in order', () => {
  const many = Array.from({ length: 2500 }, (_, i) => ({ traceId: '1', id: (i + 1).toString(16), timestamp: 1 }));
  expect(v2(many).map((span) => Number(`0x${span.spanId}`))).toEqual(many.map((_, i) => i + 1));
});

describe('a span of version 1', () => {
  const frontend = { serviceName: 'frontend', ipv4: '10.0.0.1', port: 80 };
  const backend = { serviceName: 'backend', ipv4: '10.0.0.2', port: 9000 };
  const ids = { traceId: '1', id: '2', name: 'get' };
  const at = (timestamp: number, value: string, endpoint?: object) => ({ timestamp, value, endpoint });
  const shape = (span: Span | undefined) => [
    span?.resource.service,
    span?.kind,
    Number((span?.startNs ?? 0n) / 1000n),
    Number((span?.endNs ?? 0n) / 1000n),
  ];

  it('is a client with cs and cr, and the other side is sa', () => {
    const [span, more] = v1({
      ...ids,
      annotations: [at(10, 'cs', frontend), at(12, 'ws'), at(30, 'cr', frontend)],
      binaryAnnotations: [
        { key: 'sa', value: true, endpoint: backend },
        { key: 'http.path', value: '/x', endpoint: frontend },
      ],
    });
    expect(more).toBeUndefined();
    expect(shape(span)).toEqual(['frontend', 3, 10, 30]);
    expect(attributes(span)).toMatchObject({
      'service.peer.name': 'backend',
      'net.peer.port': 9000n,
      'http.path': '/x',
    });
    expect(span?.events.map((event) => event.name)).toEqual(['ws']);
  });

  it('is a server with sr and ss, the other side is ca; the span knows its time better', () => {
    const [span] = v1({
      ...ids,
      timestamp: 11,
      duration: 5,
      annotations: [at(10, 'sr', backend), at(30, 'ss', backend)],
      binaryAnnotations: [{ key: 'ca', value: true, endpoint: { ...backend, ipv4: '10.0.0.9' } }],
    });
    expect(shape(span)).toEqual(['backend', 2, 11, 16]);
    expect(attributes(span)).toMatchObject({ 'network.peer.address': '10.0.0.9' });
    expect(attributes(span)).not.toHaveProperty('service.peer.name');
  });

  it('with both halves of a call becomes two', () => {
    const [client, server, more] = v1({
      ...ids,
      annotations: [at(10, 'cs', frontend), at(12, 'sr', backend), at(28, 'ss', backend), at(30, 'cr', frontend)],
      binaryAnnotations: [
        { key: 'side', value: 'c', endpoint: frontend },
        { key: 'side', value: 's', endpoint: backend },
      ],
    });
    expect([shape(client), shape(server), more]).toEqual([['frontend', 3, 10, 30], ['backend', 2, 12, 28], undefined]);
    expect([client?.attributes.get('side'), server?.attributes.get('side')]).toEqual(['c', 's']);
    expect(client?.spanId).toBe(server?.spanId);
  });

  it('of a service that calls itself becomes two as well', () => {
    const spans = v1({
      ...ids,
      annotations: [at(10, 'cs', backend), at(12, 'sr', backend), at(28, 'ss', backend), at(30, 'cr', backend)],
    });
    expect(spans.map(shape)).toEqual([
      ['backend', 3, 10, 30],
      ['backend', 2, 12, 28],
    ]);
  });

  it('of messages is a producer or a consumer, and the broker is ma', () => {
    const spans = v1(
      {
        ...ids,
        annotations: [at(10, 'ms', frontend), at(13, 'ws', frontend)],
        binaryAnnotations: [{ key: 'ma', value: true, endpoint: { serviceName: 'kafka' } }],
      },
      { ...ids, annotations: [at(20, 'wr', backend), at(22, 'mr', backend)] },
    );
    expect(spans.map(shape)).toEqual([
      ['frontend', 4, 10, 13],
      ['backend', 5, 20, 22],
    ]);
    expect(spans[0]?.attributes.get('service.peer.name')).toBe('kafka');
  });

  it('that is local has its component', () => {
    const [span] = v1({
      ...ids,
      timestamp: 1,
      duration: 2,
      binaryAnnotations: [{ key: 'lc', value: 'pool', endpoint: frontend }],
    });
    expect(shape(span)).toEqual(['frontend', 0, 1, 3]);
    expect(attributes(span)).toMatchObject({ component: 'pool' });
  });

  it('with one end only keeps the other one as a remark', () => {
    const [span] = v1({ ...ids, annotations: [at(30, 'cr', frontend)] });
    expect(span?.kind).toBe(3);
    expect(span?.events.map((event) => event.name)).toEqual(['cr']);
  });
});
