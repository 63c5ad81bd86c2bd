/**
 * The rows of the waterfall: which spans, folds and hidden groups show, in which order and how deep. Iterative, so
 * that a chain of 100,000 spans is fine.
 */
import type { Trace } from '../../../src/model/trace.ts';
import { coveredNs, type Folded, foldSiblings, isError, type RowSet, rowSet } from './folds.ts';

/** A trace of which half never arrived would otherwise be all hollow rows. */
const mostMissingInFocus = 20;

export type VisibleRow =
  | { readonly kind: 'span'; readonly row: number; readonly depth: number; readonly state: 'leaf' | 'open' | 'closed' }
  /** Siblings of one name; `row` is the first of `rows`. */
  | Group<'fold'>
  /** Neighbours that Focus leaves out. */
  | Group<'hidden'>
  /** Stands for the parent, not in the trace, of the orphan `row`. */
  | { readonly kind: 'missing'; readonly row: number; readonly depth: number; readonly spanId: string };

interface Group<Kind> {
  readonly kind: Kind;
  readonly row: number;
  readonly rows: readonly number[];
  readonly depth: number;
  readonly isOpen: boolean;
  /** Spans in it, those below its members included. */
  readonly spans: number;
  /** Wall time that the members cover together. */
  readonly coveredNs: number;
}

export interface RowLayout {
  readonly rows: readonly VisibleRow[];
  /** Of each row of the trace, the index in `rows` of the row that shows it or hides it. */
  readonly indexOf: Int32Array;
}

export interface RowOptions {
  /** Rows in focus; undefined shows all. */
  readonly focus?: Uint8Array | undefined;
  /** Spans this deep and deeper are closed by default; undefined closes none. */
  readonly levels?: number | undefined;
  readonly hasFolds: boolean;
  /** The row that carries the verdict, or -1. */
  readonly culprit: number;
  /** What the person opened or closed against the default. */
  readonly toggled: ReadonlySet<string>;
}

/** How `toggled` names a visible row. The member ids of a group may change while a trace arrives, its first rarely does. */
export function toggleKey(visible: Pick<VisibleRow, 'kind' | 'row'>): string {
  return `${visible.kind[0]}${visible.row}`;
}

export function layoutRows(trace: Trace, options: RowOptions): RowLayout {
  const { focus, toggled } = options;
  const mustShow = rowSet(trace, (row) => row === options.culprit || isError(trace, row));
  const inFocus = focus && rowSet(trace, (row) => focus[row] === 1);
  const rows: VisibleRow[] = [];
  const indexOf = new Int32Array(trace.count).fill(-1);
  const isToggled = (kind: VisibleRow['kind'], row: number) =>
    toggled.size > 0 && toggled.has(toggleKey({ kind, row }));

  const fold = (siblings: readonly number[], depth: number): VisibleRow[] => {
    const folded: readonly Folded[] = options.hasFolds ? foldSiblings(trace, siblings, mustShow) : siblings;
    return folded.map((one) => (typeof one === 'number' ? spanRow(one, depth) : groupRow('fold', one, depth)));
  };
  const spanRow = (row: number, depth: number): VisibleRow => {
    if ((trace.size[row] ?? 1) === 1) return { kind: 'span', row, depth, state: 'leaf' };
    const isOpen = isOpenByDefault(options, row, depth) !== isToggled('span', row);
    return { kind: 'span', row, depth, state: isOpen ? 'open' : 'closed' };
  };
  const groupRow = (kind: 'fold' | 'hidden', members: readonly number[], depth: number): VisibleRow => ({
    kind,
    row: members[0] ?? 0,
    rows: members,
    depth,
    isOpen: isToggled(kind, members[0] ?? 0),
    spans: members.reduce((sum, row) => sum + (trace.size[row] ?? 1), 0),
    coveredNs: coveredNs(trace, members),
  });
  const arrange = (siblings: readonly number[], depth: number): VisibleRow[] => {
    if (inFocus === undefined || !siblings.some((row) => inFocus.has(row))) return fold(siblings, depth);
    return hideOthers(siblings, inFocus, depth);
  };
  const hideOthers = (siblings: readonly number[], inFocus: RowSet, depth: number): VisibleRow[] => {
    const shown = fold(
      siblings.filter((row) => inFocus.has(row)),
      depth,
    );
    const placed = new Map(shown.map((visible) => [visible.row, visible]));
    const all: VisibleRow[] = [];
    let run: number[] = [];
    const closeRun = () => {
      // One span alone is its own best summary.
      if (run.length === 1) all.push(spanRow(run[0] ?? 0, depth));
      else if (run.length > 1) all.push(groupRow('hidden', run, depth));
      run = [];
    };
    for (const row of siblings) {
      const visible = placed.get(row);
      if (visible !== undefined) {
        closeRun();
        all.push(visible);
      } else if (!inFocus.has(row)) run.push(row);
    }
    closeRun();
    return all;
  };
  const children = (visible: VisibleRow): VisibleRow[] => {
    switch (visible.kind) {
      case 'span':
        if (visible.state !== 'open') return [];
        // A span in focus without a child in focus still shows what it hides as one row.
        return inFocus?.has(visible.row)
          ? hideOthers(childRows(trace, visible.row), inFocus, visible.depth + 1)
          : arrange(childRows(trace, visible.row), visible.depth + 1);
      case 'fold':
        return visible.isOpen ? visible.rows.map((row) => spanRow(row, visible.depth + 1)) : [];
      case 'hidden':
        return visible.isOpen ? fold(visible.rows, visible.depth + 1) : [];
      case 'missing':
        return arrange(orphansOf.get(visible.spanId) ?? [], visible.depth + 1);
    }
  };
  const coverSubtree = (row: number, index: number) => indexOf.fill(index, row, row + (trace.size[row] ?? 1));
  const emit = (visible: VisibleRow) => {
    const index = rows.push(visible) - 1;
    if (visible.kind === 'span') {
      if (visible.state === 'closed') coverSubtree(visible.row, index);
      else indexOf[visible.row] = index;
    } else if (visible.kind !== 'missing' && !visible.isOpen) {
      for (const row of visible.rows) coverSubtree(row, index);
    }
  };

  const { roots, orphansOf } = findRoots(trace);
  const first: VisibleRow[] = [];
  const plain: number[] = [];
  const hollow = new Set(focus === undefined ? orphansOf.keys() : [...orphansOf.keys()].slice(0, mostMissingInFocus));
  for (const row of roots) {
    const spanId = trace.missingParents.get(row);
    if (spanId === undefined || !hollow.has(spanId)) plain.push(row);
    else if (orphansOf.get(spanId)?.[0] === row) first.push({ kind: 'missing', row, depth: 0, spanId });
  }
  first.push(...arrange(plain, 0));
  first.sort((a, b) => a.row - b.row);

  const stack = first.reverse();
  for (let visible = stack.pop(); visible !== undefined; visible = stack.pop()) {
    emit(visible);
    const below = children(visible);
    for (let i = below.length - 1; i >= 0; i--) {
      const child = below[i];
      if (child !== undefined) stack.push(child);
    }
  }
  return { rows, indexOf };
}

