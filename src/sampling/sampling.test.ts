import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as grpc from '@grpc/grpc-js';
import { loadFileDescriptorSetFromBuffer } from '@grpc/proto-loader';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { manualClock } from '../base/clock.ts';
import { silentLog } from '../base/log.ts';
import { serve, type Served } from '../listen/testing.ts';
import { samplingFiles } from '../wire/jaeger-api-files.ts';
import { encodeProtoFile } from '../wire/proto-file.ts';
import { ProtoWriter } from '../wire/protobuf.ts';
import {
  collectorSamplingRoutes,
  type SamplingDeps,
  samplingMethod,
  samplingRoutes,
  samplingStateRoute,
} from './routes.ts';
import { parseStrategies, strategyOf } from './strategies.ts';
import { openStrategiesFile } from './strategies-file.ts';

/** The example of Jaeger's documentation, with a rate limit. */
const example = {
  service_strategies: [
    {
      service: 'foo',
      type: 'probabilistic',
      param: 0.8,
      operation_strategies: [
        { operation: 'op1', type: 'probabilistic', param: 0.2 },
        { operation: 'op2', type: 'probabilistic', param: 0.4 },
      ],
    },
    { service: 'bar', type: 'ratelimiting', param: 5 },
  ],
  default_strategy: {
    type: 'probabilistic',
    param: 0.5,
    operation_strategies: [
      { operation: '/health', type: 'probabilistic', param: 0 },
      { operation: 'op2', type: 'probabilistic', param: 0.1 },
    ],
  },
};

let served: Served | undefined;
let dir: string;

beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'ariane-sampling-'));
});
afterEach(async () => {
  await served?.listeners.stop(100);
  rmSync(dir, { recursive: true });
});

function fromText(text: string): SamplingDeps {
  const strategies = parseStrategies(text, 1);
  return { strategyOf: (service) => strategyOf(strategies, service) };
}

async function open(deps: SamplingDeps): Promise<string> {
  served = await serve((listener) => {
    for (const route of [...samplingRoutes(deps), ...collectorSamplingRoutes(deps)]) listener.http(route);
    listener.grpc(samplingMethod(deps));
  });
  return served.url;
}

async function get(url: string): Promise<unknown> {
  const reply = await fetch(url);
  expect([reply.status, reply.headers.get('content-type')]).toEqual([200, 'application/json; charset=utf-8']);
  return reply.json();
}

const always = { strategyType: 'PROBABILISTIC', probabilisticSampling: { samplingRate: 1 } };

describe('over HTTP', () => {
  it('says probabilistic 1 where nobody says anything else, at every address that clients ask', async () => {
    const url = await open(fromText('null'));
    for (const path of ['/sampling', '/', '/api/sampling'])
      expect(await get(`${url}${path}?service=x`)).toEqual(always);
  });

  it('says what the file says: by operation, by service, by default', async () => {
    const url = await open(fromText(JSON.stringify(example)));
    const operation = (name: string, samplingRate: number) => ({
      operation: name,
      probabilisticSampling: { samplingRate },
    });
    const bounds = { defaultLowerBoundTracesPerSecond: 0, defaultUpperBoundTracesPerSecond: 0 };
    expect(await get(`${url}/sampling?service=foo`)).toEqual({
      strategyType: 'PROBABILISTIC',
      probabilisticSampling: { samplingRate: 0.8 },
      operationSampling: {
        defaultSamplingProbability: 0.8,
        ...bounds,
        perOperationStrategies: [operation('op1', 0.2), operation('op2', 0.4), operation('/health', 0)],
      },
    });
    expect(await get(`${url}/?service=bar`)).toEqual({
      strategyType: 'RATE_LIMITING',
      rateLimitingSampling: { maxTracesPerSecond: 5 },
      operationSampling: {
        defaultSamplingProbability: 0.5,
        ...bounds,
        perOperationStrategies: [operation('/health', 0), operation('op2', 0.1)],
      },
    });
    expect(await get(`${url}/sampling?service=other`)).toMatchObject({ probabilisticSampling: { samplingRate: 0.5 } });
  });

  it.each(['/sampling', '/', '/baggageRestrictions', '/sampling?service=a&service=b', '/api/sampling?Service=a'])(
    'refuses %s without exactly one service',
    async (path) => {
      const reply = await fetch((await open(fromText('null'))) + path);
      expect([reply.status, await reply.text()]).toEqual([400, "'service' parameter must be provided once\n"]);
    },
  );

  it('has no restrictions of baggage, and never says that none is allowed', async () => {
    const reply = await fetch(`${await open(fromText('null'))}/baggageRestrictions?service=a`);
    expect([reply.status, await reply.text()]).toEqual([501, 'baggage restrictions are not implemented\n']);
  });
});

