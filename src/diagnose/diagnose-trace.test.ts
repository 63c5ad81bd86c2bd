import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type Drawn, draw, span, spanIdNamed } from '../../test/fixtures/draw-trace.ts';
import { buildTrace, spanFlag } from '../model/trace.ts';
import { diagnoseTrace, type TraceQuestion } from './diagnose-trace.ts';
import { narrowSpace } from './format.ts';
import { type Usuals, usualKey } from './usual.ts';

const database = { flags: spanFlag.database };

const tutorial = draw(
  span(
    'frontend/GET /checkout',
    0,
    500,
    span('auth/POST /login', 10, 60),
    span('order/POST /orders', 70, 470, span('order/SELECT orders', 100, 450, database)),
  ),
);

const ask = (more: Partial<TraceQuestion> = {}): TraceQuestion => ({ language: 'en', settled: true, ...more });

/** `{ 'service/operation': median ms }`, each known from 100 calls. */
function usuals(medians: Record<string, number>, count = 100): Usuals {
  return new Map(
    Object.entries(medians).map(([key, ms]) => {
      const [service = '', operation = ''] = key.split(/\/(.*)/s);
      return [usualKey(service, operation), { p50Ns: ms * 1e6, count }];
    }),
  );
}

const tutorialUsuals = usuals({
  'frontend/GET /checkout': 178,
  'auth/POST /login': 50,
  'order/POST /orders': 78,
  'order/SELECT orders': 28,
});

describe('the verdict on the tutorial', () => {
  it('names the query, and all causes add up to the duration', () => {
    const verdict = diagnoseTrace(tutorial, ask());
    expect(verdict.verdict.text).toBe('GET /checkout took 500 ms: 350 ms in order · SELECT orders, one query.');
    expect(verdict.causes.map((c) => [c.service, c.operation, c.kind, c.contribution_ns / 1e6, c.share])).toEqual([
      ['order', 'SELECT orders', 'database', 350, 0.7],
      ['frontend', 'GET /checkout', 'own-time', 50, 0.1],
      ['auth', 'POST /login', 'own-time', 50, 0.1],
      ['order', 'POST /orders', 'own-time', 50, 0.1],
    ]);
    expect(verdict).toMatchObject({ duration_ns: 500e6, unexplained_ns: 0, notes: [], not_waited_for: [] });
    expect(verdict.usual_ns).toBeUndefined();
    expect(verdict.culprit).toMatchObject({
      span_id: spanIdNamed(tutorial, 'SELECT orders'),
      self_path_ns: 350e6,
      share: 0.7,
      tag: { id: 'tag', text: 'the time goes here · 350 ms (70%)' },
    });
  });

  it('compares with what is usual, where it is known', () => {
    const verdict = diagnoseTrace(tutorial, ask({ usual: tutorialUsuals }));
    expect(verdict.verdict).toMatchObject({ id: 'lead.trace.usual', values: { d: 500e6, u: 178e6 } });
    expect(verdict.verdict.text).toBe(
      'GET /checkout took 500 ms, 2.8× its usual 178 ms: 350 ms in order · SELECT orders, one query: 350 ms instead of 28 ms.',
    );
    expect(verdict.causes[0]).toMatchObject({ usual_ns: 28e6, excess_ns: 322e6, share: 1 });
    expect(verdict.causes[1]).toMatchObject({ usual_ns: 50e6, excess_ns: 0, share: 0 });
  });

  it('is said in French', () => {
    const verdict = diagnoseTrace(tutorial, ask({ usual: tutorialUsuals, language: 'fr' }));
    expect(verdict.verdict.text.replaceAll(narrowSpace, '_')).toBe(
      'GET /checkout a pris 500_ms, soit 2,8× ses 178_ms habituelles_: 350_ms dans order · SELECT orders, une requête SQL_: 350_ms au lieu de 28_ms.',
    );
  });

  it('takes fewer than 20 calls for no usual', () => {
    const verdict = diagnoseTrace(tutorial, ask({ usual: usuals({ 'order/SELECT orders': 28 }, 19) }));
    expect(verdict.causes[0]?.usual_ns).toBeUndefined();
    expect(verdict.verdict.id).toBe('lead.trace');
  });
});

