import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { draw, rowNamed, span } from '../../test/fixtures/draw-trace.ts';
import { spanKind } from '../model/span.ts';
import { buildTrace, spanFlag, type Trace, type TraceRow } from '../model/trace.ts';
import { criticalPath, type Path, type PathOptions } from './critical-path.ts';

/** `A 0-60, B 60-100`, in ms from the root's start; `~` marks inferred segments. */
function said(trace: Trace, options: PathOptions = {}): string {
  const path = criticalPath(trace, options);
  const zero = trace.startNs[path.root] ?? 0;
  return Array.from({ length: path.count }, (_, i) => {
    const name = trace.names[trace.name[path.row[i] ?? 0] ?? 0];
    const at = (ns: number | undefined) => ((ns ?? 0) - zero) / 1e6;
    return `${path.inferred[i] ? '~' : ''}${name} ${at(path.fromNs[i])}-${at(path.toNs[i])}`;
  }).join(', ');
}

function detached(trace: Trace, options: PathOptions = {}): (string | undefined)[] {
  return criticalPath(trace, options).notWaitedFor.map((row) => trace.names[trace.name[row] ?? 0]);
}

describe('the critical path', () => {
  it('of the tutorial goes down to the query', () => {
    const trace = draw(span('GET', 0, 500, span('login', 10, 60), span('orders', 70, 470, span('SELECT', 100, 450))));
    expect(said(trace)).toBe(
      'GET 0-10, login 10-60, GET 60-70, orders 70-100, SELECT 100-450, orders 450-470, GET 470-500',
    );
  });

  it('of one span is that span; of no duration, nothing; of no spans, nothing', () => {
    expect(said(draw(span('A', 0, 5)))).toBe('A 0-5');
    expect(said(draw(span('A', 5, 5)))).toBe('');
    expect(criticalPath(buildTrace('00', []))).toMatchObject({ root: -1, count: 0, otherRoots: [] });
  });

  it('takes the slowest of parallel children, not the first', () => {
    expect(said(draw(span('R', 0, 100, span('A', 10, 40), span('B', 10, 90), span('C', 10, 20))))).toBe(
      'R 0-10, B 10-90, R 90-100',
    );
  });

  it('ignores a slow parallel sibling that ends before the one waited for', () => {
    expect(said(draw(span('R', 0, 100, span('slow', 0, 80), span('A', 0, 50), span('B', 50, 100))))).toBe(
      '~slow 0-50, B 50-100',
    );
  });
});

