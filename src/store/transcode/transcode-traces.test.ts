import fc from 'fast-check';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { inspect, isDeepStrictEqual } from 'node:util';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { arbitrarySpan } from '../../../test/arbitrary-span.ts';
import { BadInput } from '../../base/errors.ts';
import type { AttributeValue, Attributes } from '../../model/attributes.ts';
import type { Span, SpanKind, StatusCode } from '../../model/span.ts';
import { decodeTraces, encodeTraces } from '../../wire/otlp-proto.ts';
import { ProtoWriter } from '../../wire/protobuf.ts';
import { openTestStore, type TestStore } from '../open-test-store.ts';
import { decodeAttributes, decodeInlineAttributes } from './decode-values.ts';
import { dictionaryBlocks } from './dictionary-blocks.ts';
import { Dictionary } from './dictionary.ts';
import { SpanBlock } from './span-block.ts';
import { TraceTranscoder } from './transcode-traces.ts';

const dayMs = 86_400_000;
const receivedMs = Date.UTC(2026, 6, 15, 12);
const today = receivedMs / dayMs - 0.5;

let store: TestStore;
beforeAll(async () => {
  store = await openTestStore();
});
afterAll(() => store.stop());
beforeEach(async () => {
  for (const table of ['spans', 'shapes', 'resources', 'scopes']) await store.database.command(`TRUNCATE ${table}`);
});

let files = 0;
async function insertBlock(block: SpanBlock): Promise<void> {
  const spans = { table: 'spans', rows: block.rows, ...block.finish() };
  for (const { table, columns, pieces } of [...dictionaryBlocks(block, today), spans]) {
    const token = `block-${++files}`;
    const path = join(store.dataDir, `${token}.native`);
    writeFileSync(path, Buffer.concat(pieces));
    await store.database.insertFile({ table, columns, path, token });
  }
}

interface ListRow {
  readonly shape: string;
  readonly vals: readonly string[];
}
interface DescribedRow {
  readonly id: string;
  readonly keys: readonly string[];
  readonly types: string;
  readonly vals: readonly string[];
  readonly schema_url: string;
}

interface SpanRow extends ListRow {
  readonly trace: string;
  readonly span: string;
  readonly parent: string;
  readonly service: string;
  readonly trace_state: string;
  readonly flags: number;
  readonly name: string;
  readonly kind: SpanKind;
  readonly ts: string;
  readonly duration: string;
  readonly status: StatusCode;
  readonly status_message: string;
  readonly res_id: string;
  readonly scope_id: string;
  readonly dropped: readonly number[];
  readonly 'events.ts': readonly string[];
  readonly 'events.name': readonly string[];
  readonly 'events.shape': readonly string[];
  readonly 'events.vals': readonly (readonly string[])[];
  readonly 'events.dropped': readonly number[];
  readonly link_traces: readonly string[];
  readonly link_spans: readonly string[];
  readonly 'links.trace_state': readonly string[];
  readonly 'links.flags': readonly number[];
  readonly 'links.shape': readonly string[];
  readonly 'links.vals': readonly (readonly string[])[];
  readonly 'links.dropped': readonly number[];
}

