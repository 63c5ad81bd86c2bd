import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as grpc from '@grpc/grpc-js';
import { loadFileDescriptorSetFromBuffer } from '@grpc/proto-loader';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { manualClock } from '../../base/clock.ts';
import { serve, type Served } from '../../listen/testing.ts';
import { openTestDatabase, type TestDatabase, testEpochNs, testSpan } from '../../query/test-spans.ts';
import { readFindRequest, readTraceRequestV2 } from '../../wire/jaeger-api-requests.ts';
import { queryFiles } from '../../wire/jaeger-api-files.ts';
import { servicesOf } from '../../wire/proto-file.ts';
import { ProtoWriter, ProtoReader } from '../../wire/protobuf.ts';
import { openArchive } from '../jaeger/archive.ts';
import { healthMethods } from './health.ts';
import { jaegerQueryMethods } from './jaeger-query.ts';
import { reflectionMethods } from './reflection.ts';

const idOf = (i: number) => (0xd0000000 + i).toString(16).padEnd(32, '0');
const long = 'dd'.repeat(16);
const epochSeconds = Number(testEpochNs / 1_000_000_000n);
const dir = mkdtempSync(join(tmpdir(), 'ariane-grpc-'));
let store: TestDatabase;
let served: Served;
let v2: Client;
let v3: Client;
let health: Client;

/** What a client of any service gives here. */
type Client = grpc.Client & Record<string, Method>;
type Method = (
  request: object,
  done?: (error: grpc.ServiceError | null, answer: Answer) => void,
) => grpc.ClientReadableStream<Answer>;
type Answer = Record<string, never>;

beforeAll(async () => {
  store = await openTestDatabase();
  const traces = Array.from({ length: 5 }, (_, i) => {
    const front = testSpan({ traceId: idOf(i), service: 'front', name: 'GET /', atMs: i * 1000, ms: 100 * (i + 1) });
    const attributes = { n: BigInt(i), big: 2n ** 60n, ok: true, pi: 3.5, raw: new Uint8Array([1, 255]), s: 'é' };
    const events = [{ timeNs: testEpochNs + 7n, name: 'e', attributes: new Map([['k', 'v']]), droppedAttributes: 0 }];
    const call = { traceId: idOf(i), parentSpanId: front.spanId, service: 'back', name: 'work' } as const;
    return [front, testSpan({ ...call, kind: 3, atMs: i * 1000 + 1, attributes, events, statusCode: i === 4 ? 2 : 0 })];
  });
  const many = Array.from({ length: 2_500 }, (_, i) =>
    testSpan({ traceId: long, service: 'long', name: `n${i}`, atMs: 60_000 + i }),
  );
  await store.insert([...traces.flat(), ...many]);
  const deps = {
    database: store.db,
    clock: manualClock(epochSeconds * 1000 + 100_000),
    archive: openArchive(join(dir, 'a')),
  };
  served = await serve((listener) => {
    for (const method of [
      ...jaegerQueryMethods(deps),
      ...healthMethods(servicesOf(queryFiles), () => true),
      ...reflectionMethods(queryFiles),
    ]) {
      listener.grpc(method);
    }
  });
  const services = await reflect();
  v2 = clientOf(services, 'jaeger.api_v2.QueryService');
  v3 = clientOf(services, 'jaeger.api_v3.QueryService');
  health = clientOf(services, 'grpc.health.v1.Health');
});
afterAll(async () => {
  for (const client of [v2, v3, health]) client.close();
  await served.listeners.stop(100);
  await store.stop();
  rmSync(dir, { recursive: true });
});

/** Asks reflection for all services and then, on the same call, for their files, as grpcurl does. */
async function reflect(version = 'v1'): Promise<grpc.GrpcObject> {
  const client = new grpc.Client(`127.0.0.1:${served.port}`, grpc.credentials.createInsecure());
  const bytes = (message: Buffer) => message;
  const path = `/grpc.reflection.${version}.ServerReflection/ServerReflectionInfo`;
  const call = client.makeBidiStreamRequest(path, bytes, bytes);
  const answers = call[Symbol.asyncIterator]();
  const ask = async (field: number, text: string) => {
    call.write(Buffer.from(new ProtoWriter().stringField(field, text).finish()));
    return new ProtoReader((await answers.next()).value as Buffer);
  };
  const names = [...fields(await ask(7, ''), 6)].flatMap((list) => [...fields(new ProtoReader(list), 1)].map(nameOf));
  expect(names).toEqual(['jaeger.api_v2.QueryService', 'jaeger.api_v3.QueryService', 'grpc.health.v1.Health']);
  const files = new Map<string, Uint8Array>();
  for (const name of names) {
    for (const list of fields(await ask(4, name), 4)) {
      for (const file of fields(new ProtoReader(list), 1)) files.set(nameOf(file), file);
    }
  }
  const [failure] = fields(await ask(4, 'no.such.Thing'), 7);
  expect(Buffer.from(failure ?? []).toString()).toContain('symbol not found: no.such.Thing');
  call.end();
  expect((await answers.next()).done).toBe(true);
  client.close();
  const set = new ProtoWriter();
  for (const file of files.values()) set.bytesField(1, file);
  const options = { keepCase: true, longs: String, enums: String, defaults: true };
  return grpc.loadPackageDefinition(loadFileDescriptorSetFromBuffer(Buffer.from(set.finish()), options));
}