describe('known errors of other implementations', () => {
  it('keeps the first of two siblings that touch: end equals next start', () => {
    expect(said(draw(span('R', 0, 100, span('A', 0, 50), span('B', 50, 100))))).toBe('A 0-50, B 50-100');
  });

  it('gives the earlier of two overlapping siblings its time before the later one began, marked inferred', () => {
    expect(said(draw(span('R', 0, 100, span('A', 0, 60), span('B', 40, 100))))).toBe('~A 0-40, B 40-100');
  });

  it('lets no fire-and-forget child hide the real work', () => {
    const trace = draw(span('R', 0, 100, span('work', 5, 95), span('audit', 50, 4000, span('write', 60, 3900))));
    expect(said(trace)).toBe('R 0-5, work 5-95, R 95-100');
    expect(detached(trace)).toEqual(['audit']);
  });

  it('overflows no stack on 4,000 sequential children', () => {
    const calls = Array.from({ length: 4000 }, (_, i) => span(`c${i}`, i, i + 1));
    const path = criticalPath(draw(span('R', 0, 4000, ...calls)));
    expect(path.count).toBe(4000);
    expect([...path.row]).toEqual(Array.from({ length: 4000 }, (_, i) => i + 1));
  });

  it('overflows no stack on a chain 100,000 deep', () => {
    const rows = Array.from({ length: 100_000 }, (_, i) => rowAt(i + 1, i, i, 300_000 - i));
    const path = criticalPath(buildTrace('00', rows));
    expect(path.count).toBe(199_999);
    expect(sum(path)).toBe(300_000);
  });

  it('does not loop on a start time of 0', () => {
    const trace = buildTrace('00', [rowAt(1, 0, 0, 100), rowAt(2, 1, 0, 50), rowAt(3, 1, 0, 0), rowAt(4, 2, 0, 20)]);
    expect(sum(criticalPath(trace))).toBe(100);
  });

  it('does not stop at children of no duration, many at one instant', () => {
    const marks = Array.from({ length: 5 }, () => span('mark', 50, 50));
    expect(said(draw(span('R', 0, 100, span('A', 0, 50), ...marks, span('B', 50, 100))))).toBe('A 0-50, B 50-100');
  });

  it('finds nothing uncertain in an instant that ends with a sibling', () => {
    expect(said(draw(span('R', 0, 100, span('A', 0, 50), span('mark', 50, 50))))).toBe('A 0-50, R 50-100');
    expect(said(draw(span('R', 0, 100, span('A', 0, 50), span('B', 10, 50))))).toBe('~A 0-50, R 50-100');
  });

  it('takes a child with an end before its start as an instant', () => {
    expect(said(draw(span('R', 0, 100, span('A', 60, 20), span('B', 10, 50))))).toBe('R 0-10, B 10-50, R 50-100');
  });

  it('is exact to the nanosecond beside a span of 1970 and one that lasts for decades', () => {
    const now = 1_790_000_000_000_000_000n;
    const row = (n: number, up: number, startNs: bigint, endNs: bigint) => ({ ...rowAt(n, up, 0, 0), startNs, endNs });
    const trace = buildTrace('00', [
      row(1, 0, now, now + 1001n),
      row(2, 1, now + 3n, now + 700n),
      row(3, 1, 0n, now + 2n),
      row(4, 1, 0n, 9n),
      row(5, 1, now + 701n, now * 2n),
      row(6, 1, -(2n ** 63n), 2n ** 63n - 1n),
    ]);
    const path = criticalPath(trace);
    expect(sum(path)).toBe(1001);
    expect([...path.toNs].at(-1)).toBe(1001);
    expect(path.notWaitedFor).toHaveLength(2);
  });
});

describe('what nobody waits for', () => {
  it('is a consumer below a producer, even inside its time', () => {
    const consumer = span('shop/take', 10, 90, { kind: 'consumer' });
    const trace = draw(span('shop/R', 0, 100, span('shop/send', 5, 95, { kind: 'producer' }, consumer)));
    expect(said(trace)).toBe('R 0-5, send 5-95, R 95-100');
    expect(detached(trace)).toEqual(['take']);
  });

  it('is not a child that outlives its parent by less than clocks disagree', () => {
    const trace = draw(span('s/R', 0, 100, span('s/A', 10, 100.4)));
    expect(said(trace)).toBe('R 0-10, A 10-100');
    expect(detached(trace)).toEqual([]);
    expect(detached(trace, { skewToleranceNs: 1e5 })).toEqual(['A']);
  });

  it('is a child of which more than half lies after its parent, however short', () => {
    expect(detached(draw(span('s/R', 0, 100, span('s/flush', 99.9, 100.2))))).toEqual(['flush']);
  });

  it('names the top of a subtree only', () => {
    const trace = draw(span('R', 0, 100, span('job', 50, 300, span('step', 60, 400)), span('A', 0, 90)));
    expect(detached(trace)).toEqual(['job']);
  });
});