/** Every span of the store, decoded by id: trace, span. */
async function readSpans(): Promise<Map<string, Span>> {
  const { database } = store;
  const byId = async <Row extends { id: string }>(sql: string) =>
    new Map((await database.select<Row>({ sql })).map((row) => [row.id, row]));
  const shapes = await byId<{ id: string; keys: string[]; types: string }>('SELECT * FROM shapes FINAL');
  const resources = await byId<DescribedRow & { service: string }>('SELECT * FROM resources FINAL');
  const scopes = await byId<DescribedRow & { name: string; version: string }>('SELECT * FROM scopes FINAL');
  const attributesOf = ({ shape, vals }: ListRow): Attributes => {
    if (shape === '0') return decodeInlineAttributes(vals);
    const known = shapes.get(shape);
    if (known === undefined) throw new Error(`no shape ${shape}`);
    return decodeAttributes(known.keys, known.types, vals);
  };
  const rows = await database.select<SpanRow>({
    sql: `SELECT *, hex(trace_id) AS trace, hex(span_id) AS span, hex(parent_id) AS parent,
      arrayMap(x -> hex(x), links.trace_id) AS link_traces, arrayMap(x -> hex(x), links.span_id) AS link_spans
      FROM spans`,
  });
  return new Map(
    rows.map((row) => {
      const [droppedAttributes = 0, droppedEvents = 0, droppedLinks = 0] = row.dropped;
      const resource = resources.get(row.res_id);
      const scope = scopes.get(row.scope_id);
      if (resource === undefined || scope === undefined) throw new Error('no resource or scope');
      const startNs = BigInt(row.ts);
      const span: Span = {
        traceId: lower(row.trace),
        spanId: lower(row.span),
        parentSpanId: /^0+$/.test(row.parent) ? '' : lower(row.parent),
        traceState: row.trace_state,
        flags: row.flags,
        name: row.name,
        kind: row.kind,
        startNs,
        endNs: BigInt.asIntN(64, startNs + BigInt(row.duration)),
        attributes: attributesOf(row),
        events: row['events.ts'].map((ts, i) => ({
          timeNs: BigInt(ts),
          name: row['events.name'][i] ?? '',
          attributes: attributesOf({ shape: row['events.shape'][i] ?? '', vals: row['events.vals'][i] ?? [] }),
          droppedAttributes: row['events.dropped'][i] ?? -1,
        })),
        links: row.link_traces.map((trace, i) => ({
          traceId: lower(trace),
          spanId: lower(row.link_spans[i] ?? ''),
          traceState: row['links.trace_state'][i] ?? '',
          attributes: attributesOf({ shape: row['links.shape'][i] ?? '', vals: row['links.vals'][i] ?? [] }),
          flags: row['links.flags'][i] ?? -1,
          droppedAttributes: row['links.dropped'][i] ?? -1,
        })),
        statusCode: row.status,
        statusMessage: row.status_message,
        droppedAttributes,
        droppedEvents,
        droppedLinks,
        resource: {
          service: resource.service,
          attributes: decodeAttributes(resource.keys, resource.types, resource.vals),
          schemaUrl: resource.schema_url,
        },
        scope: {
          name: scope.name,
          version: scope.version,
          attributes: decodeAttributes(scope.keys, scope.types, scope.vals),
          schemaUrl: scope.schema_url,
        },
      };
      expect(row.service).toBe(span.resource.service);
      return [span.traceId + span.spanId, span] as const;
    }),
  );
}

/** Deep equality of nested maps: describing in detail how two of them differ takes the test runner minutes. */
function expectSame(actual: unknown, expected: unknown): void {
  if (isDeepStrictEqual(actual, expected)) return;
  const [got, wanted] = [actual, expected].map((value) => inspect(value, { depth: 40 }));
  throw new Error(`got ${got}\nexpected ${wanted}`);
}

const lower = (hex: string) => hex.toLowerCase();

function sampleSpan(change: Partial<Span> = {}): Span {
  const [span] = fc.sample(arbitrarySpan, { numRuns: 1, seed: 7 });
  if (span === undefined) throw new Error('no sample');
  return { ...span, events: [], links: [], attributes: new Map(), ...change };
}

function transcode(requests: readonly Uint8Array[], options: { dictionary?: Dictionary; retentionDays?: number } = {}) {
  const transcoder = new TraceTranscoder(options.dictionary ?? new Dictionary(), options.retentionDays ?? 7);
  const block = new SpanBlock();
  const results = requests.map((request) => transcoder.append(block, request, receivedMs));
  return { block, results };
}

test('any spans, with every attribute type, come back from the engine exactly', async () => {
  const spans = fc.sample(arbitrarySpan, { numRuns: 400, seed: 3 });
  const requests = [];
  for (let i = 0; i < spans.length; i += 10) requests.push(encodeTraces(spans.slice(i, i + 10)));
  const { block, results } = transcode(requests);
  expect(results.reduce((sum, { rows }) => sum + rows, 0)).toBe(400);
  await insertBlock(block);
  const stored = await readSpans();
  expect(stored.size).toBe(400);
  for (const span of spans) expectSame(stored.get(span.traceId + span.spanId), span);
});

test('lists that no shape is left for are kept inline, and come back exactly', async () => {
  const spans = fc.sample(arbitrarySpan, { numRuns: 60, seed: 4 });
  const long = new Map<string, AttributeValue>(Array.from({ length: 129 }, (_, i) => [`key ${i}`, BigInt(i)]));
  const wide = sampleSpan({ attributes: long });
  const dictionary = new Dictionary({ maxShapes: 20, maxNodes: 60, maxKeys: 128 });
  const { block } = transcode([encodeTraces([...spans, wide])], { dictionary });
  await insertBlock(block);
  const stored = await readSpans();
  for (const span of [...spans, wide]) expectSame(stored.get(span.traceId + span.spanId), span);
  const inline = await store.database.select({
    sql: 'SELECT count() AS n FROM spans WHERE shape = 0 AND notEmpty(vals)',
  });
  expect(Number((inline[0] as { n: string }).n)).toBeGreaterThan(5);
});

