import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { AttributeValue } from '../model/attributes.ts';
import { spanFlag, spanIdOf } from '../model/trace.ts';
import type { Database } from '../store/database.ts';
import { createCatalogue } from './catalogue.ts';
import { readSkeleton } from './read-skeleton.ts';
import { readTrace } from './read-trace.ts';
import { openTestDatabase, type TestDatabase, testSpan } from './test-spans.ts';

let store: TestDatabase;
let db: Database;
beforeAll(async () => {
  store = await openTestDatabase();
  db = store.db;
});
afterAll(() => store.stop());

describe('reading a trace', () => {
  it('gives every part of a span back as it was stored', async () => {
    const traceId = '0123456789abcdef0123456789abcdef';
    const attributes: Record<string, AttributeValue> = {
      text: `it's "quoted"\n\t\\ {x:String}`,
      'http.response.status_code': 200n,
      big: 9_223_372_036_854_775_807n,
      ratio: 0.1,
      nan: Number.NaN,
      yes: true,
      bytes: new Uint8Array([0, 255, 1]),
      nothing: null,
      list: ['a', 1n, [false]],
      map: new Map<string, AttributeValue>([['k', 2.5]]),
    };
    const root = testSpan({
      traceId,
      attributes,
      resource: { 'host.name': 'h1' },
      traceState: 'a=b',
      flags: 257,
      statusCode: 2,
      statusMessage: 'boom',
      droppedAttributes: 1,
      droppedEvents: 2,
      droppedLinks: 3,
      scope: { name: 'lib', version: '2', attributes: new Map([['x', 'y']]), schemaUrl: 'https://s' },
      events: [
        { timeNs: 5n, name: 'exception', attributes: new Map([['exception.type', 'E']]), droppedAttributes: 4 },
        { timeNs: -6n, name: '', attributes: new Map(), droppedAttributes: 0 },
      ],
      links: [
        {
          traceId: 'f'.repeat(32),
          spanId: 'e'.repeat(16),
          traceState: 's=t',
          flags: 1,
          attributes: new Map([['l', 1n]]),
          droppedAttributes: 5,
        },
      ],
    });
    const child = testSpan({ traceId, parentSpanId: root.spanId, atMs: 1, attributes: { 'test.inline': 'in', n: 7n } });
    await store.insert([child, root, testSpan({ traceId: `1${traceId.slice(1)}` })]);
    expect(await readTrace(db, createCatalogue(db), traceId)).toEqual([root, child]);
    expect(await readTrace(db, createCatalogue(db), traceId, { spanIds: [child.spanId] })).toEqual([child]);
    expect(await readTrace(db, createCatalogue(db), '9'.repeat(32))).toEqual([]);
  });

  it('shows a repeated span once, and both halves of a shared Zipkin span', async () => {
    const traceId = '00000000000000000000000000000abc';
    const client = testSpan({ traceId, spanId: '00000000000000c1', kind: 3 });
    const server = testSpan({ traceId, spanId: '00000000000000c1', kind: 2, atMs: 1, service: 'other' });
    await store.insert([client, server]);
    await store.insert([client, server]);
    expect(await readTrace(db, createCatalogue(db), traceId)).toEqual([client, server]);
    const trace = await readSkeleton(db, createCatalogue(db), traceId);
    expect(trace?.count).toBe(2);
    expect(trace && [...trace.parent]).toEqual([-1, 0]);
  });

  it.each([
    ['1677', -9_223_372_036_854_775_808n],
    ['1970', 0n],
    ['2262', 9_223_372_036_000_000_000n],
  ])('keeps a time of %s', async (year, startNs) => {
    const span = testSpan({ traceId: year.padStart(32, 'd'), startNs });
    await store.insert([span]);
    expect(await readTrace(db, createCatalogue(db), span.traceId)).toEqual([span]);
    expect((await readSkeleton(db, createCatalogue(db), span.traceId))?.baseNs).toBe(startNs);
  });
});

describe('reading a skeleton', () => {
  it('marks errors, database calls, events and links', async () => {
    const traceId = 'c'.repeat(32);
    const event = { timeNs: 1n, name: 'e', attributes: new Map(), droppedAttributes: 0 };
    const link = {
      traceId,
      spanId: '1'.repeat(16),
      traceState: '',
      flags: 0,
      attributes: new Map(),
      droppedAttributes: 0,
    };
    const root = testSpan({ traceId, statusCode: 2 });
    const call = testSpan({ traceId, parentSpanId: root.spanId, atMs: 1, attributes: { 'db.system': 'sqlite' } });
    const inline = testSpan({
      traceId,
      parentSpanId: root.spanId,
      atMs: 2,
      attributes: { 'test.inline': 'db.system', 'db.system.name': 'x' },
    });
    const plain = testSpan({
      traceId,
      parentSpanId: '00000000deadbeef',
      atMs: 3,
      attributes: { 'test.inline': 'db.system' },
      events: [event],
      links: [link],
    });
    await store.insert([plain, inline, call, root]);
    const trace = await readSkeleton(db, createCatalogue(db), traceId);
    if (trace === undefined) throw new Error('no trace');
    expect(Array.from({ length: 4 }, (_, row) => spanIdOf(trace, row))).toEqual(
      [root, call, inline, plain].map((s) => s.spanId),
    );
    expect([...trace.flags]).toEqual([
      spanFlag.error,
      spanFlag.database,
      spanFlag.database,
      spanFlag.events | spanFlag.links | spanFlag.orphan,
    ]);
    expect(await readSkeleton(db, createCatalogue(db), '7'.repeat(32))).toBeUndefined();
  });
});