describe('clock skew', () => {
  const call = (from: number, to: number, flags = 0) =>
    draw(
      span(
        'web/R',
        0,
        500,
        span(
          'web/call',
          100,
          400,
          { kind: 'client', flags },
          span('api/serve', from, to, { kind: 'server' }, span('api/query', from + 50, to - 50)),
        ),
      ),
    );

  it('moves a callee that seems to start before its caller, with all below it, and says by how much', () => {
    const trace = call(90, 380);
    expect(said(trace)).toBe('R 0-100, ~serve 100-150, ~query 150-340, ~serve 340-390, call 390-400, R 400-500');
    expect(criticalPath(trace).moved).toEqual([{ row: rowNamed(trace, 'serve'), byNs: 10e6 }]);
  });

  it('moves the callee of an answered call back when it seems to end after it', () => {
    const trace = call(115, 405);
    expect(criticalPath(trace).moved.map((m) => m.byNs)).toEqual([-5e6]);
    expect(said(trace)).toContain('call 100-110, ~serve 110-160');
  });

  it('finds nothing uncertain in a server span that ends a little after its client', () => {
    expect(said(call(101, 400.5))).toBe(
      'R 0-100, call 100-100.5, serve 100.5-150.5, query 150.5-350, serve 350-400, R 400-500',
    );
  });

  it('puts the callee of an answered call inside it however far its clock is off', () => {
    const early = call(60, 350);
    expect(criticalPath(early).moved.map((m) => m.byNs)).toEqual([40e6]);
    expect(said(early)).toContain('~serve 100-150, ~query 150-340, ~serve 340-390, call 390-400');
    const late = call(150, 440);
    expect(detached(late)).toEqual([]);
    expect(said(late)).toContain('call 100-110, ~serve 110-160, ~query 160-350, ~serve 350-400, R 400-500');
  });

  it('moves no other child by more than the gap between the two durations', () => {
    const trace = draw(span('web/R', 0, 100, span('api/work', -40, 50)));
    expect(criticalPath(trace).moved.map((m) => m.byNs)).toEqual([10e6]);
  });

  it('never moves a late asynchronous child', () => {
    const trace = draw(span('web/R', 0, 100, span('mail/send', 60, 140, { kind: 'server' })));
    expect(criticalPath(trace).moved).toEqual([]);
    expect(detached(trace)).toEqual(['send']);
    expect(said(trace)).toBe('R 0-100');
  });

  it('does not wait for a callee whose caller gave up', () => {
    expect(detached(call(150, 440, spanFlag.error))).toEqual(['serve']);
    expect(detached(call(150, 4000))).toEqual(['serve']);
  });

  it('does not move a child of the same host', () => {
    const trace = call(90, 380);
    expect(criticalPath(trace, { hostOf: () => 'one' }).moved).toEqual([]);
    expect(said(trace, { hostOf: () => 'one' })).toContain('~serve 100-140');
  });

  it('leaves a third host where it is when that fits, though its caller was moved', () => {
    const trace = draw(
      span(
        'web/call',
        100,
        400,
        { kind: 'client' },
        span('api/serve', 90, 380, { kind: 'server' }, span('db/exec', 340, 390)),
      ),
    );
    expect(criticalPath(trace).moved).toEqual([{ row: 1, byNs: 10e6 }]);
    expect(said(trace)).toContain('exec 240-290');
  });

  it('does not report a shift that the path never meets', () => {
    const trace = draw(
      span(
        'web/R',
        0,
        100,
        span('web/call', 10, 20, { kind: 'client' }, span('api/serve', 9, 15)),
        span('web/B', 5, 95),
      ),
    );
    expect(criticalPath(trace).moved).toEqual([]);
  });
});

describe('several roots, or none', () => {
  it('explains the longest real root and names the others', () => {
    const trace = draw(span('A', 0, 10), span('B', 5, 500, span('C', 10, 400)), span('lost', 0, 900, { orphan: true }));
    const path = criticalPath(trace);
    expect(trace.names[trace.name[path.root] ?? 0]).toBe('B');
    expect(path.otherRoots.map((row) => trace.names[trace.name[row] ?? 0])).toEqual(['A', 'lost']);
    expect(sum(path)).toBe(495e6);
  });

  it('explains the longest piece when no root arrived', () => {
    const trace = draw(span('A', 0, 10, { orphan: true }), span('B', 5, 50, { orphan: true }));
    expect(said(trace)).toBe('B 0-45');
  });

  it('explains any row when asked', () => {
    const trace = draw(span('A', 0, 10), span('B', 5, 500, span('C', 10, 400, span('D', 20, 30))));
    expect(said(trace, { root: rowNamed(trace, 'C') })).toBe('C 0-10, D 10-20, C 20-390');
  });
});

