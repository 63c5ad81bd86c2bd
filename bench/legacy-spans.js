/** The spans of `traffic.js` as clients of Jaeger and Zipkin send them, encoded before any clock starts. */
import { ProtoWriter } from '../dist/wire/protobuf.js';
import { decodeTraces } from '../dist/wire/otlp-proto.js';
import { writeThrift, writeThriftCall } from '../dist/wire/thrift-writer.js';
import { traffic } from './traffic.js';

/** Lists of `batch` spans, each list of one service. */
export function spanLists({ spans, batch, seed = 1 }) {
  const options = { spans, batch, seed, endMs: Date.now(), windowMs: 60_000 };
  return [...traffic(options)].map((request) => decodeTraces(request.bytes)).filter((list) => list.length === batch);
}

export const encodings = {
  jaegerCompact: (list) => writeThriftCall('compact', 'emitBatch', { struct: [[1, jaegerBatch(list)]] }),
  jaegerBinary: (list) => writeThriftCall('binary', 'emitBatch', { struct: [[1, jaegerBatch(list)]] }),
  jaegerProto,
  zipkinV2Json: (list) => Buffer.from(JSON.stringify(list.map(zipkinV2))),
  zipkinV1Json: (list) => Buffer.from(JSON.stringify(list.map(zipkinV1))),
  zipkinProto,
  zipkinThrift: (list) => writeThrift('binary', { list: list.map(zipkinThriftSpan) }),
};

const kinds = ['', '', 'server', 'client', 'producer', 'consumer'];
const id = (hex) => BigInt.asIntN(64, BigInt(`0x${hex || '0'}`));
const us = (ns) => ns / 1000n;

function jaegerBatch(list) {
  const { attributes } = list[0].resource;
  const tags = [...attributes].filter(([key]) => key !== 'service.name');
  const process = [
    [1, { string: list[0].resource.service }],
    [2, { list: tags.map(jaegerTag) }],
  ];
  return {
    struct: [
      [1, { struct: process }],
      [2, { list: list.map(jaegerSpan) }],
    ],
  };
}

function tagsOf(span) {
  const tags = [...span.attributes];
  if (kinds[span.kind]) tags.push(['span.kind', kinds[span.kind]]);
  if (span.statusCode === 2) tags.push(['error', true]);
  return tags;
}

function jaegerSpan(span) {
  const logs = span.events.map((event) => ({
    struct: [
      [1, { i64: us(event.timeNs) }],
      [2, { list: [['event', event.name], ...event.attributes].map(jaegerTag) }],
    ],
  }));
  return {
    struct: [
      [1, { i64: id(span.traceId.slice(16)) }],
      [2, { i64: id(span.traceId.slice(0, 16)) }],
      [3, { i64: id(span.spanId) }],
      [4, { i64: id(span.parentSpanId) }],
      [5, { string: span.name }],
      [7, { i32: 1 }],
      [8, { i64: us(span.startNs) }],
      [9, { i64: us(span.endNs - span.startNs) }],
      [10, { list: tagsOf(span).map(jaegerTag) }],
      [11, { list: logs }],
    ],
  };
}

function jaegerTag([key, value]) {
  const name = [1, { string: key }];
  if (typeof value === 'boolean') return { struct: [name, [2, { i32: 2 }], [5, { bool: value }]] };
  if (typeof value === 'bigint') return { struct: [name, [2, { i32: 3 }], [6, { i64: value }]] };
  if (typeof value === 'number') return { struct: [name, [2, { i32: 1 }], [4, { double: value }]] };
  return { struct: [name, [2, { i32: 0 }], [3, { string: String(value) }]] };
}

function jaegerProto(list) {
  const tag = (field) => (w, key, value) =>
    w.messageField(field, (kv) => {
      kv.stringField(1, key);
      if (typeof value === 'boolean') kv.varintField(2, 1).varintField(4, value ? 1 : 0);
      else if (typeof value === 'bigint') kv.varintField(2, 2).varintField(5, value);
      else if (typeof value === 'number') kv.varintField(2, 3).doubleField(6, value);
      else kv.stringField(3, String(value));
    });
  const time = (w, field, ns) =>
    w.messageField(field, (t) => t.varintField(1, ns / 1_000_000_000n).varintField(2, ns % 1_000_000_000n));
  return new ProtoWriter()
    .messageField(1, (batch) => {
      for (const span of list) {
        batch.messageField(1, (w) => {
          const traceId = Buffer.from(span.traceId, 'hex');
          w.bytesField(1, traceId).bytesField(2, Buffer.from(span.spanId, 'hex')).stringField(3, span.name);
          if (span.parentSpanId) {
            const parent = Buffer.from(span.parentSpanId, 'hex');
            w.messageField(4, (ref) => ref.bytesField(1, traceId).bytesField(2, parent));
          }
          w.varintField(5, 1);
          time(w, 6, span.startNs);
          time(w, 7, span.endNs - span.startNs);
          for (const [key, value] of tagsOf(span)) tag(8)(w, key, value);
          for (const event of span.events) {
            w.messageField(9, (log) => {
              time(log, 1, event.timeNs);
              for (const [key, value] of [['event', event.name], ...event.attributes]) tag(2)(log, key, value);
            });
          }
        });
      }
      batch.messageField(2, (process) => {
        process.stringField(1, list[0].resource.service);
        for (const [key, value] of list[0].resource.attributes) {
          if (key !== 'service.name') tag(2)(process, key, value);
        }
      });
    })
    .finish();
}