test('a new day makes room for shapes again', () => {
  const dictionary = new Dictionary({ maxShapes: 1, maxNodes: 10, maxKeys: 128 });
  const transcoder = new TraceTranscoder(dictionary, 7);
  const block = new SpanBlock();
  const shapesAfter = (key: string, ms: number) => {
    transcoder.append(block, encodeTraces([sampleSpan({ attributes: new Map([[key, 'x']]) })]), ms);
    return block.shapes.map((shape) => shape.keys);
  };
  expect(shapesAfter('a', receivedMs)).toEqual([['a']]);
  expect(shapesAfter('b', receivedMs)).toEqual([['a']]);
  expect(shapesAfter('b', receivedMs + dayMs)).toEqual([['a'], ['b']]);
});

test('times of 1677, 1970 and 2262, without end, or ending before they start, keep their value and open no partition', async () => {
  const min = -(2n ** 63n);
  const max = 2n ** 63n - 1n;
  const now = BigInt(receivedMs) * 1_000_000n;
  const day = 86_400_000_000_000n;
  const todayNs = BigInt(today) * day;
  // [start, end, its day relative to today]
  const times: [bigint, bigint, number][] = [
    [min, min + 5n, 0],
    [min, max, 0],
    [max, min, 0],
    [0n, 0n, 0],
    [now, 0n, 0],
    [-1n, 1n, 0],
    [now, now - 5n, 0],
    [todayNs - 1n, now, -1],
    [todayNs, now, 0],
    [todayNs - 6n * day, now, -6],
    [todayNs - 6n * day - 1n, now, 0],
    [todayNs + 2n * day - 1n, now, 1],
    [todayNs + 2n * day, now, 0],
  ];
  const spans = times.map(([startNs, endNs], i) =>
    sampleSpan({ startNs, endNs, spanId: (i + 1).toString(16).padStart(16, '0') }),
  );
  await insertBlock(transcode([encodeTraces(spans)]).block);
  const stored = await readSpans();
  for (const span of spans) expectSame(stored.get(span.traceId + span.spanId), span);
  const days = await store.database.select<{ day: number }>({
    sql: 'SELECT toInt32(day) AS day FROM spans ORDER BY span_id',
  });
  expect(days.map((row) => row.day - today)).toEqual(times.map(([, , relative]) => relative));
});

test('an old import is kept by the day of its arrival even when retention is a year, unless the year covers it', () => {
  const span = sampleSpan({ startNs: BigInt(Date.UTC(2026, 0, 1)) * 1_000_000n });
  const dayOf = (retentionDays: number) =>
    Buffer.from(transcode([encodeTraces([span])], { retentionDays }).block.day.content).readUInt16LE();
  expect(dayOf(7)).toBe(today);
  expect(dayOf(365)).toBe(Date.UTC(2026, 0, 1) / dayMs);
});

function spanWithIds(ids: { trace: number; span: number; parent?: number }): Uint8Array {
  const writer = new ProtoWriter();
  writer.messageField(1, (r) =>
    r.messageField(2, (s) =>
      s.messageField(2, (w) => {
        w.bytesField(1, new Uint8Array(ids.trace).fill(0xab)).bytesField(2, new Uint8Array(ids.span).fill(0xcd));
        if (ids.parent !== undefined) w.bytesField(4, new Uint8Array(ids.parent).fill(0xef));
        w.messageField(9, (kv) => kv.stringField(1, 'k').messageField(2, (v) => v.stringField(1, 'v')));
        w.messageField(11, (event) => event.stringField(2, 'an event'));
      }),
    ),
  );
  return writer.finish();
}

test('spans with impossible ids are counted by reason, the others are kept', async () => {
  const { block, results } = transcode([
    Buffer.concat([
      spanWithIds({ trace: 16, span: 8, parent: 8 }),
      spanWithIds({ trace: 15, span: 8 }),
      spanWithIds({ trace: 0, span: 8 }),
      spanWithIds({ trace: 16, span: 0 }),
      spanWithIds({ trace: 16, span: 8, parent: 4 }),
      spanWithIds({ trace: 8, span: 8 }),
    ]),
  ]);
  expect(results).toEqual([
    {
      rows: 2,
      rejected: new Map([
        ['trace_id', 2],
        ['span_id', 1],
        ['parent_id', 1],
      ]),
    },
  ]);
  await insertBlock(block);
  const stored = [...(await readSpans()).values()];
  expect(stored.map((span) => [span.traceId, span.parentSpanId])).toEqual(
    expect.arrayContaining([
      ['ab'.repeat(16), 'ef'.repeat(8)],
      ['ab'.repeat(8).padStart(32, '0'), ''],
    ]),
  );
  expect(stored.map((span) => [...span.attributes])).toEqual([[['k', 'v']], [['k', 'v']]]);
  expect(stored.map((span) => span.events.length)).toEqual([1, 1]);
});

