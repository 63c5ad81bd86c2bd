/**
 * A trace as columns: what diagnosis computes on, and what the page gets first. Rows are in preorder (a parent before
 * its children, siblings by start), so a subtree is a run of rows. Times are ns relative to `baseNs`: exact as
 * numbers up to 104 days. A start is negative only where a wild clock puts the span far before all others.
 */
import type { Span } from './span.ts';
import { spanKind, statusCode } from './span.ts';

export const spanFlag = {
  error: 1,
  /** A database call (`db.system.name` or `db.system` is set). */
  database: 2,
  /** Names a parent that is not in the trace. */
  orphan: 4,
  events: 8,
  links: 16,
  /** End before start as sent: the duration is taken as 0. */
  negative: 32,
  /** Names a parent that is below it: the loop was cut here. */
  loop: 64,
} as const;

export interface Trace {
  readonly traceId: string;
  /** Earliest start, ns since the epoch, leaving out spans that a wild clock puts more than 52 days before most others. */
  readonly baseNs: bigint;
  /** Number of rows. */
  readonly count: number;
  /** Row of the parent, -1 for a root or an orphan. */
  readonly parent: Int32Array;
  /** Rows in the subtree, the row itself included. */
  readonly size: Int32Array;
  readonly depth: Uint16Array;
  readonly startNs: Float64Array;
  readonly durationNs: Float64Array;
  readonly service: Uint32Array;
  readonly services: readonly string[];
  readonly name: Uint32Array;
  readonly names: readonly string[];
  readonly kind: Uint8Array;
  /** Bits of `spanFlag`. */
  readonly flags: Uint8Array;
  /** 8 bytes a row. */
  readonly spanIds: Uint8Array;
  /** Of each orphan row, the span id (16 hex digits) of the parent that is not in the trace. */
  readonly missingParents: ReadonlyMap<number, string>;
}

/** What a row is built from. `Span` fits; a reader of columns can give the same without decoding attributes. */
export interface TraceRow {
  readonly spanId: string;
  readonly parentSpanId: string;
  readonly startNs: bigint;
  readonly endNs: bigint;
  readonly service: string;
  readonly name: string;
  readonly kind: number;
  /** `error`, `database`, `events`, `links` of `spanFlag`. The others are found here. */
  readonly flags: number;
}

export function rowOfSpan(span: Span): TraceRow {
  const isDatabase = span.attributes.has('db.system.name') || span.attributes.has('db.system');
  return {
    spanId: span.spanId,
    parentSpanId: span.parentSpanId,
    startNs: span.startNs,
    endNs: span.endNs,
    service: span.resource.service,
    name: span.name,
    kind: span.kind,
    flags:
      (span.statusCode === statusCode.error ? spanFlag.error : 0) |
      (isDatabase ? spanFlag.database : 0) |
      (span.events.length > 0 ? spanFlag.events : 0) |
      (span.links.length > 0 ? spanFlag.links : 0),
  };
}

/**
 * Orders rows into a trace. A client and a server span may share one id (Zipkin): then the server is the child of the
 * client, and children go below the server. Repeated rows (same id and kind) are the caller's to remove.
 * Iterative: a chain of 100,000 spans is fine.
 */
export function buildTrace(traceId: string, rows: readonly TraceRow[]): Trace {
  const n = rows.length;
  const parentOf = findParents(rows);
  const loops = cutLoops(parentOf);
  const order = preorder(rows, parentOf);

  const rank = new Int32Array(n);
  for (let i = 0; i < n; i++) rank[order[i] ?? 0] = i;
  const baseNs = findBase(rows);
  const services = interner();
  const names = interner();
  const missingParents = new Map<number, string>();
  const trace = {
    traceId,
    baseNs,
    count: n,
    parent: new Int32Array(n),
    startNs: new Float64Array(n),
    durationNs: new Float64Array(n),
    service: new Uint32Array(n),
    services: services.values,
    name: new Uint32Array(n),
    names: names.values,
    kind: new Uint8Array(n),
    flags: new Uint8Array(n),
    spanIds: new Uint8Array(n * 8),
    missingParents,
  };
  for (let i = 0; i < n; i++) {
    const at = order[i] ?? 0;
    const row = rows[at];
    if (row === undefined) continue;
    const up = parentOf[at] ?? -1;
    trace.parent[i] = up < 0 ? -1 : (rank[up] ?? -1);
    trace.startNs[i] = Number(row.startNs - baseNs);
    trace.durationNs[i] = row.endNs > row.startNs ? Number(row.endNs - row.startNs) : 0;
    trace.service[i] = services.id(row.service);
    trace.name[i] = names.id(row.name);
    trace.kind[i] = row.kind;
    const isOrphan = up < 0 && row.parentSpanId !== '' && !loops.has(at);
    trace.flags[i] =
      row.flags |
      (isOrphan ? spanFlag.orphan : 0) |
      (row.endNs < row.startNs ? spanFlag.negative : 0) |
      (loops.has(at) ? spanFlag.loop : 0);
    if (isOrphan) missingParents.set(i, row.parentSpanId);
    writeHex(row.spanId, trace.spanIds, i * 8);
  }
  return { ...trace, ...measureTree(trace.parent) };
}

