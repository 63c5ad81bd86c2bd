/**
 * Realistic traces as OTLP protobuf requests, the same for the same seed: a shop of 12 services on 8 hosts, 10 spans a trace,
 * about 262 bytes a span. Encoded before any clock starts, so that a sender costs as little as it can.
 */
import { ProtoWriter } from '../dist/wire/protobuf.js';

const services = 'frontend auth order cart payment catalog inventory shipping email recommend ad currency'.split(' ');
const stack =
  '\tat org.postgresql.core.v3.QueryExecutorImpl.receiveErrorResponse(QueryExecutorImpl.java:2725)\n'.repeat(8);

/** A generator of numbers in [0, 1), the same for the same seed. */
export function random(seed) {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
}

/**
 * Yields requests `{ bytes, count, traceIds? }` of about `batch` spans, each of one service on one host, as SDKs send them.
 * @param {{ spans: number, batch?: number, seed?: number, endMs: number, windowMs: number, onTrace?: (id: string, startNs: bigint) => void }} options
 */
export function* traffic({ spans, batch = 512, seed = 1, endMs, windowMs, onTrace }) {
  const next = random(seed);
  const integer = (n) => Math.floor(next() * n);
  const exponential = () => -Math.log(1 - next());
  const open = new Map();
  const traces = Math.ceil(spans / 10);
  let spanNumber = 0n;

  const add = (service, host, encoded) => {
    const key = `${service}/${host}`;
    let group = open.get(key);
    if (group === undefined) open.set(key, (group = { service, host, spans: [] }));
    group.spans.push(encoded);
    return group.spans.length >= batch ? close(key) : undefined;
  };
  const close = (key) => {
    const group = open.get(key);
    open.delete(key);
    return { bytes: encodeRequest(group), count: group.spans.length };
  };

  for (let i = 0; i < traces; i++) {
    const traceId = Buffer.alloc(16);
    for (let b = 0; b < 8; b++) traceId[b] = integer(256);
    traceId.writeBigUInt64BE(BigInt(seed) * 0x100000000n + BigInt(i) + 1n, 8);
    const startNs = BigInt(Math.round((endMs - windowMs + (windowMs * i) / traces) * 1000)) * 1000n;
    onTrace?.(traceId.toString('hex'), startNs);
    const made = [];
    const span = (parent, service, host, name, kind, fromNs, lengthNs, attributes, failed) => {
      const id = Buffer.alloc(8);
      id.writeBigUInt64BE(BigInt.asUintN(64, (++spanNumber + BigInt(seed) * 0x1000000n) * 0x9e3779b97f4a7c15n));
      const at = startNs + BigInt(Math.round(fromNs));
      made.push([service, host, encodeSpan({ traceId, id, parent, name, kind, at, lengthNs, attributes, failed })]);
      return id;
    };

    const host = integer(8);
    const route = ['/checkout', '/cart', '/product/{id}', '/search', '/login'][integer(5)];
    const total = 400e6 * (0.5 + exponential() * 0.5);
    const root = span(null, 'frontend', host, `GET ${route}`, 2, 0, total, [
      ['http.request.method', 'GET'],
      ['http.route', route],
      ['url.path', route.replace('{id}', String(integer(5000)))],
      ['http.response.status_code', 200],
      ['user_agent.original', 'Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36'],
      ['enduser.id', `user-${integer(20000)}`],
      ['client.address', `10.0.${integer(256)}.${integer(256)}`],
      ['session.new', integer(10) === 0],
    ]);
    let from = 0;
    for (let k = 0; k < 3; k++) {
      const service = services[1 + integer(services.length - 1)];
      const length = total / 4;
      const call = span(root, 'frontend', host, 'POST', 3, from, length, [
        ['http.request.method', 'POST'],
        ['server.address', `${service}.shop.svc`],
        ['server.port', 8080],
        ['http.response.status_code', 200],
      ]);
      const far = integer(8);
      const handler = span(call, service, far, `POST /api/${service}`, 2, from + length / 20, length * 0.9, [
        ['http.request.method', 'POST'],
        ['http.route', `/api/${service}`],
        ['http.response.status_code', 200],
        ['thread.id', integer(64)],
        ['thread.name', `http-nio-8080-exec-${integer(64)}`],
      ]);
      const query = `SELECT id, name, price, stock FROM ${service} WHERE id = $1 AND region = $2 ORDER BY updated_at DESC LIMIT 50`;
      span(
        handler,
        service,
        far,
        `SELECT ${service}`,
        3,
        from + length / 10,
        length * 0.7,
        [
          ['db.system.name', 'postgresql'],
          ['db.namespace', service],
          ['db.query.text', query],
          ['server.address', `pg-${service}`],
          ['server.port', 5432],
        ],
        integer(50) === 0,
      );
      from += length * 1.05;
    }
    for (const [service, at, encoded] of made) {
      const full = add(service, at, encoded);
      if (full) yield full;
    }
  }
  for (const key of [...open.keys()].sort((a, b) => (a < b ? -1 : 1))) yield close(key);
}