describe('the ranking', () => {
  const trace = draw(
    span('shop/pay', 0, 520, span('bank/charge', 10, 310), span('shop/SELECT cart', 310, 510, database)),
  );

  it('puts what grew before what is always long', () => {
    const usual = usuals({ 'shop/pay': 325, 'bank/charge': 300, 'shop/SELECT cart': 10 });
    const verdict = diagnoseTrace(trace, ask({ usual }));
    expect(verdict.causes.map((c) => c.operation)).toEqual(['SELECT cart', 'pay', 'charge']);
    expect(verdict.culprit?.span_id).toBe(spanIdNamed(trace, 'SELECT cart'));
  });

  it('goes by length while the whole is not slower than usual', () => {
    const usual = usuals({ 'shop/pay': 530, 'bank/charge': 310, 'shop/SELECT cart': 10 });
    expect(diagnoseTrace(trace, ask({ usual })).causes[0]?.operation).toBe('charge');
    expect(diagnoseTrace(trace, ask()).causes[0]?.operation).toBe('charge');
  });

  it('takes all of a node whose usual is not known', () => {
    const usual = usuals({ 'shop/pay': 330, 'shop/SELECT cart': 10 });
    expect(diagnoseTrace(trace, ask({ usual })).causes[0]?.operation).toBe('charge');
  });

  it('names a second cause of the size of the first', () => {
    expect(diagnoseTrace(trace, ask()).verdict.text).toBe(
      'pay took 520 ms: 300 ms in bank · charge, own work, with no child span inside; then 200 ms in shop · SELECT cart, one query.',
    );
  });
});

describe('several calls of one operation', () => {
  const calls = (ms: number, n: number) =>
    draw(
      span(
        's/list',
        0,
        1000,
        ...Array.from({ length: n }, (_, i) => span(`s/load ${i}`, i * ms, (i + 1) * ms, database)),
      ),
    );

  it('are one cause, under a name without their ids, the costliest row first', () => {
    const verdict = diagnoseTrace(calls(100, 8), ask());
    expect(verdict.causes[0]).toMatchObject({ operation: 'load ?', contribution_ns: 800e6 });
    expect(verdict.causes[0]?.span_ids).toHaveLength(8);
    expect(verdict.causes[0]?.sentence.text).toBe('8 queries');
  });

  it('have a usual only where each call is slow by itself: how many are usual is not known', () => {
    const usual = usuals(Object.fromEntries(Array.from({ length: 8 }, (_, i) => [`s/load ${i}`, 10])));
    expect(diagnoseTrace(calls(100, 8), ask({ usual })).causes[0]).toMatchObject({
      usual_ns: 80e6,
      sentence: { text: '8 queries: 800 ms instead of 80 ms' },
    });
    expect(diagnoseTrace(calls(12, 8), ask({ usual })).causes.at(-1)?.usual_ns).toBeUndefined();
  });
});

it('says that there is no single cause when the time spreads', () => {
  const parts = Array.from({ length: 10 }, (_, i) => span(`s${i}/op${i}x`, i * 10, (i + 1) * 10));
  expect(diagnoseTrace(draw(span('web/page', 0, 100, ...parts)), ask()).verdict.text).toBe(
    'page took 100 ms: no single cause: 100 ms over 10 operations, at most 10 ms in s0 · op0x.',
  );
});

it('says nothing about a trace of no duration or no spans, but gives its lead', () => {
  expect(diagnoseTrace(draw(span('web/ping', 5, 5)), ask())).toMatchObject({
    duration_ns: 0,
    causes: [],
    verdict: { text: 'ping took 0 ms.' },
  });
  expect(diagnoseTrace(buildTrace('00', []), ask())).toMatchObject({ duration_ns: 0, causes: [], unexplained_ns: 0 });
});

it('clips a statement of a thousand characters in the sentence, not in the cause', () => {
  const statement = `SELECT ${'column, '.repeat(200)}x FROM t`;
  const verdict = diagnoseTrace(draw(span(`db/${statement}`, 0, 5, database)), ask());
  expect(verdict.verdict.text.length).toBeLessThan(220);
  expect(verdict.verdict.text).toContain('…, one query.');
  expect(verdict.causes[0]?.operation).toBe(statement);
});