/** The direct children of a row, by start. */
export function childRows(trace: Trace, row: number): number[] {
  const children: number[] = [];
  const end = row + (trace.size[row] ?? 1);
  for (let child = row + 1; child < end; child += trace.size[child] ?? 1) children.push(child);
  return children;
}

function findRoots(trace: Trace): { roots: readonly number[]; orphansOf: ReadonlyMap<string, readonly number[]> } {
  const roots: number[] = [];
  const orphansOf = new Map<string, number[]>();
  for (let row = 0; row < trace.count; row += trace.size[row] ?? 1) {
    roots.push(row);
    const missing = trace.missingParents.get(row);
    if (missing === undefined) continue;
    const siblings = orphansOf.get(missing);
    if (siblings === undefined) orphansOf.set(missing, [row]);
    else siblings.push(row);
  }
  return { roots, orphansOf };
}

/** `toggled`, changed so that `row` shows: its closed ancestors and the groups that hide it are open. */
export function revealRow(trace: Trace, options: RowOptions, row: number): ReadonlySet<string> {
  const toggled = new Set(options.toggled);
  const flip = (key: string) => {
    if (!toggled.delete(key)) toggled.add(key);
  };
  for (;;) {
    const layout = layoutRows(trace, { ...options, toggled });
    const visible = layout.rows[layout.indexOf[row] ?? -1];
    if (visible === undefined || (visible.kind === 'span' && visible.row === row)) return toggled;
    flip(toggleKey(visible));
    // Below what opens now, open the whole way down at once. Depths are exact unless a group lies between; then the next
    // round, which gets deeper in any case, puts it right.
    const way: number[] = [];
    for (let up = trace.parent[row] ?? -1; up >= visible.row; up = trace.parent[up] ?? -1) way.push(up);
    way.reverse().forEach((up, i) => {
      if (up === visible.row && visible.kind === 'span') return;
      const depth = visible.depth + i + (visible.kind === 'span' ? 0 : 1);
      const key = toggleKey({ kind: 'span', row: up });
      if (isOpenByDefault(options, up, depth)) toggled.delete(key);
      else toggled.add(key);
    });
  }
}

function isOpenByDefault(options: RowOptions, row: number, depth: number): boolean {
  const isInFocus = options.focus === undefined || options.focus[row] === 1;
  return isInFocus && (options.levels === undefined || depth < options.levels);
}