function zipkinTags(span) {
  const tags = [...span.attributes].map(([key, value]) => [key, String(value)]);
  if (span.statusCode === 2) tags.push(['error', 'true']);
  return tags;
}

function zipkinV2(span) {
  return {
    traceId: span.traceId,
    id: span.spanId,
    ...(span.parentSpanId && { parentId: span.parentSpanId }),
    ...(kinds[span.kind] && { kind: kinds[span.kind].toUpperCase() }),
    name: span.name,
    timestamp: Number(us(span.startNs)),
    duration: Number(us(span.endNs - span.startNs)),
    localEndpoint: { serviceName: span.resource.service, ipv4: '10.0.0.1', port: 8080 },
    annotations: span.events.map((event) => ({ timestamp: Number(us(event.timeNs)), value: event.name })),
    tags: Object.fromEntries(zipkinTags(span)),
  };
}

const cores = { server: ['sr', 'ss'], client: ['cs', 'cr'], producer: ['ms', 'ws'], consumer: ['wr', 'mr'] };

function zipkinV1(span) {
  const endpoint = { serviceName: span.resource.service, ipv4: '10.0.0.1', port: 8080 };
  const [begin, end] = cores[kinds[span.kind]] ?? [];
  const timestamp = Number(us(span.startNs));
  const duration = Number(us(span.endNs - span.startNs));
  const annotations = span.events.map((event) => ({
    timestamp: Number(us(event.timeNs)),
    value: event.name,
    endpoint,
  }));
  if (begin) annotations.push({ timestamp, value: begin, endpoint });
  if (end) annotations.push({ timestamp: timestamp + duration, value: end, endpoint });
  return {
    traceId: span.traceId,
    id: span.spanId,
    ...(span.parentSpanId && { parentId: span.parentSpanId }),
    name: span.name,
    timestamp,
    duration,
    annotations,
    binaryAnnotations: zipkinTags(span).map(([key, value]) => ({ key, value, endpoint })),
  };
}

function zipkinProto(list) {
  const writer = new ProtoWriter();
  for (const span of list) {
    writer.messageField(1, (w) => {
      w.bytesField(1, Buffer.from(span.traceId, 'hex'));
      if (span.parentSpanId) w.bytesField(2, Buffer.from(span.parentSpanId, 'hex'));
      w.bytesField(3, Buffer.from(span.spanId, 'hex'));
      w.varintField(4, [0, 0, 2, 1, 3, 4][span.kind]).stringField(5, span.name);
      w.fixed64Field(6, us(span.startNs)).varintField(7, us(span.endNs - span.startNs));
      w.messageField(8, (e) => e.stringField(1, span.resource.service).bytesField(2, Uint8Array.of(10, 0, 0, 1)));
      for (const event of span.events) {
        w.messageField(10, (a) => a.fixed64Field(1, us(event.timeNs)).stringField(2, event.name));
      }
      for (const [key, value] of zipkinTags(span)) {
        w.messageField(11, (t) => t.stringField(1, key).stringField(2, value));
      }
    });
  }
  return writer.finish();
}

function zipkinThriftSpan(span) {
  const v1 = zipkinV1(span);
  const host = {
    struct: [
      [1, { i32: 0x0a000001 }],
      [2, { i16: 8080 }],
      [3, { string: span.resource.service }],
    ],
  };
  const annotation = ({ timestamp, value }) => ({
    struct: [
      [1, { i64: timestamp }],
      [2, { string: value }],
      [3, host],
    ],
  });
  const tag = ({ key, value }) => ({
    struct: [
      [1, { string: key }],
      [2, { string: value }],
      [3, { i32: 6 }],
      [4, host],
    ],
  });
  return {
    struct: [
      [1, { i64: id(span.traceId.slice(16)) }],
      [3, { string: span.name }],
      [4, { i64: id(span.spanId) }],
      ...(span.parentSpanId ? [[5, { i64: id(span.parentSpanId) }]] : []),
      [6, { list: v1.annotations.map(annotation) }],
      [8, { list: v1.binaryAnnotations.map(tag) }],
      [10, { i64: v1.timestamp }],
      [11, { i64: v1.duration }],
      [12, { i64: id(span.traceId.slice(0, 16)) }],
    ],
  };
}