test('a malformed request leaves the block as it was', () => {
  const good = encodeTraces(fc.sample(arbitrarySpan, { numRuns: 20, seed: 5 }));
  const bad = encodeTraces(fc.sample(arbitrarySpan, { numRuns: 20, seed: 6 })).slice(0, -3);
  const transcoder = new TraceTranscoder(new Dictionary(), 7);
  const [alone, together] = [new SpanBlock(), new SpanBlock()];
  transcoder.append(alone, good, receivedMs);
  transcoder.append(together, good, receivedMs);
  expect(() => transcoder.append(together, bad, receivedMs)).toThrow(BadInput);
  expect(Buffer.concat(together.finish().pieces)).toEqual(Buffer.concat(alone.finish().pieces));
});

// Not the other way round: of a value given twice only the last is looked into, of a rejected span no event is.
test('from any bytes that the decoder takes, the transcoder takes as many spans; nothing but bad input is ever thrown', () => {
  const change = fc.record({ at: fc.nat(), byte: fc.nat(255) });
  const transcoder = new TraceTranscoder(new Dictionary(), 7);
  fc.assert(
    fc.property(
      fc.array(arbitrarySpan, { minLength: 1, maxLength: 3 }),
      fc.array(change, { maxLength: 6 }),
      (spans, changes) => {
        const bytes = encodeTraces(spans);
        for (const { at, byte } of changes) bytes[at % bytes.length] = byte;
        const block = new SpanBlock();
        const attempt = <T>(run: () => T): T | 'refused' => {
          try {
            return run();
          } catch (error) {
            expect(error).toBeInstanceOf(BadInput);
            return 'refused';
          }
        };
        const rows = attempt(() => transcoder.append(block, bytes, receivedMs).rows);
        const decoded = attempt(() => decodeTraces(bytes, () => {}).length);
        if (decoded !== 'refused') expect(rows).toBe(decoded);
        expect(block.rows).toBe(rows === 'refused' ? 0 : rows);
      },
    ),
    { numRuns: 1500, endOnFailure: true },
  );
});

test('fields in any order, split messages and unknown fields change nothing', async () => {
  const writer = new ProtoWriter();
  const unknown = (w: ProtoWriter) => w.varintField(900, 1).stringField(901, 'later').fixed64Field(902, 5n);
  writer.messageField(1, (r) => {
    r.messageField(2, (s) => {
      s.messageField(2, (w) => {
        unknown(w).stringField(5, 'first name').fixed64Field(8, 20n).fixed64Field(7, 5n);
        w.messageField(9, (kv) =>
          kv.messageField(2, (v) => unknown(v).stringField(1, 'value')).stringField(1, 'reversed'),
        );
        w.messageField(9, (kv) =>
          unknown(kv)
            .stringField(1, 'twice')
            .messageField(2, (v) => v.varintField(3, 1).stringField(1, 'last')),
        );
        w.messageField(9, (kv) => kv.stringField(1, 'empty'));
        w.messageField(9, (kv) => kv.messageField(2, (v) => v.varintField(2, 7)));
        w.bytesField(2, new Uint8Array(8).fill(2)).bytesField(1, new Uint8Array(16).fill(1)).stringField(5, 'name');
      });
      unknown(s).messageField(1, (scope) => scope.stringField(1, 'late scope'));
    });
    r.messageField(1, (resource) =>
      resource.messageField(1, (kv) =>
        kv.stringField(1, 'service.name').messageField(2, (v) => v.stringField(1, 'shop')),
      ),
    );
    r.messageField(1, (resource) =>
      resource.messageField(1, (kv) => kv.stringField(1, 'host').messageField(2, (v) => v.varintField(3, -1))),
    );
    unknown(r).stringField(3, 'https://schema');
  });
  const request = writer.finish();
  await insertBlock(transcode([request]).block);
  const stored = [...(await readSpans()).values()];
  expectSame(stored, decodeTraces(request));
  expect(stored[0]?.attributes).toEqual(
    new Map<string, AttributeValue>([
      ['reversed', 'value'],
      ['twice', 'last'],
      ['empty', null],
      ['', true],
    ]),
  );
  expect(stored[0]?.resource.service).toBe('shop');
});

test('dictionary rows are given once a day', () => {
  const { block } = transcode([encodeTraces([sampleSpan({ attributes: new Map([['a', 'b']]) })])]);
  expect(dictionaryBlocks(block, today).map(({ table, rows }) => [table, rows])).toEqual([
    ['shapes', 1],
    ['resources', 1],
    ['scopes', 1],
  ]);
  for (const thing of [...block.shapes, ...block.resources, ...block.scopes]) thing.storedDay = today;
  expect(dictionaryBlocks(block, today)).toEqual([]);
  expect(dictionaryBlocks(block, today + 1)).toHaveLength(3);
});