/** Traces of many spans over many operations, one request each: what makes reading a trace by id dear. */
export function* wideTraces({ traces, spansEach, operations, endMs, windowMs, seed = 99, onTrace }) {
  const next = random(seed);
  for (let t = 0; t < traces; t++) {
    const traceId = Buffer.alloc(16);
    for (let b = 0; b < 16; b++) traceId[b] = Math.floor(next() * 256);
    const startNs = BigInt(Math.round((endMs - next() * windowMs) * 1000)) * 1000n;
    onTrace?.(traceId.toString('hex'), startNs);
    let parent = null;
    const encoded = [];
    for (let i = 0; i < spansEach; i++) {
      const id = Buffer.alloc(8);
      for (let b = 0; b < 8; b++) id[b] = Math.floor(next() * 256);
      const at = startNs + BigInt(i * 1_000_000);
      const name = `step ${i % operations}`;
      encoded.push(
        encodeSpan({ traceId, id, parent, name, kind: 1, at, lengthNs: 900_000, attributes: [['step', i]] }),
      );
      parent ??= id;
    }
    yield { bytes: encodeRequest({ service: 'batch', host: t % 8, spans: encoded }), count: spansEach };
  }
}

function encodeRequest({ service, host, spans }) {
  const resource = [
    ['service.name', service],
    ['service.version', `1.${host % 3}.0`],
    ['host.name', `node-${String(host).padStart(2, '0')}`],
    ['k8s.pod.name', `${service}-6d5f7c9b8-${String((host * 7919) % 100000).padStart(5, '0')}`],
    ['k8s.namespace.name', 'shop'],
    ['telemetry.sdk.language', ['java', 'go', 'python', 'nodejs'][service.length % 4]],
    ['telemetry.sdk.name', 'opentelemetry'],
    ['telemetry.sdk.version', '1.42.0'],
  ];
  return new ProtoWriter()
    .messageField(1, (w) => {
      w.messageField(1, (r) => writeAttributes(r, 1, resource));
      w.messageField(2, (s) => {
        s.messageField(1, (scope) => scope.stringField(1, `io.opentelemetry.${service}`).stringField(2, '2.10.0'));
        for (const encoded of spans) s.bytesField(2, encoded);
      });
    })
    .finish();
}

function encodeSpan({ traceId, id, parent, name, kind, at, lengthNs, attributes, failed }) {
  const end = at + BigInt(Math.round(lengthNs));
  const w = new ProtoWriter().bytesField(1, traceId).bytesField(2, id);
  if (parent) w.bytesField(4, parent);
  w.stringField(5, name).varintField(6, kind).fixed64Field(7, at).fixed64Field(8, end);
  writeAttributes(w, 9, attributes);
  if (failed) {
    const message = 'canceling statement due to statement timeout';
    w.messageField(11, (event) => {
      event.fixed64Field(1, end).stringField(2, 'exception');
      writeAttributes(event, 3, [
        ['exception.type', 'org.postgresql.util.PSQLException'],
        ['exception.message', `ERROR: ${message}`],
        ['exception.stacktrace', stack],
      ]);
    });
    w.messageField(15, (status) => status.stringField(2, message).varintField(3, 2));
  }
  return w.finish();
}

function writeAttributes(w, field, attributes) {
  for (const [key, value] of attributes) {
    w.messageField(field, (pair) =>
      pair.stringField(1, key).messageField(2, (any) => {
        if (typeof value === 'string') any.stringField(1, value);
        else if (typeof value === 'boolean') any.varintField(2, value ? 1 : 0);
        else any.varintField(3, value);
      }),
    );
  }
}
