import { expect, test } from 'vitest';
import { manualClock } from '../../base/clock.ts';
import { silentLog } from '../../base/log.ts';
import { createMetrics } from '../../base/metrics.ts';
import { createMemoryGate, memoryLimiter } from './memory-limiter.ts';

function setUp() {
  const clock = manualClock();
  const state = { used: 0, garbage: 0, collections: 0, changes: [] as boolean[] };
  const gate = createMemoryGate({
    softBytes: 80,
    hardBytes: 100,
    checkMs: 1000,
    softCollectMs: 10_000,
    hardCollectMs: 0,
    clock,
    usedBytes: () => state.used + state.garbage,
    collect: () => {
      state.collections++;
      state.garbage = 0;
    },
    onChange: (isAbove) => state.changes.push(isAbove),
  });
  return { clock, state, gate };
}

test('above the soft limit it waits, and goes on at the first check below it', async () => {
  const { clock, state, gate } = setUp();
  expect(gate.wait()).toBeUndefined();
  state.used = 81;
  clock.advance(1000);
  const wait = gate.wait();
  expect(wait).toBeInstanceOf(Promise);
  state.used = 79;
  expect(gate.wait()).toBe(wait);
  clock.advance(1000);
  await wait;
  expect(gate.wait()).toBeUndefined();
  expect(state.changes).toEqual([true, false]);
});

test('garbage is collected before it counts as memory in use', () => {
  const { state, gate } = setUp();
  state.used = 10;
  state.garbage = 90;
  expect(gate.wait()).toBeUndefined();
  expect(state.collections).toBe(1);
});

test('above the soft limit it collects at its interval, above the hard one at every check', () => {
  const { clock, state, gate } = setUp();
  state.used = 90;
  void gate.wait();
  clock.advance(9000);
  expect(state.collections).toBe(1);
  clock.advance(1000);
  expect(state.collections).toBe(2);
  state.used = 101;
  clock.advance(5000);
  expect(state.collections).toBe(7);
});

test('memory is looked at once an interval, however often reading asks', () => {
  const { clock, state, gate } = setUp();
  void gate.wait();
  state.used = 200;
  expect(gate.wait()).toBeUndefined();
  clock.advance(1000);
  expect(gate.wait()).toBeDefined();
});

test('stop lets go whoever waits', async () => {
  const { state, gate } = setUp();
  state.used = 200;
  const wait = gate.wait();
  gate.close();
  await wait;
  expect(gate.wait()).toBeUndefined();
});

test('the real thing: a limit below what this process uses makes it wait, one above does not', async () => {
  const create = (limits: Record<string, unknown>) => {
    const context = { id: 'memory_limiter', log: silentLog, metrics: createMetrics(), clock: manualClock() };
    const config = memoryLimiter.config.parse(limits, 'processors.memory_limiter');
    return memoryLimiter.create(config, context, { consume: async () => {} });
  };
  const small = create({ limit_mib: 1 });
  expect(small.ready?.()).toBeInstanceOf(Promise);
  await small.stop();
  const large = create({ limit_percentage: 95, spike_limit_percentage: 5 });
  expect(large.ready?.()).toBeUndefined();
  await large.stop();
});

test('no limit, or a spike above it, is refused', () => {
  const create = (config: Record<string, unknown>) => () =>
    memoryLimiter.create(
      memoryLimiter.config.parse(config, ''),
      { id: 'memory_limiter', log: silentLog, metrics: createMetrics(), clock: manualClock() },
      { consume: async () => {} },
    );
  expect(create({})).toThrow('processors.memory_limiter: expected limit_mib or limit_percentage');
  expect(create({ limit_mib: 10, spike_limit_mib: 10 })).toThrow('spike limit');
});