function* fields(reader: ProtoReader, number: number): Generator<Uint8Array> {
  while (reader.hasMore) {
    const key = reader.key();
    if (key === number * 8 + 2) yield reader.bytes();
    else reader.skip(key);
  }
}

function nameOf(message: Uint8Array): string {
  const [name] = fields(new ProtoReader(message), 1);
  return Buffer.from(name ?? []).toString();
}

function clientOf(services: grpc.GrpcObject, name: string): Client {
  let at: unknown = services;
  for (const part of name.split('.')) at = (at as Record<string, unknown>)[part];
  const Service = at as grpc.ServiceClientConstructor;
  return new Service(`127.0.0.1:${served.port}`, grpc.credentials.createInsecure()) as unknown as Client;
}

function unary(client: Client, method: string, request: object): Promise<unknown> {
  return new Promise((resolve, reject) => {
    client[method]?.(request, (error, answer) => (error ? reject(error) : resolve(answer)));
  });
}

async function stream(client: Client, method: string, request: object): Promise<Answer[]> {
  const answers: Answer[] = [];
  for await (const answer of client[method]?.(request) ?? []) answers.push(answer as Answer);
  return answers;
}

const bytes = (hex: string) => Buffer.from(hex, 'hex');
const at = (seconds: number) => ({ seconds: epochSeconds + seconds, nanos: 0 });
const day = { start_time_min: at(-3600), start_time_max: at(3600) };
/** This client takes a map that it knows by reflection for what it is on the wire: a list of entries. */
const mapOf = (entries: Record<string, string>) => Object.entries(entries).map(([key, value]) => ({ key, value }));
const failure = (code: number, details: unknown) => expect.objectContaining({ code, details });

interface SpanV2 {
  trace_id: Buffer;
  span_id: Buffer;
  operation_name: string;
}
const spansV2 = (chunks: Answer[]) => (chunks as unknown as { spans: SpanV2[] }[]).flatMap((chunk) => chunk.spans);
const idsV2 = (chunks: Answer[]) => [...new Set(spansV2(chunks).map((span) => span.trace_id.toString('hex')))];

interface DataV3 {
  resource_spans: { resource: unknown; scope_spans: { spans: { trace_id: Buffer; name: string }[] }[] }[];
}
const spansV3 = (data: Answer[]) =>
  (data as unknown as DataV3[]).flatMap((d) => d.resource_spans.flatMap((r) => r.scope_spans.flatMap((s) => s.spans)));
const idsV3 = (data: Answer[]) => [...new Set(spansV3(data).map((span) => span.trace_id.toString('hex')))];

describe('lists', () => {
  it('give services and operations in both versions', async () => {
    for (const client of [v2, v3])
      expect(await unary(client, 'GetServices', {})).toEqual({ services: ['back', 'front', 'long'] });
    const operations = [{ name: 'work', span_kind: 'client' }];
    expect(await unary(v2, 'GetOperations', { service: 'back' })).toEqual({ operationNames: ['work'], operations });
    expect(await unary(v3, 'GetOperations', { service: 'back', span_kind: 'client' })).toEqual({ operations });
    expect(await unary(v3, 'GetOperations', { service: 'back', span_kind: 'server' })).toEqual({ operations: [] });
  });

  it('give dependencies', async () => {
    const times = { start_time: at(-60), end_time: at(60) };
    const link = { parent: 'front', child: 'back', call_count: '5' };
    expect(await unary(v2, 'GetDependencies', times)).toEqual({ dependencies: [{ ...link, source: '' }] });
    expect(await unary(v3, 'GetDependencies', times)).toEqual({ dependencies: [link] });
    await expect(unary(v2, 'GetDependencies', {})).rejects.toEqual(failure(3, 'start_time and end_time are required'));
    const turned = { start_time: at(60), end_time: at(0) };
    await expect(unary(v3, 'GetDependencies', turned)).rejects.toEqual(failure(3, 'end_time must be after start_time'));
  });
});