describe('the state for the page', () => {
  it('lists operations by their traffic, and says when nothing adapts', async () => {
    const state = new Map([
      ['a', new Map([['quiet', { perSecond: 1, rate: 1 }]])],
      ['b', new Map([['busy', { perSecond: 100, rate: 0.01 }]])],
    ]);
    const deps = fromText('null');
    served = await serve((listener) => listener.http(samplingStateRoute({ ...deps, adaptiveState: () => state })));
    expect(await get(`${served.url}/api/sampling`)).toEqual({
      adaptive: true,
      operations: [
        { service: 'b', operation: 'busy', perSecond: 100, rate: 0.01 },
        { service: 'a', operation: 'quiet', perSecond: 1, rate: 1 },
      ],
    });
    await served.listeners.stop(100);
    served = await serve((listener) => listener.http(samplingStateRoute(deps)));
    expect(await get(`${served.url}/api/sampling`)).toEqual({ adaptive: false, operations: [] });
  });
});

describe('over gRPC', () => {
  it('says the same', async () => {
    await open(fromText(JSON.stringify(example)));
    const set = new ProtoWriter();
    for (const file of samplingFiles) set.bytesField(1, encodeProtoFile(file));
    const options = { enums: String, defaults: true };
    const definition = loadFileDescriptorSetFromBuffer(Buffer.from(set.finish()), options);
    const service = definition['jaeger.api_v2.SamplingManager'] as grpc.ServiceDefinition;
    const Manager = grpc.makeClientConstructor(service, 'SamplingManager');
    const client = new Manager(`127.0.0.1:${served?.port}`, grpc.credentials.createInsecure());
    const ask = (serviceName: string) =>
      new Promise((resolve, reject) => {
        client['GetSamplingStrategy']?.({ serviceName }, (error: Error | null, answer: unknown) =>
          error ? reject(error) : resolve(answer),
        );
      });
    const operation = { operation: 'op1', probabilisticSampling: { samplingRate: 0.2 } };
    expect(await ask('foo')).toMatchObject({
      strategyType: 'PROBABILISTIC',
      probabilisticSampling: { samplingRate: 0.8 },
      rateLimitingSampling: null,
      operationSampling: {
        defaultSamplingProbability: 0.8,
        perOperationStrategies: expect.arrayContaining([operation]),
      },
    });
    expect(await ask('bar')).toMatchObject({
      strategyType: 'RATE_LIMITING',
      probabilisticSampling: null,
      rateLimitingSampling: { maxTracesPerSecond: 5 },
    });
    client.close();
  });
});

