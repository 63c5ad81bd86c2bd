import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { manualClock } from '../base/clock.ts';
import { ConfigError } from '../base/errors.ts';
import type { Listeners } from '../base/listener.ts';
import { silentLog } from '../base/log.ts';
import { createMetrics } from '../base/metrics.ts';
import { object } from '../base/schema.ts';
import { type ComponentType, exporter, type Intake, processor, receiver } from '../component/component.ts';
import { defaultConfigPath, loadConfig } from '../config/load.ts';
import { type Batch, type Signal, signals } from '../model/batch.ts';
import { openSpool, type Spool } from '../spool/spool.ts';
import { type BuildOptions, buildPipelines, type Pipelines } from './build.ts';
import { createHealthCheck } from './extend/health-check.ts';
import { batch } from './process/batch.ts';

let dir: string;
let cleanUp: (() => Promise<void>)[] = [];

beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'pipelines-'));
});

afterEach(async () => {
  const all = cleanUp.reverse();
  cleanUp = [];
  for (const clean of all) await clean();
  await rm(dir, { recursive: true });
});

/** Components that write down what happens to them. */
function recorder() {
  const events: string[] = [];
  const batches: (Batch & { exporter: string })[] = [];
  const released: string[] = [];
  const intakes = new Map<string, Intake>();
  let answer: (batch: Batch) => Promise<void> = async () => {};
  const receivers = ['otlp', 'jaeger', 'zipkin'].map((type) =>
    receiver({
      type,
      config: { parse: (value) => value },
      create(_, { id, intake }) {
        intakes.set(id, intake);
        return {
          start: async () => void events.push(`start ${id}`),
          stop: async () => void events.push(`stop ${id}`),
        };
      },
    }),
  );
  const pass = processor({
    type: 'pass',
    config: object({}),
    create: (_, { id }, next) => ({
      consume: (batch) => next.consume(batch),
      start: async () => void events.push(`start ${id}`),
      stop: async () => void events.push(`stop ${id}`),
    }),
  });
  const ariane = exporter({
    type: 'ariane',
    config: object({}),
    create: (_, { id }) => ({
      async consume(batch) {
        batches.push({ ...batch, exporter: id });
        await answer(batch);
      },
      released: async (signal, pipeline, seq) => void released.push(`${id} ${signal} ${pipeline} ${seq}`),
      start: async () => void events.push(`start ${id}`),
      stop: async () => void events.push(`stop ${id}`),
    }),
  });
  const registry: readonly ComponentType[] = [...receivers, pass, batch, ariane, createHealthCheck([])];
  return { events, batches, released, intakes, registry, answerWith: (a: typeof answer) => (answer = a) };
}

const listeners: Listeners = { at: (address) => ({ address, http() {}, grpc() {} }), udp() {} };

async function build(
  yaml: string | undefined,
  registry: readonly ComponentType[],
  spoolOptions: Partial<Record<Signal, { maxBytes: number }>> = {},
): Promise<{ pipelines: Pipelines; spools: Record<Signal, Spool>; clock: ReturnType<typeof manualClock> }> {
  const clock = manualClock(1_700_000_000_000);
  const open = (signal: Signal) =>
    openSpool({
      dir: join(dir, signal),
      maxBytes: 1 << 30,
      fsync: 'interval',
      clock,
      log: silentLog,
      ...spoolOptions[signal],
    });
  const spools = { traces: await open('traces'), metrics: await open('metrics'), logs: await open('logs') };
  cleanUp.push(async () => {
    for (const signal of signals) await spools[signal].close();
  });
  const config = loadConfig({ files: [yaml === undefined ? defaultConfigPath : `yaml:${yaml}`], env: {} });
  const options: BuildOptions = {
    config,
    registry,
    spools,
    listeners,
    log: silentLog,
    metrics: createMetrics(),
    clock,
  };
  const pipelines = buildPipelines(options);
  cleanUp.push(async () => {
    let isStopped = false;
    void pipelines.stop().then(() => (isStopped = true));
    await until(() => {
      clock.advance(100);
      return isStopped;
    });
  });
  return { pipelines, spools, clock };
}

function request(count = 1) {
  return { bytes: Buffer.from('0123456789'), count };
}

async function until(isSo: () => boolean): Promise<void> {
  const deadline = performance.now() + 5000;
  while (!isSo()) {
    if (performance.now() > deadline) throw new Error('it did not happen');
    await new Promise((resolve) => setImmediate(resolve));
  }
}

const two = `
receivers: { otlp: , otlp/b: }
processors: { pass: , pass/2: }
exporters: { ariane: , ariane/b: }
service:
  pipelines:
    traces: { receivers: [otlp], processors: [pass, pass/2], exporters: [ariane, ariane/b] }
    traces/b: { receivers: [otlp, otlp/b], exporters: [ariane] }
`;