describe('10,000 random trees', () => {
  const runs = { numRuns: 10_000 };

  it('give segments that touch, lie in the root, sum to its duration and agree with the definition', () => {
    fc.assert(
      fc.property(anyRows, (rows) => {
        const trace = buildTrace('00', rows);
        // No tolerance and one host, so that the plain definition below holds.
        const path = criticalPath(trace, { skewToleranceNs: 0, hostOf: () => '' });
        const start = trace.startNs[path.root] ?? 0;
        let at = start;
        for (let i = 0; i < path.count; i++) {
          expect(path.fromNs[i]).toBe(at);
          at = path.toNs[i] ?? 0;
          expect(at).toBeGreaterThan(path.fromNs[i] ?? 0);
        }
        expect(at).toBe(start + (trace.durationNs[path.root] ?? 0));
        expect(sum(path)).toBe(trace.durationNs[path.root]);
        expect(ownersByInstant(path)).toEqual(byDefinition(trace, path.root));
      }),
      runs,
    );
  });

  it('keep the invariants with skewed clocks, tolerance and every kind of span', () => {
    fc.assert(
      fc.property(anyRows, fc.nat(30), (rows, skewToleranceNs) => {
        const trace = buildTrace('00', rows);
        const path = criticalPath(trace, { skewToleranceNs });
        const from = [...path.fromNs];
        expect(from.slice(1)).toEqual([...path.toNs].slice(0, -1));
        expect(from[0] ?? 0).toBe(path.count === 0 ? 0 : trace.startNs[path.root]);
        expect(sum(path)).toBe(trace.durationNs[path.root]);
        for (const row of path.row) {
          expect(row).toBeGreaterThanOrEqual(path.root);
          expect(row).toBeLessThan(path.root + (trace.size[path.root] ?? 0));
        }
      }),
      runs,
    );
  });

  it('do not change when a sibling moves where it cannot matter', () => {
    let moves = 0;
    fc.assert(
      fc.property(anyRows, fc.nat(), fc.nat(), (rows, pick, move) => {
        const options = { skewToleranceNs: 0, hostOf: () => '' };
        const before = buildTrace('00', rows);
        const path = criticalPath(before, options);
        const owned = new Set([...path.row].map((row) => spanNumber(before, row)));
        const idle = rows.filter((r) => !owned.has(Number.parseInt(r.spanId, 16)) && isLeaf(rows, r));
        const moving = idle[pick % Math.max(1, idle.length)];
        if (moving === undefined) return;
        // Moved and cut down to lie inside one segment of another span, not touching its ends: nobody's last child.
        const parent = rows.find((r) => r.spanId === moving.parentSpanId);
        const rival = rows.find((r) => r.parentSpanId === parent?.spanId && owned.has(Number.parseInt(r.spanId, 16)));
        if (parent === undefined || rival === undefined) return;
        const segment = [...path.row].findIndex((row) => spanNumber(before, row) === Number.parseInt(rival.spanId, 16));
        const from = (path.fromNs[segment] ?? 0) + 1;
        const to = (path.toNs[segment] ?? 0) - 1;
        if (to <= from) return;
        const at = BigInt(from + (move % (to - from))) + before.baseNs;
        const shifted = rows.map((r) => (r === moving ? { ...r, startNs: at, endNs: BigInt(to) + before.baseNs } : r));
        moves++;
        const after = buildTrace('00', shifted);
        expect(named(after, criticalPath(after, options))).toEqual(named(before, path));
      }),
      runs,
    );
    expect(moves).toBeGreaterThan(1000);
  });
});

it('explains 100,000 spans in under a second', () => {
  let seed = 7;
  const random = (below: number) => (seed = (seed * 48_271) % 2_147_483_647) % below;
  const rows: TraceRow[] = [rowAt(1, 0, 0, 1e9)];
  for (let i = 2; i <= 100_000; i++) {
    const up = rows[Math.max(0, i - 2 - random(400))];
    if (up === undefined) continue;
    const from = Number(up.startNs) + random(Math.max(1, Number(up.endNs - up.startNs)));
    rows.push(rowAt(i, Number.parseInt(up.spanId, 16), from, from + random(Math.max(1, Number(up.endNs) - from + 1))));
  }
  const trace = buildTrace('00', rows);
  const started = performance.now();
  const path = criticalPath(trace);
  expect(performance.now() - started).toBeLessThan(1000);
  expect(sum(path)).toBe(1e9);
});

