import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { manualClock } from './base/clock.ts';
import { silentLog } from './base/log.ts';
import { createMetrics } from './base/metrics.ts';
import { registerCompatibleApis } from './compatible-apis.ts';
import { hostGuard } from './listen/guards.ts';
import { createListeners, type GuardedListener } from './listen/listeners.ts';
import { askHttp2, grpcFrame, grpcHeaders } from './listen/testing.ts';
import { openTestDatabase, type TestDatabase, testEpochNs, testSpan } from './query/test-spans.ts';
import { defaultStrategies } from './sampling/strategies.ts';

const dir = mkdtempSync(join(tmpdir(), 'ariane-apis-'));
const listeners = createListeners({ log: silentLog, metrics: createMetrics() });
/** Each usual address on a free port. */
const byName = new Map<string, GuardedListener>();
let store: TestDatabase;

beforeAll(async () => {
  store = await openTestDatabase();
  await store.insert([testSpan({ service: 'shop' })]);
  registerCompatibleApis({
    database: store.db,
    clock: manualClock(Number(testEpochNs / 1_000_000n) + 1000),
    version: '1',
    pageEndpoint: '16686',
    grpcEndpoint: '16685',
    zipkinEndpoint: '9411',
    archiveDir: join(dir, 'archive'),
    sampling: {
      strategyOf: () => defaultStrategies(1).fallback,
      httpEndpoint: '5778',
      grpcEndpoint: '5779',
      collectorGrpcEndpoint: '14250',
      collectorHttpEndpoint: '14268',
    },
    listeners: {
      at(name) {
        const known = byName.get(name) ?? listeners.at('127.0.0.1:0');
        byName.set(name, known);
        return known;
      },
      udp: (route) => listeners.udp(route),
    },
    guard: hostGuard([]),
  });
  await listeners.start();
});
afterAll(async () => {
  await listeners.stop(100);
  await store.stop();
  rmSync(dir, { recursive: true });
});

function urlOf(name: string): string {
  return `http://${byName.get(name)?.address}`;
}

it.each([
  ['16686', '/api/services'],
  ['16686', '/api/v3/services'],
  ['16686', '/api/metrics/calls?service=shop'],
  ['16686', '/api/sampling'],
  ['16686', '/zipkin/api/v2/services'],
  ['9411', '/api/v2/services'],
  ['9411', '/zipkin/api/v2/services'],
  ['5778', '/sampling?service=shop'],
  ['5778', '/?service=shop'],
  ['14268', '/api/sampling?service=shop'],
])('answers on %s: %s', async (name, path) => {
  const reply = await fetch(urlOf(name) + path);
  expect([reply.status, reply.headers.get('content-type')?.split(';')[0]]).toEqual([200, 'application/json']);
});

it.each([
  ['16685', '/jaeger.api_v2.QueryService/GetServices'],
  ['16685', '/jaeger.api_v3.QueryService/GetServices'],
  ['16685', '/grpc.health.v1.Health/Check'],
  ['5779', '/jaeger.api_v2.SamplingManager/GetSamplingStrategy'],
  ['5779', '/grpc.health.v1.Health/Check'],
  ['14250', '/jaeger.api_v2.SamplingManager/GetSamplingStrategy'],
])('answers on %s by gRPC: %s', async (name, path) => {
  const { trailers, body } = await askHttp2(urlOf(name), grpcHeaders(path), grpcFrame(new Uint8Array()));
  expect(trailers['grpc-status']).toBe('0');
  expect(body.length).toBeGreaterThan(5);
});

it('shows traces on the shared port of Zipkin only to names that are ours', async () => {
  const headers = { ':path': '/api/v2/services', ':authority': 'evil.example' };
  expect((await askHttp2(urlOf('9411'), headers)).status).toBe(403);
});
