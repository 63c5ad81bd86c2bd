/** Which rows of a trace the terminal shows: siblings of one name folded, and of a large trace what matters. */
import { ownPathTimes } from '../../diagnose/path-times.ts';
import type { Path } from '../../diagnose/critical-path.ts';
import { spanFlag, type Trace } from '../../model/trace.ts';

export interface TreeRow {
  readonly kind: 'span' | 'fold' | 'hidden' | 'missing';
  /** The span, or the first of those folded or hidden, or the first child of the missing one. */
  readonly row: number;
  readonly depth: number;
  /** `│   ` and `    ` for each level above, then `├── ` or `└── `. */
  readonly guides: string;
  /** Spans that the row stands for. */
  readonly spans: number;
  /** Of a fold: how many siblings. */
  readonly members: number;
  /** Of a span its duration; of a fold or hidden spans the time on the path, below included. */
  readonly ns: number;
}

export interface RowsOptions {
  /** The row that carries the tag, or -1. It is always shown. */
  readonly culprit: number;
  /** Every span its own row. */
  readonly all: boolean;
}

const leastSiblingsToFold = 5;
const mostRowsUnfocused = 100;
const leastShareInFocus = 0.005;
const mostErrorsInFocus = 20;

export function treeRows(trace: Trace, path: Path, options: RowsOptions): TreeRow[] {
  const own = ownPathTimes(trace, path);
  const before = prefixSums(own);
  const pathNs = (row: number) => (before[row + (trace.size[row] ?? 1)] ?? 0) - (before[row] ?? 0);
  if (options.all)
    return layOut(
      trace,
      pathNs,
      () => true,
      () => true,
    );

  const isKept = (row: number) => row === options.culprit || isError(trace, row);
  const keptBelow = anyBelow(trace, isKept);
  const rows = layOut(trace, pathNs, keptBelow, () => true);
  if (rows.length <= mostRowsUnfocused) return rows;

  const total = before[trace.count] ?? 0;
  let errors = 0;
  const inFocus = anyBelow(trace, (row) => {
    if (row === options.culprit || row === path.root) return true;
    if ((own[row] ?? 0) > 0 && (own[row] ?? 0) >= total * leastShareInFocus) return true;
    return isError(trace, row) && errors++ < mostErrorsInFocus;
  });
  return layOut(trace, pathNs, keptBelow, inFocus);
}

type Item = Omit<TreeRow, 'guides' | 'depth'> & { children: readonly number[] };

function layOut(
  trace: Trace,
  pathNs: (row: number) => number,
  standsAlone: (row: number) => boolean,
  isShown: (row: number) => boolean,
): TreeRow[] {
  const sumOf = (rows: readonly number[], of: (row: number) => number) => rows.reduce((sum, row) => sum + of(row), 0);
  const group = (kind: 'fold' | 'hidden', rows: readonly number[]): Item => ({
    kind,
    row: rows[0] ?? 0,
    spans: sumOf(rows, (row) => trace.size[row] ?? 1),
    members: rows.length,
    ns: sumOf(rows, pathNs),
    children: [],
  });
  const arrange = (siblings: readonly number[]): Item[] => {
    const items: Item[] = foldSiblings(trace, siblings.filter(isShown), standsAlone).map((rows) =>
      rows.length > 1
        ? group('fold', rows)
        : {
            kind: 'span',
            row: rows[0] ?? 0,
            spans: 1,
            members: 1,
            ns: trace.durationNs[rows[0] ?? 0] ?? 0,
            children: childrenOf(trace, rows[0] ?? 0),
          },
    );
    const hidden = siblings.filter((row) => !isShown(row));
    return hidden.length === 0 ? items : [...items, group('hidden', hidden)];
  };

  const rows: TreeRow[] = [];
  const stack: { item: Item; depth: number; above: string; isLast: boolean }[] = [];
  const push = (items: readonly Item[], depth: number, above: string) => {
    items.forEach((_, i) => {
      const item = items[items.length - 1 - i];
      if (item !== undefined) stack.push({ item, depth, above, isLast: i === 0 });
    });
  };
  push(topItems(trace, isShown, arrange), 0, '');
  for (let next = stack.pop(); next !== undefined; next = stack.pop()) {
    const { item, depth, above, isLast } = next;
    const { children, ...row } = item;
    rows.push({ ...row, depth, guides: above + (isLast ? '└── ' : '├── ') });
    if (children.length > 0) push(arrange(children), depth + 1, above + (isLast ? '    ' : '│   '));
  }
  return rows;
}

/** Roots, and for each missing parent a row with its orphans below; parents of hidden orphans are not worth one. */
function topItems(
  trace: Trace,
  isShown: (row: number) => boolean,
  arrange: (rows: readonly number[]) => Item[],
): Item[] {
  const roots: number[] = [];
  const orphansOf = new Map<string, number[]>();
  for (let row = 0; row < trace.count; row += trace.size[row] ?? 1) {
    const missing = trace.missingParents.get(row);
    const siblings = missing === undefined ? roots : orphansOf.get(missing);
    if (siblings !== undefined) siblings.push(row);
    else if (missing !== undefined) orphansOf.set(missing, [row]);
  }
  const hollow: Item[] = [];
  for (const children of orphansOf.values()) {
    if (!children.some(isShown)) for (const child of children) roots.push(child);
    else hollow.push({ kind: 'missing', row: children[0] ?? 0, spans: 0, members: 0, ns: 0, children });
  }
  return [...arrange(roots), ...hollow];
}

function childrenOf(trace: Trace, row: number): number[] {
  const children: number[] = [];
  const end = row + (trace.size[row] ?? 1);
  for (let child = row + 1; child < end; child += trace.size[child] ?? 1) children.push(child);
  return children;
}

/** Five or more siblings of one service and name are one row, at the place of the first. */
function foldSiblings(trace: Trace, siblings: readonly number[], standsAlone: (row: number) => boolean): number[][] {
  const groups = new Map<string, number[]>();
  for (const row of siblings) {
    const key = standsAlone(row) ? `alone ${row}` : `${trace.service[row]} ${trace.name[row]}`;
    const group = groups.get(key);
    if (group === undefined) groups.set(key, [row]);
    else group.push(row);
  }
  return [...groups.values()]
    .flatMap((group) => (group.length >= leastSiblingsToFold ? [group] : group.map((row) => [row])))
    .sort((a, b) => (a[0] ?? 0) - (b[0] ?? 0));
}

function anyBelow(trace: Trace, is: (row: number) => boolean): (row: number) => boolean {
  const before = prefixSums(Float64Array.from({ length: trace.count }, (_, row) => (is(row) ? 1 : 0)));
  return (row) => (before[row + (trace.size[row] ?? 1)] ?? 0) > (before[row] ?? 0);
}

function isError(trace: Trace, row: number): boolean {
  return ((trace.flags[row] ?? 0) & spanFlag.error) !== 0;
}

function prefixSums(values: Float64Array): Float64Array {
  const sums = new Float64Array(values.length + 1);
  values.forEach((value, i) => {
    sums[i + 1] = (sums[i] ?? 0) + value;
  });
  return sums;
}
