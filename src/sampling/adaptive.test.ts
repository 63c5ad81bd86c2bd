import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { manualClock } from '../base/clock.ts';
import { silentLog } from '../base/log.ts';
import { readBegunTraces } from '../query/begun-traces.ts';
import { openTestDatabase, testEpochNs, testSpan } from '../query/test-spans.ts';
import { adaptiveStrategy, type AdaptiveState, nextState, type Sampled } from './adaptive.ts';
import { startAdaptiveSampling } from './adaptive-sampling.ts';

const settings = { targetPerSecond: 1, initialRate: 1, leastRate: 1e-5, leastPerSecond: 1 / 60 };
const service = 'shop';

function rateOf(state: AdaptiveState, operation: string): number {
  const { perOperation } = adaptiveStrategy(state, service, settings);
  return perOperation?.rates.find((each) => each.operation === operation)?.rate ?? perOperation?.defaultRate ?? 0;
}

/** What clients with these rates send in a minute, sampling by chance. */
function minuteOf(traffic: Record<string, number>, state: AdaptiveState, random: () => number): Sampled[] {
  return Object.entries(traffic).map(([operation, perSecond]) => {
    const parameter = rateOf(state, operation);
    let traces = 0;
    for (let i = 0; i < perSecond * 60; i++) if (random() < parameter) traces++;
    return { service, operation, sampler: 'probabilistic', parameter, traces };
  });
}

/** https://en.wikipedia.org/wiki/Linear_congruential_generator */
function seeded(seed: number): () => number {
  let state = seed;
  return () => (state = (state * 1_664_525 + 1_013_904_223) % 2 ** 32) / 2 ** 32;
}

describe('adaptive rates', () => {
  it.each([1, 2, 3, 4, 5])(
    'bring a frequent and a rare operation within 20 % of the target in three minutes (%i)',
    (seed) => {
      const random = seeded(seed);
      const traffic = { frequent: 1000, rare: 1 };
      let state: AdaptiveState = new Map();
      for (let minute = 0; minute < 3; minute++)
        state = nextState(state, minuteOf(traffic, state, random), 60, settings);
      for (let minute = 0; minute < 20; minute++) {
        for (const [operation, perSecond] of Object.entries(traffic)) {
          expect(Math.abs(rateOf(state, operation) * perSecond - 1)).toBeLessThan(0.2);
        }
        state = nextState(state, minuteOf(traffic, state, random), 60, settings);
      }
    },
  );

  it('follow a tenfold change within two minutes, up and down', () => {
    const random = seeded(7);
    let state: AdaptiveState = new Map();
    const run = (perSecond: number) => {
      for (let i = 0; i < 2; i++) state = nextState(state, minuteOf({ op: perSecond }, state, random), 60, settings);
      return rateOf(state, 'op') * perSecond;
    };
    for (const perSecond of [20, 200, 20]) expect(Math.abs(run(perSecond) - 1)).toBeLessThan(0.35);
  });

  it('stay within their bounds, whatever is counted', () => {
    const odd = [Number.NaN, -1, 0, 1e300].map((parameter) => ({ parameter, sampler: 'probabilistic', traces: 1e15 }));
    const sampled = odd.map((each, i) => ({ ...each, service, operation: `op${i}` }));
    for (const { rate } of nextState(new Map(), sampled, 60, settings).get(service)?.values() ?? []) {
      expect(rate >= settings.leastRate && rate <= 1).toBe(true);
    }
  });

  it('take untold rates for those that were told, and leave out what was sampled to stay visible', () => {
    const before = new Map([[service, new Map([['op', { perSecond: 100, rate: 0.01 }]])]]);
    const untold = { service, operation: 'op', sampler: '', parameter: null, traces: 60 };
    expect(nextState(before, [untold], 60, settings).get(service)?.get('op')?.perSecond).toBeCloseTo(100);
    const lowerBound = { ...untold, sampler: 'lowerbound', parameter: 1 / 60, traces: 1 };
    expect(nextState(before, [lowerBound], 60, settings).get(service)?.get('op')?.perSecond).toBe(50);
  });

  it('rise while nothing is seen, and are forgotten after a long time', () => {
    let state: AdaptiveState = new Map([[service, new Map([['op', { perSecond: 100, rate: 0.01 }]])]]);
    state = nextState(state, [], 60, settings);
    expect(rateOf(state, 'op')).toBe(0.02);
    for (let i = 0; i < 30; i++) state = nextState(state, [], 60, settings);
    expect(state.size).toBe(0);
  });
});

describe('adaptive sampling', () => {
  let dir: string;
  beforeEach(() => {
    dir = mkdtempSync(join(tmpdir(), 'ariane-adaptive-'));
  });
  afterEach(() => rmSync(dir, { recursive: true }));

  it('goes by what is stored, and keeps its state over a restart', async () => {
    const store = await openTestDatabase();
    const epochMs = Number(testEpochNs / 1_000_000n);
    const clock = manualClock(epochMs + 10_000);
    const start = () =>
      startAdaptiveSampling({
        settings,
        intervalMs: 60_000,
        stateFile: join(dir, 'sampling.json'),
        sampledIn: (range) => readBegunTraces(store.db, range),
        clock,
        log: silentLog,
      });
    const traceId = (i: number) => (0xe0000000 + i).toString(16).padEnd(32, '0');
    const spans = Array.from({ length: 120 }, (_, i) => {
      const attributes = { 'sampler.type': 'probabilistic', 'sampler.param': 0.02 };
      const root = testSpan({ traceId: traceId(i), service, name: 'op', atMs: i * 500 + 1, attributes });
      return [
        root,
        testSpan({ traceId: traceId(i), service, name: 'inner', parentSpanId: root.spanId, atMs: i * 500 + 2 }),
      ];
    });
    await store.insert([...spans.flat(), testSpan({ traceId: traceId(500), service, name: 'plain', atMs: 30_000 })]);
    const running = await start();
    expect(running.strategyOf(service).perOperation?.rates).toEqual([]);
    clock.advance(60_000);
    const rates = [
      { operation: 'op', rate: 0.01 },
      { operation: 'plain', rate: 1 },
    ];
    await expect.poll(() => running.strategyOf(service).perOperation?.rates).toEqual(rates);
    expect(running.strategyOf('other').perOperation?.rates).toEqual([]);
    await expect.poll(async () => (await start()).strategyOf(service).perOperation?.rates).toEqual(rates);
    running.stop();
    await store.stop();
  });

  it('keeps its rates while the store does not answer, and begins anew after a broken file', async () => {
    const stateFile = join(dir, 'sampling.json');
    writeFileSync(stateFile, '[{"service":"shop","operation":"op","perSecond":100,"rate":0.01}]');
    const clock = manualClock();
    let asked = 0;
    const sampledIn = () => {
      asked++;
      return Promise.reject(new Error('no store'));
    };
    const options = { settings, intervalMs: 1000, stateFile, sampledIn, clock, log: silentLog };
    const running = await startAdaptiveSampling(options);
    clock.advance(1000);
    await expect.poll(() => asked).toBe(1);
    expect(running.strategyOf(service).perOperation?.rates).toEqual([{ operation: 'op', rate: 0.01 }]);
    running.stop();
    for (const text of ['{', '{}', '[{"service":1}]']) {
      writeFileSync(stateFile, text);
      const anew = await startAdaptiveSampling(options);
      expect(anew.state.size).toBe(0);
      anew.stop();
    }
  });
});