describe('a trace by id', () => {
  it('is told in Jaeger terms by version 2, to the nanosecond', async () => {
    const spans = spansV2(await stream(v2, 'GetTrace', { trace_id: bytes(idOf(2)) }));
    expect(spans.map((span) => span.operation_name)).toEqual(['GET /', 'work']);
    const [front, back] = spans;
    expect(front).toMatchObject({
      start_time: { seconds: String(epochSeconds + 2), nanos: 0 },
      flags: 1,
      references: [],
    });
    expect(back).toMatchObject({
      trace_id: bytes(idOf(2)),
      references: [{ trace_id: bytes(idOf(2)), span_id: front?.span_id, ref_type: 'CHILD_OF' }],
      start_time: { seconds: String(epochSeconds + 2), nanos: 1_000_000 },
      duration: { seconds: '0', nanos: 10_000_000 },
      process: { service_name: 'back' },
      logs: [
        {
          timestamp: { nanos: 7 },
          fields: [
            { key: 'event', v_str: 'e' },
            { key: 'k', v_str: 'v' },
          ],
        },
      ],
    });
    const { tags } = back as unknown as { tags: { key: string }[] };
    const tagOf = (key: string) => tags.find((tag) => tag.key === key);
    expect(tagOf('big')).toMatchObject({ v_type: 'INT64', v_int64: String(2n ** 60n) });
    expect(tagOf('ok')).toMatchObject({ v_type: 'BOOL', v_bool: true });
    expect(tagOf('pi')).toMatchObject({ v_type: 'FLOAT64', v_float64: 3.5 });
    expect(tagOf('raw')).toMatchObject({ v_type: 'BINARY', v_binary: Buffer.from([1, 255]) });
    expect(tagOf('s')).toMatchObject({ v_type: 'STRING', v_str: 'é' });
    expect(tagOf('span.kind')).toMatchObject({ v_str: 'client' });
  });

  it('is told as OTLP by version 3', async () => {
    const data = await stream(v3, 'GetTrace', { trace_id: idOf(2).toUpperCase() });
    expect(
      spansV3(data)
        .map((span) => span.name)
        .sort(),
    ).toEqual(['GET /', 'work']);
    expect(data).toMatchObject([
      {
        resource_spans: [
          { resource: { attributes: [{ key: 'service.name', value: { string_value: 'front' } }] } },
          { scope_spans: [{ spans: [{ kind: 'SPAN_KIND_CLIENT', trace_id: bytes(idOf(2)) }] }] },
        ],
      },
    ]);
  });

  it('comes in parts when it is long', async () => {
    const chunks = await stream(v2, 'GetTrace', { trace_id: bytes(long) });
    expect(chunks.length).toBeGreaterThanOrEqual(25);
    expect(new Set(spansV2(chunks).map((span) => span.operation_name)).size).toBe(2500);
    const parts = await stream(v3, 'GetTrace', { trace_id: long });
    expect(parts).toHaveLength(3);
    expect(new Set(spansV3(parts).map((span) => span.name)).size).toBe(2500);
  });

  it('is refused by the codes of Jaeger', async () => {
    const unknown = '1'.repeat(32);
    for (const method of ['GetTrace', 'ArchiveTrace']) {
      const ask = (request: object) =>
        method === 'GetTrace' ? stream(v2, method, request) : unary(v2, method, request);
      await expect(ask({ trace_id: bytes(unknown) })).rejects.toEqual(failure(5, 'trace not found'));
      await expect(ask({})).rejects.toEqual(failure(3, 'uninitialized TraceID is not allowed'));
      await expect(ask({ trace_id: Buffer.alloc(17, 1) })).rejects.toEqual(failure(3, expect.stringContaining('17')));
    }
    await expect(stream(v3, 'GetTrace', { trace_id: unknown })).rejects.toEqual(failure(5, 'trace not found'));
    await expect(stream(v3, 'GetTrace', { trace_id: 'xyz' })).rejects.toEqual(
      failure(3, expect.stringContaining('xyz')),
    );
  });

  it('can be archived', async () => {
    expect(await unary(v2, 'ArchiveTrace', { trace_id: bytes(idOf(0)) })).toEqual({});
    expect(await openArchive(join(dir, 'a')).read(idOf(0))).toHaveLength(2);
  });
});