describe('a file of strategies', () => {
  const rateIn = (text: string) => strategyOf(parseStrategies(text, 1), 'x').sampling;

  it.each([
    ['', /^no JSON/],
    ['[]', 'the file: expected an object'],
    ['{"service_strategies":{}}', 'service_strategies: expected a list'],
    ['{"service_strategies":[7]}', 'service_strategies[0]: expected an object'],
    ['{"service_strategies":[{"type":"probabilistic"}]}', 'service_strategies[0].service: expected a name'],
    ['{"default_strategy":{"type":"probabilistic","param":"1"}}', 'default_strategy.param: expected a number, got "1"'],
  ])('is refused: %s', (text, message) => {
    expect(() => parseStrategies(text, 1)).toThrow(message);
  });

  it('is taken with a warning where Jaeger takes it so', () => {
    const warningsOf = (strategy: object) =>
      parseStrategies(JSON.stringify({ default_strategy: strategy }), 0.3).warnings;
    expect(warningsOf({ type: 'probabilistic', param: 1 })).toEqual([]);
    expect(warningsOf({ type: 'lowerbound', param: 1 })).toEqual([
      expect.stringContaining('taken as probabilistic 0.3'),
    ]);
    expect(warningsOf({ type: 'probabilistic', param: 7 })).toEqual([expect.stringContaining('got 7; taken as 1')]);
    const operation_strategies = [{ operation: 'op', type: 'ratelimiting', param: 1 }];
    expect(warningsOf({ type: 'probabilistic', param: 1, operation_strategies })).toHaveLength(1);
    expect(rateIn('{"default_strategy":{"type":"probabilistic","param":-1}}')).toEqual({
      kind: 'probabilistic',
      rate: 0,
    });
  });

  it('says a valid strategy or refuses, whatever stands in it', () => {
    const strategy = fc.record(
      {
        service: fc.oneof(fc.string(), fc.jsonValue()),
        type: fc.constantFrom('probabilistic', 'ratelimiting', 'x', 1),
        param: fc.oneof(fc.double(), fc.jsonValue()),
        operation_strategies: fc.oneof(
          fc.jsonValue(),
          fc.array(fc.record({ operation: fc.string(), type: fc.string() })),
        ),
      },
      { requiredKeys: [] },
    );
    const file = fc.record(
      { default_strategy: strategy, service_strategies: fc.array(strategy) },
      { requiredKeys: [] },
    );
    fc.assert(
      fc.property(fc.oneof(file, fc.jsonValue()), (given) => {
        try {
          const { fallback, byService } = parseStrategies(JSON.stringify(given), 1);
          for (const { sampling } of [fallback, ...byService.values()]) {
            const [value, most] =
              sampling.kind === 'probabilistic' ? [sampling.rate, 1] : [sampling.tracesPerSecond, 32_767];
            expect(value >= 0 && value <= most).toBe(true);
          }
        } catch (error) {
          expect(error).toMatchObject({ name: 'BadInput' });
        }
      }),
      { numRuns: 3000 },
    );
  });

  it('is read again when it changes, and kept when it breaks or goes', async () => {
    const clock = manualClock();
    const path = join(dir, 'strategies.json');
    const write = (rate: number | string) =>
      writeFileSync(path, `{"default_strategy":{"type":"probabilistic","param":${rate}}}`);
    write(0.1);
    const file = await openStrategiesFile({ file: path, reloadMs: 1000, defaultRate: 1, clock, log: silentLog });
    const rate = () => strategyOf(file.current, 'x').sampling;
    expect(rate()).toMatchObject({ rate: 0.1 });
    const becomes = async (expected: number) => {
      clock.advance(1000);
      await expect.poll(rate).toMatchObject({ rate: expected });
    };
    write(0.2);
    await becomes(0.2);
    write('broken');
    await becomes(0.2);
    rmSync(path);
    await becomes(0.2);
    write(0.3);
    await expect
      .poll(() => {
        clock.advance(1000);
        return rate();
      })
      .toMatchObject({ rate: 0.3 });
    file.stop();
  });

  it('may be at an address, which may have none yet', async () => {
    const server = createServer((_, response) => response.writeHead(503).end());
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const options = { reloadMs: 0, defaultRate: 0.7, clock: manualClock(), log: silentLog };
    const address = `http://127.0.0.1:${(server.address() as AddressInfo).port}/s.json`;
    const file = await openStrategiesFile({ ...options, file: address });
    expect(strategyOf(file.current, 'x').sampling).toEqual({ kind: 'probabilistic', rate: 0.7 });
    server.close();
  });

  it('stops the start when it cannot be read', async () => {
    const options = { reloadMs: 1000, defaultRate: 1, clock: manualClock(), log: silentLog };
    const missing = openStrategiesFile({ ...options, file: join(dir, 'none.json') });
    await expect(missing).rejects.toMatchObject({ name: 'ConfigError', path: 'ariane.sampling.strategies_file' });
    writeFileSync(join(dir, 'bad.json'), '{');
    await expect(openStrategiesFile({ ...options, file: join(dir, 'bad.json') })).rejects.toThrow(/bad\.json: no JSON/);
  });
});
