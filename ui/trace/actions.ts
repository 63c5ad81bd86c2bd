/** What a key or a click does to the view. Each command of `keys.ts` is carried out here. */
import { signal } from '@preact/signals';
import { spanIdOf } from '../../src/model/trace.ts';
import type { Mark, PageAddress } from './address.ts';
import type { Keep } from './address-state.ts';
import type { Command } from './keys.ts';
import { isError } from './layout/folds.ts';
import { revealRow, toggleKey, type VisibleRow } from './layout/rows.ts';
import { isWhole, panRange, rangeBetween, zoomRange } from './layout/zoom.ts';
import { threadSteps, type TimeRange } from './thread.ts';
import { addressKey, type TraceView } from './view.ts';

export interface Actions {
  run(command: Command): void;
  /** Puts the keyboard on a visible row and brings it into sight. */
  goTo(index: number): void;
  /** Opens what hides a row of the trace, then goes there. */
  reveal(row: number): void;
  toggle(visible: VisibleRow): void;
  /** Opens the details of a row of the trace; -1 closes them. */
  select(row: number): void;
  setZoom(range: TimeRange, keep: Keep): void;
  zoomBy(factor: number, aroundNs: number): void;
  panBy(share: number): void;
  setMark(mark: Mark | undefined): void;
  setFind(text: string): void;
}

/** What only the page can do. */
export interface Outside {
  copy(): void;
  focusFind(): void;
}

const panShare = 0.1;
const zoomStep = 0.8;