/** Subtree sizes and depths of rows in preorder. A depth stops at 65,535. */
export function measureTree(parent: Int32Array): Pick<Trace, 'size' | 'depth'> {
  const size = new Int32Array(parent.length).fill(1);
  const depth = new Uint16Array(parent.length);
  parent.forEach((up, row) => {
    if (up >= 0) depth[row] = Math.min((depth[up] ?? 0) + 1, 65_535);
  });
  for (let row = parent.length - 1; row >= 0; row--) {
    const up = parent[row] ?? -1;
    if (up >= 0) size[up] = (size[up] ?? 1) + (size[row] ?? 1);
  }
  return { size, depth };
}

/** The 16 hex digits of a row's span id. */
export function spanIdOf(trace: Pick<Trace, 'spanIds'>, row: number): string {
  let hex = '';
  for (let i = row * 8; i < row * 8 + 8; i++) hex += (trace.spanIds[i] ?? 0).toString(16).padStart(2, '0');
  return hex;
}

/** One span of 1970 among those of today must not cost the others their nanoseconds: numbers are exact up to 2^53 only. */
function findBase(rows: readonly TraceRow[]): bigint {
  const starts = BigInt64Array.from(rows, (row) => row.startNs).sort();
  const earliest = (starts[starts.length >> 1] ?? 0n) - 2n ** 52n;
  return starts.find((start) => start >= earliest) ?? 0n;
}

function findParents(rows: readonly TraceRow[]): Int32Array {
  const byId = new Map<string, number>();
  const sharedServer = new Map<string, number>();
  rows.forEach((row, i) => {
    const known = byId.get(row.spanId);
    if (known === undefined) byId.set(row.spanId, i);
    else if (rows[known]?.kind === spanKind.server && row.kind === spanKind.client) {
      sharedServer.set(row.spanId, known);
      byId.set(row.spanId, i);
    } else sharedServer.set(row.spanId, i);
  });
  const parents = new Int32Array(rows.length).fill(-1);
  rows.forEach((row, i) => {
    const own = byId.get(row.spanId);
    if (own !== i && sharedServer.get(row.spanId) === i && own !== undefined) parents[i] = own;
    else if (row.parentSpanId !== '') {
      parents[i] = sharedServer.get(row.parentSpanId) ?? byId.get(row.parentSpanId) ?? -1;
    }
  });
  return parents;
}

/** Cuts each loop of parents at one row, in place, and names the rows that lost their parent. */
function cutLoops(parents: Int32Array): ReadonlySet<number> {
  const cut = new Set<number>();
  const state = new Uint8Array(parents.length); // 0 unseen, 1 on this walk, 2 done
  for (let i = 0; i < parents.length; i++) {
    let at = i;
    while (at >= 0 && state[at] === 0) {
      state[at] = 1;
      at = parents[at] ?? -1;
    }
    const loopAt = at >= 0 && state[at] === 1 ? at : -1;
    // Before the cut: the walk back goes round the whole loop, so that no other row of it is cut too.
    for (let back = i; back >= 0 && state[back] === 1; back = parents[back] ?? -1) state[back] = 2;
    if (loopAt >= 0) {
      parents[loopAt] = -1;
      cut.add(loopAt);
    }
  }
  return cut;
}

function preorder(rows: readonly TraceRow[], parents: Int32Array): Int32Array {
  const byStart = Array.from(rows.keys()).sort((a, b) => compareStart(rows[a], rows[b]) || a - b);
  const firstChild = new Int32Array(rows.length).fill(-1);
  const nextSibling = new Int32Array(rows.length).fill(-1);
  const roots: number[] = [];
  // Walking backwards and pushing in front leaves each list of siblings in order of start.
  for (let k = byStart.length - 1; k >= 0; k--) {
    const i = byStart[k] ?? 0;
    const parent = parents[i] ?? -1;
    if (parent < 0) roots.push(i);
    else {
      nextSibling[i] = firstChild[parent] ?? -1;
      firstChild[parent] = i;
    }
  }
  const order = new Int32Array(rows.length);
  const stack = roots;
  let filled = 0;
  while (stack.length > 0) {
    const i = stack.pop() ?? 0;
    order[filled++] = i;
    const children: number[] = [];
    for (let c = firstChild[i] ?? -1; c >= 0; c = nextSibling[c] ?? -1) children.push(c);
    for (let k = children.length - 1; k >= 0; k--) stack.push(children[k] ?? 0);
  }
  return order;
}

function compareStart(a: TraceRow | undefined, b: TraceRow | undefined): number {
  if (a === undefined || b === undefined || a.startNs === b.startNs) return 0;
  return a.startNs < b.startNs ? -1 : 1;
}

function interner(): { values: string[]; id(text: string): number } {
  const ids = new Map<string, number>();
  const values: string[] = [];
  return {
    values,
    id(text) {
      const known = ids.get(text);
      if (known !== undefined) return known;
      values.push(text);
      ids.set(text, values.length - 1);
      return values.length - 1;
    },
  };
}

function writeHex(hex: string, into: Uint8Array, at: number): void {
  for (let i = 0; i < 8; i++) into[at + i] = Number.parseInt(hex.slice(i * 2, i * 2 + 2), 16) || 0;
}
