import fc from 'fast-check';
import { mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync, truncateSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest';
import { arbitrarySpan } from '../../../test/arbitrary-span.ts';
import { type Clock, manualClock, systemClock } from '../../base/clock.ts';
import { silentLog } from '../../base/log.ts';
import { createMetrics } from '../../base/metrics.ts';
import type { Exporter } from '../../component/component.ts';
import type { Batch, Part, Signal } from '../../model/batch.ts';
import type { Span } from '../../model/span.ts';
import { encodeTraces } from '../../wire/otlp-proto.ts';
import type { Database } from '../database.ts';
import { EngineError } from '../engine/engine-error.ts';
import { openTestStore, type TestStore } from '../open-test-store.ts';
import { arianeExporter } from './exporter.ts';

const receivedMs = Date.UTC(2026, 6, 15, 12);
const columns =
  'trace_id, span_id, parent_id, name, service, ts, duration, shape, vals, dropped, events.vals, links.span_id';

let store: TestStore;
beforeAll(async () => {
  store = await openTestStore();
});
afterAll(() => store.stop());

let dataDir: string;
const started: Exporter[] = [];
beforeEach(async () => {
  dataDir = mkdtempSync(join(tmpdir(), 'ariane-exporter-'));
  for (const table of ['spans', 'shapes', 'resources', 'scopes']) await store.database.command(`TRUNCATE ${table}`);
});
afterEach(async () => {
  for (const exporter of started.splice(0)) await exporter.stop();
  rmSync(dataDir, { recursive: true, force: true });
});

type InsertFile = Database['insertFile'];
type Insert = Parameters<InsertFile>[0];
const realInsert: InsertFile = (insert) => store.database.insertFile(insert);

interface Setup {
  readonly insertFile?: InsertFile;
  readonly flushRows?: number;
  readonly flushInterval?: string;
  readonly isFull?: () => boolean;
  readonly retentionDays?: number;
  readonly clock?: Clock;
  /** Never stopped: its process is thought to be dead. */
  readonly isKilled?: true;
}

/** An exporter over `dataDir`, started. A second one in a test is what a restart makes. */
async function startExporter(setup: Setup = {}) {
  const metrics = createMetrics();
  const ariane = arianeExporter({
    database: { insertFile: setup.insertFile ?? realInsert },
    dataDir,
    isFull: setup.isFull ?? (() => false),
    retentionDays: setup.retentionDays ?? 7,
  });
  const config = ariane.type.config.parse(
    { flush_rows: setup.flushRows ?? 50_000, flush_interval: setup.flushInterval ?? '20ms' },
    'exporters.ariane',
  );
  const exporter = ariane.type.create(config, {
    id: 'ariane',
    log: silentLog,
    metrics,
    clock: setup.clock ?? systemClock,
  });
  await exporter.start?.();
  if (setup.isKilled !== true) started.push(exporter);
  return { exporter, counts: (signal: Signal) => ariane.counts(signal), metrics };
}

let nextSpanId = 1;
function spansNamed(name: string, count: number, change: Partial<Span> = {}): Span[] {
  return fc.sample(arbitrarySpan, { numRuns: count, seed: 11 }).map((span) => ({
    ...span,
    name,
    spanId: (nextSpanId++).toString(16).padStart(16, '0'),
    ...change,
  }));
}

function part(seq: number, spans: readonly Span[]): Part {
  return { bytes: encodeTraces(spans), count: spans.length, receivedMs, seq };
}

function traces(...parts: Part[]): Batch {
  return { signal: 'traces', pipeline: 'traces', parts };
}

async function storedIds(): Promise<string[]> {
  const rows = await store.database.select<{ id: string }>({
    sql: 'SELECT lower(hex(span_id)) AS id FROM spans ORDER BY id',
  });
  return rows.map((row) => row.id);
}

async function storedHash(): Promise<unknown> {
  return store.database.select({ sql: `SELECT count() AS n, groupBitXor(cityHash64(${columns})) AS hash FROM spans` });
}

const idsOf = (...spans: Span[][]) =>
  spans
    .flat()
    .map((span) => span.spanId)
    .sort();

const filesIn = (folder: string) => {
  try {
    return readdirSync(join(dataDir, folder)).sort();
  } catch {
    return [];
  }
};
const manifests = () => filesIn('blocks/ariane').filter((file) => file.endsWith('.json'));

/** Never answers, as an engine does that dies with the process. */
const lost = () => new Promise<never>(() => {});

/** `still open` when the promise has not resolved after the timers that are due now. */
async function stateOf(promise: Promise<void>): Promise<'taken' | 'still open'> {
  const later = new Promise<'still open'>((resolve) => setTimeout(() => resolve('still open'), 50));
  return Promise.race([promise.then(() => 'taken' as const), later]);
}

async function until(condition: () => boolean): Promise<void> {
  for (let i = 0; i < 500 && !condition(); i++) await new Promise((resolve) => setTimeout(resolve, 10));
  expect(condition()).toBe(true);
}

test('a batch is taken when its spans can be read', async () => {
  const { exporter, counts, metrics } = await startExporter();
  const [a, b] = [spansNamed('a', 20), spansNamed('b', 30)];
  await exporter.consume(traces(part(1, a), part(2, b)));
  expect(await storedIds()).toEqual(idsOf(a, b));
  expect(counts('traces')).toEqual({ stored: 50, not_stored: 0, quarantined: 0 });
  expect(metrics.counter('stored_total', '').value({ signal: 'traces' })).toBe(50);
  expect(metrics.counter('inserts_total', '').value({ table: 'spans' })).toBe(1);
  expect(await store.database.select({ sql: 'SELECT count() AS n FROM resources' })).not.toEqual([{ n: '0' }]);
});

test('what comes close together becomes one block, what is many becomes several', async () => {
  const { exporter, metrics } = await startExporter({ flushRows: 40, flushInterval: '500ms' });
  const batches = Array.from({ length: 10 }, (_, i) => traces(part(i + 1, spansNamed('x', 10))));
  await Promise.all(batches.map((batch) => exporter.consume(batch)));
  expect(metrics.counter('inserts_total', '').value({ table: 'spans' })).toBe(3);
  expect(await storedIds()).toHaveLength(100);
});

test('two pipelines with the same numbers do not hide each other', async () => {
  const { exporter } = await startExporter();
  const [a, b] = [spansNamed('a', 3), spansNamed('b', 3)];
  await Promise.all([
    exporter.consume(traces(part(1, a))),
    exporter.consume({ ...traces(part(1, b)), pipeline: 'traces/second' }),
  ]);
  expect(await storedIds()).toEqual(idsOf(a, b));
});

test('metrics and logs are taken at once and counted', async () => {
  const { exporter, counts } = await startExporter({ insertFile: lost, isKilled: true });
  for (const signal of ['metrics', 'logs'] as Signal[]) {
    await exporter.consume({ signal, pipeline: signal, parts: [{ ...part(1, []), count: 7 }] });
    expect(counts(signal)).toEqual({ stored: 0, not_stored: 7, quarantined: 0 });
  }
});

test('a kill between the file and its insert: the restart inserts the file, and a replay adds nothing', async () => {
  const [a, b] = [spansNamed('a', 20), spansNamed('b', 20)];
  const batch = traces(part(1, a), part(2, b));
  const before = await startExporter({ insertFile: lost, isKilled: true });
  void before.exporter.consume(batch);
  await until(() => manifests().length === 1);
  expect(await storedIds()).toEqual([]);

  const after = await startExporter();
  await after.exporter.consume(batch);
  expect(await storedIds()).toEqual(idsOf(a, b));
  expect(manifests()).toHaveLength(1);
});

test('a kill between the insert and the cursor: a replay beside new records stores each span once', async () => {
  const [a, b, c] = [spansNamed('a', 20), spansNamed('b', 20), spansNamed('c', 20)];
  const before = await startExporter();
  await before.exporter.consume(traces(part(1, a), part(2, b)));

  const after = await startExporter();
  await after.exporter.consume(traces(part(1, a), part(2, b), part(3, c)));
  expect(await storedIds()).toEqual(idsOf(a, b, c));
});

test('a kill before the manifest: what was written is removed and built again', async () => {
  const a = spansNamed('a', 20);
  await (await startExporter()).exporter.consume(traces(part(1, a)));
  for (const file of manifests()) rmSync(join(dataDir, 'blocks/ariane', file));
  await store.database.command('TRUNCATE spans');

  const after = await startExporter();
  expect(filesIn('blocks/ariane')).toEqual([]);
  await after.exporter.consume(traces(part(1, a)));
  expect(await storedIds()).toEqual(idsOf(a));
});

test('a block whose file was cut is not trusted: its rows are built again from the spool', async () => {
  const a = spansNamed('a', 20);
  const before = await startExporter({ insertFile: lost, isKilled: true });
  void before.exporter.consume(traces(part(1, a)));
  await until(() => manifests().length === 1);
  const [file = ''] = filesIn('blocks/ariane').filter((name) => name.endsWith('.spans.native'));
  truncateSync(join(dataDir, 'blocks/ariane', file), 100);

  const after = await startExporter();
  expect(manifests()).toEqual([]);
  await after.exporter.consume(traces(part(1, a)));
  expect(await storedIds()).toEqual(idsOf(a));
});

test('files are kept until the cursor is past all of their records', async () => {
  const { exporter } = await startExporter();
  await exporter.consume(traces(part(1, spansNamed('a', 2)), part(2, spansNamed('a', 2))));
  await exporter.consume(traces(part(3, spansNamed('a', 2))));
  expect(manifests()).toHaveLength(2);
  await exporter.released?.('traces', 'traces', 1);
  await exporter.released?.('traces', 'another', 9);
  await exporter.released?.('logs', 'traces', 9);
  expect(manifests()).toHaveLength(2);
  await exporter.released?.('traces', 'traces', 2);
  await until(() => manifests().length === 1);
  await exporter.released?.('traces', 'traces', 3);
  await until(() => filesIn('blocks/ariane').length === 0);
});

/** The engine with a dislike: it refuses any file with this text in it, for ever. */
function refusing(poison: string, also: (insert: Insert) => Promise<void> = () => Promise.resolve()): InsertFile {
  return async (insert) => {
    await also(insert);
    if (readFileSync(insert.path).includes(poison)) throw new EngineError(117, `I dislike ${poison}`);
    await realInsert(insert);
  };
}

test('rows that the engine refuses are put aside alone; all others are stored as they would have been', async () => {
  const [good, bad] = [spansNamed('good', 200), spansNamed('poisoned', 3)];
  await (await startExporter()).exporter.consume(traces(part(1, good)));
  const expected = await storedHash();
  await store.database.command('TRUNCATE spans');

  rmSync(join(dataDir, 'blocks'), { recursive: true });
  const { exporter, counts } = await startExporter({ insertFile: refusing('poisoned') });
  const mixed = [bad[0], ...good.slice(0, 77), bad[1], ...good.slice(77), bad[2]].flatMap((span) => span ?? []);
  await exporter.consume(traces(part(1, mixed)));
  expect(await storedHash()).toEqual(expected);
  expect(counts('traces')).toEqual({ stored: 200, not_stored: 0, quarantined: 3 });
  const aside = filesIn('quarantine').filter((file) => file.endsWith('.native'));
  expect(aside).toHaveLength(3);
  for (const file of aside) {
    expect(readFileSync(join(dataDir, 'quarantine', file)).toString('latin1')).toContain('poisoned');
    expect(readFileSync(join(dataDir, 'quarantine', file)).toString('latin1')).not.toContain('good');
  }
  await exporter.released?.('traces', 'traces', 1);
  await until(() => filesIn('blocks/ariane').length === 0);
});

test('a kill in the middle of looking for bad rows comes to the same halves: each span once', async () => {
  const [good, bad] = [spansNamed('good', 100), spansNamed('poisoned', 2)];
  const batch = traces(part(1, [...good.slice(0, 30), ...bad, ...good.slice(30)]));
  for (const deadline of [2, 5, 9, 14]) {
    let inserts = 0;
    const dying = refusing('poisoned', () => (++inserts > deadline ? lost() : Promise.resolve()));
    const before = await startExporter({ insertFile: dying, isKilled: true });
    void before.exporter.consume(batch);
    await until(() => inserts > deadline);
  }
  const after = await startExporter({ insertFile: refusing('poisoned') });
  await after.exporter.consume(batch);
  expect(await storedIds()).toEqual(idsOf(good));
});

test('an engine that refuses every row is not asked about each', async () => {
  let asked = 0;
  const { exporter, counts } = await startExporter({
    async insertFile({ table }) {
      if (table === 'spans' && ++asked > 0) throw new EngineError(117, 'no');
    },
  });
  await exporter.consume(traces(part(1, spansNamed('x', 1000))));
  expect(counts('traces').quarantined).toBe(1000);
  expect(asked).toBeLessThan(200);
});

test('a failure that may pass is tried again until it has', async () => {
  let failures = 3;
  const { exporter, counts } = await startExporter({
    async insertFile(insert) {
      if (failures-- > 0) throw new EngineError(241, 'memory limit exceeded');
      await realInsert(insert);
    },
  });
  const a = spansNamed('a', 5);
  await exporter.consume(traces(part(1, a)));
  expect(await storedIds()).toEqual(idsOf(a));
  expect(counts('traces').quarantined).toBe(0);
});

test('a block over more than a hundred days is stored', async () => {
  const { exporter } = await startExporter({ retentionDays: 365 });
  const spans = Array.from({ length: 150 }, (_, i) => {
    const startNs = BigInt(receivedMs - i * 86_400_000) * 1_000_000n;
    return spansNamed('old', 1, { startNs, endNs: startNs + 5n });
  });
  await exporter.consume(traces(part(1, spans.flat())));
  expect(await storedIds()).toEqual(idsOf(...spans));
  expect(await store.database.select({ sql: 'SELECT uniqExact(day) AS n FROM spans' })).toEqual([{ n: '150' }]);
});

test('a malformed request is put aside; its neighbours are stored', async () => {
  const { exporter, counts } = await startExporter();
  const [a, b] = [spansNamed('a', 5), spansNamed('b', 5)];
  const malformed = { ...part(2, b), bytes: encodeTraces(b).subarray(0, -1) };
  await exporter.consume(traces(part(1, a), malformed, part(3, spansNamed('c', 1))));
  expect((await storedIds()).length).toBe(6);
  expect(counts('traces')).toEqual({ stored: 6, not_stored: 0, quarantined: 5 });
  const [file = ''] = filesIn('quarantine').filter((name) => name.endsWith('.otlp.pb'));
  expect(readFileSync(join(dataDir, 'quarantine', file)).equals(malformed.bytes)).toBe(true);
});

test('while the store is full nothing is inserted, and nothing is lost', async () => {
  let isFull = true;
  const { exporter } = await startExporter({ isFull: () => isFull });
  const a = spansNamed('a', 5);
  const taken = exporter.consume(traces(part(1, a)));
  expect(await stateOf(taken)).toBe('still open');
  expect(await storedIds()).toEqual([]);
  isFull = false;
  await taken;
  expect(await storedIds()).toEqual(idsOf(a));
});

test('with two blocks waiting no third is filled', async () => {
  const inserts: (() => void)[] = [];
  const { exporter } = await startExporter({
    flushRows: 10,
    insertFile: (insert) => new Promise<void>((resolve) => inserts.push(resolve)).then(() => realInsert(insert)),
  });
  const taken = [1, 2, 3, 4].map((seq) => exporter.consume(traces(part(seq, spansNamed('x', 10)))));
  await until(() => inserts.length === 1 && manifests().length === 2);
  expect(await stateOf(taken[2] ?? lost())).toBe('still open');
  expect(manifests()).toHaveLength(2);
  const pump = setInterval(() => inserts.shift()?.(), 1);
  await Promise.all(taken);
  clearInterval(pump);
  expect(await storedIds()).toHaveLength(40);
});

test('a folder that cannot be written is tried again', async () => {
  const clock = manualClock(receivedMs);
  const { exporter } = await startExporter({ clock });
  rmSync(join(dataDir, 'blocks'), { recursive: true });
  const a = spansNamed('a', 5);
  const taken = exporter.consume(traces(part(1, a)));
  clock.advance(20);
  expect(await stateOf(taken)).toBe('still open');
  mkdirSync(join(dataDir, 'blocks/ariane'), { recursive: true });
  clock.advance(1000);
  await taken;
  expect(await storedIds()).toEqual(idsOf(a));
});

test('stopped, it takes nothing more: what it had not taken is stored once after the restart', async () => {
  const [a, b] = [spansNamed('a', 5), spansNamed('b', 5)];
  const before = await startExporter({ insertFile: () => Promise.reject(new EngineError(241, 'later')) });
  const first = before.exporter.consume(traces(part(1, a)));
  await until(() => manifests().length === 1);
  const second = before.exporter.consume(traces(part(2, b)));
  await before.exporter.stop();
  await before.exporter.stop();
  expect(await stateOf(first)).toBe('still open');
  expect(await stateOf(second)).toBe('still open');

  const after = await startExporter();
  await after.exporter.consume(traces(part(1, a), part(2, b)));
  expect(await storedIds()).toEqual(idsOf(a, b));
});