export function createActions(view: TraceView, outside: Outside): Actions {
  const { address } = view;
  const change = (changes: Partial<PageAddress>, keep: Keep) => address.change(changes, keep);
  const traceNow = () => view.loaded.peek().trace;
  const rowAt = (index: number): VisibleRow | undefined => view.layout.peek().rows[index];
  const piece = signal(-1);

  const goTo = (wanted: number) => {
    const index = Math.max(0, Math.min(view.layout.peek().rows.length - 1, wanted));
    const visible = rowAt(index);
    if (visible === undefined) return;
    view.cursor.value = toggleKey(visible);
    const selected = view.selected.peek();
    if (selected >= 0 && visible.kind === 'span' && visible.row !== selected) {
      change({ span: spanIdOf(traceNow(), visible.row) }, 'later');
    }
    view.scrollTo.current(index);
  };
  const move = (by: number) => goTo(view.cursorIndex.peek() < 0 ? (by > 0 ? 0 : -1) : view.cursorIndex.peek() + by);

  const setToggled = (toggled: ReadonlySet<string>) => {
    const trace = traceNow();
    const keys = [...toggled].map((key) => {
      const row = Number(key.slice(1));
      return `${key[0]}${spanIdOf(trace, row)}`;
    });
    change({ toggled: new Set(keys) }, 'later');
  };
  const toggle = (visible: VisibleRow) => {
    if (visible.kind === 'missing' || (visible.kind === 'span' && visible.state === 'leaf')) return;
    const toggled = new Set(address.value.peek().toggled);
    const key = addressKey(traceNow(), visible);
    if (!toggled.delete(key)) toggled.add(key);
    change({ toggled }, 'later');
  };
  const reveal = (row: number) => {
    if (row < 0) return;
    const visible = rowAt(view.layout.peek().indexOf[row] ?? -1);
    if (visible?.kind !== 'span' || visible.row !== row) {
      setToggled(revealRow(traceNow(), view.options.peek(), row));
    }
    goTo(view.layout.peek().indexOf[row] ?? -1);
  };
  // A small trace has a selection by default, so "closed" has to be said.
  const select = (row: number) => change({ span: row < 0 ? 'none' : spanIdOf(traceNow(), row) }, 'step');

  const isOpen = (visible: VisibleRow) =>
    visible.kind === 'span' ? visible.state === 'open' : visible.kind !== 'missing' && visible.isOpen;
  const isClosed = (visible: VisibleRow) =>
    visible.kind === 'span' ? visible.state === 'closed' : visible.kind !== 'missing' && !visible.isOpen;
  const fold = () => {
    const index = view.cursorIndex.peek();
    const visible = rowAt(index);
    if (visible === undefined) return;
    if (isOpen(visible)) return toggle(visible);
    for (let up = index - 1; up >= 0; up--) if ((rowAt(up)?.depth ?? 0) < visible.depth) return goTo(up);
  };
  const unfold = () => {
    const index = view.cursorIndex.peek();
    const visible = rowAt(index);
    if (visible === undefined) return;
    if (isClosed(visible)) return toggle(visible);
    if ((rowAt(index + 1)?.depth ?? 0) > visible.depth) goTo(index + 1);
  };
  const deepest = () => view.layout.peek().rows.reduce((most, visible) => Math.max(most, visible.depth), 0);
  const setLevels = (levels: number | undefined) => change({ levels, toggled: new Set() }, 'same');

  /** The next row after the cursor's, in the order of the tree, that `isWanted`; around the end back to the first. */
  const seek = (by: 1 | -1, isWanted: (row: number) => boolean) => {
    const { count } = traceNow();
    const cursor = view.cursor.peek();
    const from = cursor === '' ? (by > 0 ? -1 : count) : Number(cursor.slice(1));
    for (let step = 1; step <= count; step++) {
      const row = (((from + by * step) % count) + count) % count;
      if (isWanted(row)) return reveal(row);
    }
  };
  const seekMatch = (by: 1 | -1) => {
    const text = address.value.peek().find.trim();
    const matches = view.isMatch.peek();
    if (view.found.peek().text !== text) view.wantsMatch.current = by;
    else if (text === '') move(by);
    else if (matches.size > 0) seek(by, (row) => matches.has(row));
  };
  const seekPiece = (by: 1 | -1) => {
    const steps = threadSteps(view.loaded.peek().path, view.layout.peek().indexOf, 0);
    if (steps.length === 0) return;
    const at =
      steps[piece.peek()]?.index === view.cursorIndex.peek()
        ? piece.peek()
        : steps.findIndex((step) => step.index === view.cursorIndex.peek());
    piece.value = at < 0 ? (by > 0 ? 0 : steps.length - 1) : (at + by + steps.length) % steps.length;
    goTo(steps[piece.peek()]?.index ?? -1);
  };

  const setZoom = (range: TimeRange, keep: Keep) =>
    change({ zoom: isWhole(range, view.whole.peek()) ? undefined : range }, keep);
  const zoomBy = (factor: number, aroundNs: number) =>
    setZoom(zoomRange(view.range.peek(), view.whole.peek(), factor, aroundNs), 'later');
  const zoomMiddle = (factor: number) => {
    const { startNs, endNs } = view.range.peek();
    zoomBy(factor, (startNs + endNs) / 2);
  };
  const panBy = (share: number) => setZoom(panRange(view.range.peek(), view.whole.peek(), share), 'later');

  const escape = () => {
    const now = address.value.peek();
    if (view.selected.peek() >= 0) select(-1);
    else if (now.find !== '') change({ find: '' }, 'same');
    else if (now.mark !== undefined) change({ mark: undefined }, 'same');
    else if (now.zoom !== undefined) change({ zoom: undefined }, 'step');
  };
  const details = () => {
    const visible = rowAt(view.cursorIndex.peek());
    if (visible === undefined) return;
    if (visible.kind !== 'span') toggle(visible);
    else select(view.selected.peek() === visible.row ? -1 : visible.row);
  };

  const commands: Readonly<Record<Command, () => void>> = {
    'row-down': () => move(1),
    'row-up': () => move(-1),
    'row-first': () => goTo(0),
    'row-last': () => goTo(view.layout.peek().rows.length - 1),
    'page-down': () => move(view.pageRows.current - 2),
    'page-up': () => move(2 - view.pageRows.current),
    fold,
    unfold,
    'fold-all': () => setLevels(0),
    'unfold-all': () => setLevels(undefined),
    'fold-level': () => setLevels(Math.max(0, deepest() - 1)),
    'unfold-level': () => setLevels(deepest() + 1),
    details,
    'next-match': () => seekMatch(1),
    'previous-match': () => seekMatch(-1),
    'next-error': () => seek(1, (row) => isError(traceNow(), row)),
    'previous-error': () => seek(-1, (row) => isError(traceNow(), row)),
    'next-piece': () => seekPiece(1),
    'previous-piece': () => seekPiece(-1),
    'pan-left': () => panBy(-panShare),
    'pan-right': () => panBy(panShare),
    'pan-left-fast': () => panBy(-4 * panShare),
    'pan-right-fast': () => panBy(4 * panShare),
    'zoom-in': () => zoomMiddle(zoomStep),
    'zoom-out': () => zoomMiddle(1 / zoomStep),
    'zoom-in-fast': () => zoomMiddle(zoomStep ** 4),
    'zoom-out-fast': () => zoomMiddle(1 / zoomStep ** 4),
    everything: () => {
      if (view.canShowEverything.peek()) change({ isEverything: !address.value.peek().isEverything }, 'step');
      const index = view.cursorIndex.peek();
      if (index >= 0) view.scrollTo.current(index);
    },
    copy: () => outside.copy(),
    find: () => outside.focusFind(),
    escape,
  };
  return {
    run: (command) => commands[command](),
    goTo,
    reveal,
    toggle,
    select,
    setZoom,
    zoomBy,
    panBy,
    setMark: (mark) => change({ mark }, 'same'),
    setFind: (find) => change({ find }, 'later'),
  };
}

/** The range between two instants, for a drag. */
export function draggedRange(view: TraceView, a: number, b: number): TimeRange {
  return rangeBetween(a, b, view.whole.peek());
}
