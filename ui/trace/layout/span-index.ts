/**
 * Finds the row of a span id among 100,000 in a few ms, where a `Map` of hex strings would take 100: open addressing
 * over the id's two halves. Of rows that share an id (Zipkin's client and server) the first is found.
 */
import type { Trace } from '../../../src/model/trace.ts';

export interface SpanIndex {
  /** The row of a span id of 16 hex digits, or -1. */
  rowOf(spanId: string): number;
}

export function indexSpans(trace: Pick<Trace, 'spanIds' | 'count'>): SpanIndex {
  const ids = new DataView(trace.spanIds.buffer, trace.spanIds.byteOffset, trace.spanIds.byteLength);
  const slots = new Int32Array(2 ** Math.ceil(Math.log2(trace.count * 2 + 2))).fill(-1);
  const mask = slots.length - 1;

  const find = (high: number, low: number): { slot: number; row: number } => {
    let slot = (Math.imul(low, 0x9e3779b1) ^ Math.imul(high, 0x85ebca6b)) & mask;
    for (;;) {
      const row = slots[slot] ?? -1;
      if (row < 0 || (ids.getUint32(row * 8) === high && ids.getUint32(row * 8 + 4) === low)) return { slot, row };
      slot = (slot + 1) & mask;
    }
  };
  for (let row = 0; row < trace.count; row++) {
    const found = find(ids.getUint32(row * 8), ids.getUint32(row * 8 + 4));
    if (found.row < 0) slots[found.slot] = row;
  }
  return {
    rowOf(spanId) {
      if (!/^[0-9a-f]{16}$/.test(spanId)) return -1;
      return find(Number.parseInt(spanId.slice(0, 8), 16), Number.parseInt(spanId.slice(8), 16)).row;
    },
  };
}