function rowAt(spanId: number, parent: number, from: number, to: number, more: Partial<TraceRow> = {}): TraceRow {
  return {
    spanId: spanId.toString(16).padStart(16, '0'),
    parentSpanId: parent === 0 ? '' : parent.toString(16).padStart(16, '0'),
    startNs: BigInt(from),
    endNs: BigInt(to),
    service: 's',
    name: `n${spanId}`,
    kind: spanKind.internal,
    flags: 0,
    ...more,
  };
}

/** Trees of up to 25 spans on a small time scale, so that ends and starts coincide often; children may stick out. */
const anyRows = fc
  .array(
    fc.record({
      up: fc.nat(24),
      from: fc.nat(60),
      ns: fc.nat(60),
      kind: fc.integer({ min: 0, max: 5 }),
      service: fc.constantFrom('a', 'b', 'c'),
      flags: fc.constantFrom(0, spanFlag.error),
    }),
    { minLength: 1, maxLength: 25 },
  )
  .map((given) =>
    given.map(({ up, from, ns, kind, service, flags }, i) =>
      rowAt(i + 1, i === 0 ? 0 : 1 + (up % i), from, from + (i === 0 ? ns + 40 : ns), { kind, service, flags }),
    ),
  );

function sum(path: Path): number {
  let ns = 0;
  for (let i = 0; i < path.count; i++) ns += (path.toNs[i] ?? 0) - (path.fromNs[i] ?? 0);
  return ns;
}

function ownersByInstant(path: Path): number[] {
  return [...path.row].flatMap((row, i) => Array<number>((path.toNs[i] ?? 0) - (path.fromNs[i] ?? 0)).fill(row));
}

/** The definition, word for word and slow: who owns each nanosecond of the root. */
function byDefinition(trace: Trace, root: number): number[] {
  const start = (row: number) => trace.startNs[row] ?? 0;
  const end = (row: number) => start(row) + (trace.durationNs[row] ?? 0);
  const owners: number[] = [];
  const explain = (row: number, from: number, to: number): void => {
    const blocking = [...trace.parent.keys()].filter(
      (child) =>
        trace.parent[child] === row &&
        end(child) <= end(row) &&
        !(trace.kind[row] === spanKind.producer && trace.kind[child] === spanKind.consumer),
    );
    let t = to;
    for (;;) {
      const cursor = t;
      const open = blocking.filter((child) => start(child) < cursor && Math.min(end(child), cursor) > from);
      const latest = Math.max(...open.map((child) => Math.min(end(child), cursor)));
      const [best] = open
        .filter((child) => Math.min(end(child), cursor) === latest)
        .sort((a, b) => start(a) - start(b) || end(b) - end(a) || a - b);
      if (best === undefined) break;
      for (let ns = latest; ns < t; ns++) owners[ns - start(root)] = row;
      explain(best, Math.max(start(best), from), latest);
      t = Math.max(start(best), from);
      if (t <= from) return;
    }
    for (let ns = from; ns < t; ns++) owners[ns - start(root)] = row;
  };
  explain(root, start(root), end(root));
  return owners;
}

function named(trace: Trace, path: Path): string[] {
  const epoch = (ns: number | undefined) => trace.baseNs + BigInt(ns ?? 0);
  return [...path.row].map(
    (row, i) => `${trace.names[trace.name[row] ?? 0]} ${epoch(path.fromNs[i])}-${epoch(path.toNs[i])}`,
  );
}

function spanNumber(trace: Trace, row: number): number {
  return Number((trace.names[trace.name[row] ?? 0] ?? '').slice(1));
}

function isLeaf(rows: readonly TraceRow[], row: TraceRow): boolean {
  return row.parentSpanId !== '' && !rows.some((r) => r.parentSpanId === row.spanId);
}