describe('the notes', () => {
  const notes = (roots: Drawn[], more: Partial<TraceQuestion> = {}) =>
    diagnoseTrace(draw(...roots), ask(more)).notes.map((note) => note.text);

  it('say what is still arriving and what never arrived', () => {
    expect(notes([span('a', 0, 10), span('b', 2, 3, { orphan: true })], { settled: false })).toEqual([
      'still arriving',
      'incomplete: 1 span has a parent that never arrived',
    ]);
  });

  it('say whose clock was moved', () => {
    const root = span('web/call', 100, 400, { kind: 'client' }, span('api/serve', 90, 380, { kind: 'server' }));
    expect(notes([root])).toEqual(['clock of api moved by 10 ms for this analysis']);
    const hosts = ['web-1', 'api-7'];
    expect(notes([root], { hostOf: (row) => hosts[row] ?? '' })).toEqual([
      'clock of api-7 moved by 10 ms for this analysis',
    ]);
  });

  it('say nothing of a shift under 1 % of the whole', () => {
    expect(
      notes([span('web/call', 100, 400, { kind: 'client' }, span('api/serve', 98, 380, { kind: 'server' }))]),
    ).toEqual([]);
  });

  it('say what nobody waited for, the three longest, and their ids are all named', () => {
    const late = [200, 500, 300, 400].map((to) => span(`mail/send${to}`, 50, to));
    const trace = draw(span('web/GET', 0, 100, ...late));
    const verdict = diagnoseTrace(trace, ask());
    expect(verdict.notes.map((n) => n.text)).toEqual(
      [400, 300, 200].map((ms) => `mail · send${ms + 100} goes on ${ms} ms after the answer; nobody waited for it`),
    );
    expect(verdict.not_waited_for).toHaveLength(4);
    expect(verdict.causes.map((c) => c.operation)).toEqual(['GET']);
  });
});

it('adds up exactly on any tree, and names each row of the path once', () => {
  const anyTree = fc.array(
    fc.record({ up: fc.nat(20), from: fc.nat(1e9), ns: fc.nat(1e9), name: fc.nat(5), service: fc.nat(2) }),
    { minLength: 1, maxLength: 20 },
  );
  fc.assert(
    fc.property(anyTree, fc.nat(1e9), (given, medianNs) => {
      const trace = buildTrace(
        '00',
        given.map((g, i) => ({
          spanId: (i + 1).toString(16).padStart(16, '0'),
          parentSpanId: i === 0 ? '' : (1 + (g.up % i)).toString(16).padStart(16, '0'),
          startNs: BigInt(g.from),
          endNs: BigInt(g.from + g.ns),
          service: `s${g.service}`,
          name: `op ${g.name}`,
          kind: 1,
          flags: 0,
        })),
      );
      const usual = usuals({ 's0/op 0': medianNs / 1e6, 's1/op 1': medianNs / 2e6 });
      const verdict = diagnoseTrace(trace, ask({ usual }));
      const sum = verdict.causes.reduce((ns, cause) => ns + cause.contribution_ns, 0);
      expect(sum + verdict.unexplained_ns).toBe(verdict.duration_ns);
      expect(verdict.unexplained_ns).toBe(0);
      const ids = verdict.causes.flatMap((cause) => cause.span_ids);
      expect(new Set(ids).size).toBe(ids.length);
      for (const cause of verdict.causes) expect(cause.share >= 0 && cause.share <= 1).toBe(true);
    }),
    { numRuns: 2000 },
  );
});

it('explains 100,000 spans in under a second', () => {
  const calls = Array.from({ length: 100_000 }, (_, i) => span(`s${i % 9}/load ${i}`, i, i + 1));
  const trace = draw(span('web/batch', 0, 100_000, ...calls));
  const started = performance.now();
  const verdict = diagnoseTrace(trace, ask());
  expect(performance.now() - started).toBeLessThan(1000);
  expect(verdict.causes).toHaveLength(9);
});
