import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { spanKind } from './span.ts';
import { buildTrace, spanFlag, spanIdOf, type TraceRow } from './trace.ts';

const id = (n: number) => n.toString(16).padStart(16, '0');

function row(spanId: number, parent: number, startNs: number, endNs: number, more: Partial<TraceRow> = {}): TraceRow {
  return {
    spanId: id(spanId),
    parentSpanId: parent === 0 ? '' : id(parent),
    startNs: BigInt(startNs),
    endNs: BigInt(endNs),
    service: 'shop',
    name: `op ${spanId}`,
    kind: spanKind.internal,
    flags: 0,
    ...more,
  };
}

const ids = (rows: readonly TraceRow[]) => {
  const trace = buildTrace('ab'.repeat(16), rows);
  return Array.from({ length: trace.count }, (_, i) => Number.parseInt(spanIdOf(trace, i), 16));
};

describe('a trace as columns', () => {
  it('is in preorder, siblings by start, whatever the order of arrival', () => {
    const rows = [row(4, 3, 60, 90), row(3, 1, 50, 100), row(2, 1, 10, 40), row(1, 0, 0, 100)];
    const trace = buildTrace('ab'.repeat(16), rows);
    expect(ids(rows)).toEqual([1, 2, 3, 4]);
    expect([...trace.parent]).toEqual([-1, 0, 0, 2]);
    expect([...trace.size]).toEqual([4, 1, 2, 1]);
    expect([...trace.depth]).toEqual([0, 1, 1, 2]);
    expect([...trace.startNs]).toEqual([0, 10, 50, 60]);
    expect(trace.services).toEqual(['shop']);
  });

  it('keeps a span whose parent never arrived, and says so', () => {
    const trace = buildTrace('ab'.repeat(16), [row(1, 0, 0, 9), row(2, 77, 1, 2)]);
    expect([...trace.parent]).toEqual([-1, -1]);
    expect([...trace.flags]).toEqual([0, spanFlag.orphan]);
  });

  it('cuts loops of parents, each once', () => {
    const trace = buildTrace('ab'.repeat(16), [row(1, 2, 0, 9), row(2, 1, 1, 8), row(3, 3, 2, 3)]);
    expect(trace.count).toBe(3);
    expect([...trace.parent]).toEqual([-1, 0, -1]);
    expect([...trace.flags]).toEqual([spanFlag.loop, 0, spanFlag.loop]);
  });

  it('puts the server half of a shared id below the client half, and the children below the server', () => {
    const halves = [
      row(1, 0, 0, 100),
      row(2, 1, 10, 90, { kind: spanKind.server, name: 'server' }),
      row(2, 1, 5, 95, { kind: spanKind.client, name: 'client' }),
      row(3, 2, 20, 30),
    ];
    for (const rows of [halves, halves.toReversed()]) {
      const trace = buildTrace('ab'.repeat(16), rows);
      expect([...trace.name].map((n) => trace.names[n])).toEqual(['op 1', 'client', 'server', 'op 3']);
      expect([...trace.parent]).toEqual([-1, 0, 1, 2]);
    }
  });

  it('takes an end before the start as no duration, and says so', () => {
    const trace = buildTrace('ab'.repeat(16), [row(1, 0, 100, 40)]);
    expect(trace.durationNs[0]).toBe(0);
    expect(trace.flags[0]).toBe(spanFlag.negative);
  });

  it('keeps every nanosecond of a trace in which one span claims to be of 1970 and one of 2262', () => {
    const now = 1_790_000_000_000_000_000n;
    const at = (spanId: number, parent: number, startNs: bigint) => ({
      ...row(spanId, parent, 0, 0),
      startNs,
      endNs: startNs + 7n,
    });
    const trace = buildTrace('ab'.repeat(16), [
      at(1, 0, now),
      at(2, 1, now + 3n),
      at(3, 1, 5n),
      at(4, 1, 2n ** 63n - 9n),
      at(5, 1, now + 4n),
    ]);
    expect(trace.baseNs).toBe(now);
    expect([...trace.startNs].filter((ns) => ns >= 0 && ns < 100)).toEqual([0, 3, 4]);
    expect([...trace.durationNs]).toEqual([7, 7, 7, 7, 7]);
  });

  it('survives a chain of 100,000 spans', () => {
    const rows = Array.from({ length: 100_000 }, (_, i) => row(i + 1, i, i, 200_000 - i));
    const trace = buildTrace('ab'.repeat(16), rows);
    expect(trace.size[0]).toBe(100_000);
  });

  it('holds every row once, parents before children, for any parents at all', () => {
    const anyRows = fc.array(
      fc.record({ id: fc.integer({ min: 1, max: 20 }), up: fc.integer({ min: 0, max: 22 }), at: fc.nat(99) }),
      {
        maxLength: 40,
      },
    );
    fc.assert(
      fc.property(anyRows, (given) => {
        const rows = given.map((g) => row(g.id, g.up, g.at, g.at + 5));
        const trace = buildTrace('ab'.repeat(16), rows);
        expect(ids(rows).sort((a, b) => a - b)).toEqual(given.map((g) => g.id).sort((a, b) => a - b));
        for (let i = 0; i < trace.count; i++) {
          const parent = trace.parent[i] ?? 0;
          expect(parent).toBeLessThan(i);
          if (parent >= 0) expect(i).toBeLessThan(parent + (trace.size[parent] ?? 0));
        }
      }),
    );
  });
});