describe('search', () => {
  it('finds the same in both versions', async () => {
    for (const [query, expected] of [
      [{ service_name: 'front', ...day }, [4, 3, 2, 1, 0]],
      [{ service_name: 'front', ...day, search_depth: 2 }, [4, 3]],
      [{ service_name: 'front', operation_name: 'GET /', duration_min: { nanos: 450_000_000 }, ...day }, [4]],
      [{ service_name: 'front', duration_max: { nanos: 100_000_000 }, ...day }, [0]],
      [{ service_name: 'front', start_time_min: at(1), start_time_max: at(2) }, [2, 1]],
      [{ service_name: 'nobody', ...day }, []],
    ] as const) {
      expect(idsV2(await stream(v2, 'FindTraces', { query }))).toEqual(expected.map(idOf));
      expect(idsV3(await stream(v3, 'FindTraces', { query }))).toEqual(expected.map(idOf));
    }
    const query = { service_name: 'back', ...day };
    expect(idsV2(await stream(v2, 'FindTraces', { query: { ...query, tags: mapOf({ n: '3', ok: 'true' }) } }))).toEqual(
      [idOf(3)],
    );
    expect(idsV3(await stream(v3, 'FindTraces', { query: { ...query, attributes: mapOf({ n: '3' }) } }))).toEqual([
      idOf(3),
    ]);
  });

  it('takes structured filters in version 3', async () => {
    const call = (op: string, field: object, value: string) => ({ call: { op, args: [field, { scalar: { value } }] } });
    const duration = { field: { level: 'span', name: 'duration' } };
    const filter = {
      op: 'and',
      args: [call('eq', { field: { level: 'resource', name: 'service' } }, 'front'), call('gte', duration, '400ms')],
    };
    expect(idsV3(await stream(v3, 'FindTraces', { query: { filter, ...day } }))).toEqual([4, 3].map(idOf));
    const some = { list: { values: ['1', '3'], type: 'int' } };
    const within = { op: 'in', args: [{ attr: { key: 'n' } }, some] };
    expect(idsV3(await stream(v3, 'FindTraces', { query: { filter: within, ...day } }))).toEqual([3, 1].map(idOf));
    const not = { op: 'not', args: [] };
    await expect(stream(v3, 'FindTraces', { query: { filter: not, ...day } })).rejects.toEqual(
      failure(3, 'filter: operator "not" is not supported here'),
    );
  });

  it('gives summaries', async () => {
    const [answer] = await stream(v3, 'FindTraceSummaries', {
      query: { service_name: 'back', search_depth: 1, ...day },
    });
    expect(answer).toEqual({
      summaries: [
        {
          trace_id: idOf(4),
          root_service_name: 'front',
          root_operation_name: 'GET /',
          min_start_time_unix_nano: String(testEpochNs + 4_000_000_000n),
          max_end_time_unix_nano: String(testEpochNs + 4_500_000_000n),
          span_count: 2,
          error_span_count: 1,
          orphan_span_count: 0,
          services: [
            { name: 'back', span_count: 1, error_span_count: 1 },
            { name: 'front', span_count: 1, error_span_count: 0 },
          ],
        },
      ],
    });
  });

  it('is refused without a query, and by version 3 without times', async () => {
    await expect(stream(v2, 'FindTraces', {})).rejects.toEqual(failure(3, 'missing query'));
    for (const method of ['FindTraces', 'FindTraceSummaries']) {
      const details = 'start time min and max are required parameters';
      await expect(stream(v3, method, { query: { service_name: 'a' } })).rejects.toEqual(failure(3, details));
    }
    expect(idsV2(await stream(v2, 'FindTraces', { query: { service_name: 'front' } }))).toHaveLength(5);
  });

  it('reads any bytes as a request or refuses them', () => {
    const good = new ProtoWriter().messageField(1, (w) =>
      w.stringField(1, 's').messageField(4, (t) => t.varintField(1, 1)),
    );
    const mutated = fc.tuple(fc.nat(), fc.nat(255)).map(([at, byte]) => {
      const bytes = good.finish();
      bytes[at % bytes.length] = byte;
      return bytes;
    });
    fc.assert(
      fc.property(fc.oneof(fc.uint8Array({ maxLength: 60 }), mutated), (message) => {
        for (const read of [readFindRequest, readTraceRequestV2]) {
          try {
            read(message);
          } catch (error) {
            expect(error).toMatchObject({ name: 'BadInput' });
          }
        }
      }),
      { numRuns: 20_000 },
    );
  });
});

describe('what stands beside the services', () => {
  it('reflects in its older version, too', async () => {
    expect(Object.keys(await reflect('v1alpha'))).toContain('jaeger');
  });

  it('says that it is healthy', async () => {
    for (const service of ['', 'jaeger.api_v2.QueryService']) {
      expect(await unary(health, 'Check', { service })).toEqual({ status: 'SERVING' });
    }
    await expect(unary(health, 'Check', { service: 'x' })).rejects.toEqual(failure(5, 'unknown service'));
  });

  it('says so at once to who watches', async () => {
    const watch = health['Watch']?.({ service: '' });
    expect(await new Promise((resolve) => watch?.once('data', resolve))).toEqual({ status: 'SERVING' });
    watch?.on('error', () => {});
    watch?.cancel();
  });
});