test('the default YAML builds the graph and carries every signal to the store', async () => {
  const r = recorder();
  const { pipelines } = await build(undefined, r.registry);
  await pipelines.start();
  for (const signal of signals) await r.intakes.get('otlp')?.accept(signal, request(3));
  await until(() => r.batches.length === 3);
  await until(() => pipelines.stats().logs.spooled === 0);
  expect(r.batches.map((b) => b.signal).sort()).toEqual(['logs', 'metrics', 'traces']);
  expect(pipelines.stats().traces).toEqual({ received: 3, refused: 0, dropped: 0, spooled: 0 });
});

test('a record goes to the pipelines of its receiver and to every exporter of each', async () => {
  const r = recorder();
  const { pipelines } = await build(two, r.registry);
  await pipelines.start();
  await r.intakes.get('otlp')?.accept('traces', request());
  await r.intakes.get('otlp/b')?.accept('traces', request());
  const seen = () => r.batches.flatMap((b) => b.parts.map((p) => `${b.pipeline} ${b.exporter} ${p.seq}`)).sort();
  await until(() => seen().length === 4);
  expect(seen()).toEqual(['traces ariane 1', 'traces ariane/b 1', 'traces/b ariane 1', 'traces/b ariane 2']);
});

test('start opens exporters before processors before receivers; stop goes back, and is safe twice and without start', async () => {
  const r = recorder();
  const { pipelines } = await build(two, r.registry);
  await pipelines.start();
  await pipelines.stop();
  await pipelines.stop();
  const started = r.events.filter((e) => e.startsWith('start'));
  expect(started.slice(0, 2).sort()).toEqual(['start ariane', 'start ariane/b']);
  expect(started.slice(2, 4)).toEqual(['start pass/2', 'start pass']);
  expect(started.slice(4).sort()).toEqual(['start otlp', 'start otlp/b']);
  expect(r.events.slice(started.length)).toEqual(started.map((e) => e.replace('start', 'stop')).reverse());

  const never = await build(two, recorder().registry);
  await never.pipelines.stop();
});

test('what an exporter will never deliver is dropped with its reason, and the cursor goes on', async () => {
  const r = recorder();
  r.answerWith(async (b) => {
    if (b.parts.some((p) => p.seq === 2)) throw new Error('malformed');
  });
  const { pipelines, spools } = await build(undefined, r.registry);
  await pipelines.start();
  const intake = pipelines.intakeOf('otlp');
  for (let i = 0; i < 3; i++) {
    await intake.accept('traces', request(10));
    await until(() => spools.traces.cursor().seq === i + 1);
  }
  expect(pipelines.stats().traces).toMatchObject({ dropped: 10, spooled: 0 });
});

test('exporters hear what will not be replayed only when the cursor is on disk, and where it stands at start', async () => {
  const r = recorder();
  const { pipelines, spools } = await build(two, r.registry);
  await pipelines.start();
  expect(r.released).toContain('ariane traces traces/b 0');
  await r.intakes.get('otlp')?.accept('traces', request());
  await until(() => spools.traces.cursor().seq === 1);
  expect(r.released).not.toContain('ariane traces traces 1');
  await spools.traces.save();
  expect(r.released.filter((e) => e.endsWith(' 1')).sort()).toEqual([
    'ariane traces traces 1',
    'ariane traces traces/b 1',
    'ariane/b traces traces 1',
  ]);
});

test('a stuck exporter holds a bounded window, stop waits a little for it, and the rest is read again', async () => {
  const r = recorder();
  r.answerWith(() => new Promise(() => {}));
  const { pipelines, spools, clock } = await build(`${two}\nariane: { spool: { max_in_flight: 1000 } }`, r.registry);
  await pipelines.start();
  for (let i = 0; i < 500; i++) await pipelines.intakeOf('otlp/b').accept('traces', request());
  const held = r.batches.reduce((sum, b) => sum + b.parts.length * 10, 0);
  expect(held).toBeGreaterThan(900);
  expect(held).toBeLessThan(1200);
  let isStopped = false;
  void pipelines.stop().then(() => (isStopped = true));
  await until(() => r.events.includes('stop otlp'));
  clock.advance(1199);
  await new Promise((resolve) => setImmediate(resolve));
  expect(isStopped).toBe(false);
  clock.advance(1);
  await until(() => isStopped);
  for (const signal of signals) await spools[signal].close();

  const again = recorder();
  const restarted = await build(two, again.registry);
  await restarted.pipelines.start();
  await until(() => again.batches.flatMap((b) => b.parts).length === 500);
});

test('a processor that waits for a stuck exporter does not keep the others from stopping', async () => {
  const r = recorder();
  r.answerWith(() => new Promise(() => {}));
  const yaml = `
receivers: { otlp: {} }
processors: { batch: {} }
exporters: { ariane: {} }
service: { pipelines: { traces: { receivers: [otlp], processors: [batch], exporters: [ariane] } } }`;
  const { pipelines, clock } = await build(yaml, r.registry);
  await pipelines.start();
  await pipelines.intakeOf('otlp').accept('traces', request());
  let isStopped = false;
  const stopping = pipelines.stop().then(() => (isStopped = true));
  for (let ms = 0; ms < 1900; ms += 100) {
    clock.advance(100);
    await new Promise((resolve) => setImmediate(resolve));
  }
  expect([isStopped, r.events.includes('stop ariane')]).toEqual([false, false]);
  clock.advance(100);
  await stopping;
  expect(r.events).toContain('stop ariane');
});

test('a flood of logs fills its own spool and never refuses traces', async () => {
  const r = recorder();
  r.answerWith(() => new Promise(() => {}));
  const { pipelines } = await build(undefined, r.registry, { logs: { maxBytes: 20_000 } });
  await pipelines.start();
  const intake = pipelines.intakeOf('otlp');
  const outcomes = await Promise.allSettled(Array.from({ length: 1000 }, () => intake.accept('logs', request())));
  const refused = outcomes.filter((o) => o.status === 'rejected').length;
  expect(refused).toBeGreaterThan(500);
  for (let i = 0; i < 1000; i++) await intake.accept('traces', request());
  expect(pipelines.stats()).toMatchObject({ traces: { received: 1000, refused: 0 }, logs: { refused } });
});

test('a signal that no pipeline takes is acknowledged and let go', async () => {
  const r = recorder();
  const { pipelines, spools } = await build(two, r.registry);
  await pipelines.start();
  await r.intakes.get('otlp')?.accept('logs', request(4));
  expect(pipelines.stats().logs).toEqual({ received: 4, refused: 0, dropped: 4, spooled: 0 });
  expect(spools.logs.spooledBytes).toBe(0);
});

test('records of a receiver that is gone from the configuration go to all pipelines, not to nobody', async () => {
  const first = recorder();
  first.answerWith(() => new Promise(() => {}));
  const before = await build(undefined, first.registry);
  await before.pipelines.intakeOf('otlp').accept('traces', request());
  for (const signal of signals) await before.spools[signal].close();

  const r = recorder();
  const { pipelines } = await build(two.replaceAll('otlp', 'otlp/new').replaceAll('otlp/new/b', 'otlp/b'), r.registry);
  await pipelines.start();
  await until(() => r.batches.length === 3);
});

test('records of a signal that has no pipeline any more are released', async () => {
  const first = recorder();
  const before = await build(undefined, first.registry);
  await before.pipelines.intakeOf('otlp').accept('logs', request(7));
  for (const signal of signals) await before.spools[signal].close();

  const { pipelines } = await build(two, recorder().registry);
  expect(pipelines.stats().logs.spooled).toBe(7);
  await pipelines.start();
  await until(() => pipelines.stats().logs.spooled === 0);
  expect(pipelines.stats().logs.dropped).toBe(7);
});

test.each([
  ['exporters: { kafka: }', /^exporters\.kafka: unknown exporter type kafka; known types: ariane \(yaml::\d+\)$/],
  [
    'connectors: { spanmetrics: }',
    /^connectors\.spanmetrics: unknown connector type spanmetrics; there are no connectors yet/,
  ],
  [
    'processors: { batch: { max_item: 1 } }',
    /^processors\.batch\.max_item: unknown key; known keys: timeout, send_batch_size/,
  ],
])('%s is refused before anything is opened', async (yaml, message) => {
  const r = recorder();
  const used = two
    .replace(
      'processors: { pass: , pass/2: }',
      yaml.startsWith('processors')
        ? 'processors: { batch: { max_item: 1 }, pass: , pass/2: }'
        : 'processors: { pass: , pass/2: }',
    )
    .replace(
      'processors: [pass, pass/2]',
      yaml.startsWith('processors') ? 'processors: [batch]' : 'processors: [pass]',
    );
  const whole = yaml.startsWith('exporters')
    ? used.replace('exporters: { ', 'exporters: { kafka: , ')
    : yaml.startsWith('connectors')
      ? `${used}\n${yaml}`
      : used;
  await expect(build(whole, r.registry)).rejects.toThrow(message);
  await expect(build(whole, r.registry)).rejects.toBeInstanceOf(ConfigError);
  expect(r.events).toEqual([]);
});
