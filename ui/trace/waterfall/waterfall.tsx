/**
 * The waterfall. Rows are DOM, only those near the screen; bars and thread are one canvas that lies among the rows and
 * scrolls with them, so that both move in the same frame.
 */
import { useComputed, useSignal } from '@preact/signals';
import { useLayoutEffect, useMemo, useRef } from 'preact/hooks';
import { servicePaint } from '../../shell/colors.ts';
import { theme, token } from '../../shell/theme.ts';
import { words } from '../../words/words.ts';
import type { Actions } from '../actions.ts';
import { Axis } from './axis.tsx';
import { GutterMarks } from './gutter-marks.tsx';
import { rowKeys } from '../keys.ts';
import type { RowSet } from '../layout/folds.ts';
import type { VisibleRow } from '../layout/rows.ts';
import { axisTicks } from '../layout/ticks.ts';
import { type Colors, paint } from './paint.ts';
import { Pointer, usePointer } from './pointer.tsx';
import { Row } from './row.tsx';
import { calmRuns, threadRuns } from '../thread.ts';
import { useScroll } from './use-scroll.ts';
import { useSize } from '../use-size.ts';
import type { TraceView } from '../view.ts';
import { width as pageWidth } from '../width.ts';
import { keep, recall } from '../../parts/browser-memory.ts';

export const rowHeight = 24;
/** Between the marks of the axis, px. */
const tickGap = 110;
/** The thread leaves a row for shorter than this only if it does not come back. */
const leastExcursionPx = 2.5;

interface Props {
  readonly view: TraceView;
  readonly actions: Actions;
}

export function Waterfall({ view, actions }: Props) {
  const scroller = useRef<HTMLDivElement>(null);
  const canvas = useRef<HTMLCanvasElement>(null);
  const size = useSize(scroller);
  const treeWidth = useSignal(storedTreeWidth());
  const columns = columnsAt(size.value.width, treeWidth.value);
  const ratio = window.devicePixelRatio;
  const { rows, indexOf } = view.layout.value;
  const { trace, path, ownNs } = view.loaded.value;
  const range = view.range.value;
  const window_ = useScroll(view, scroller, size);
  const { first, end } = window_.value;
  const pointer = usePointer(view, actions, scroller, columns);
  const t = words().trace.rows;

  const deviceWidth = Math.round(columns.time * ratio);
  const thread = useMemo(
    () => calmRuns(threadRuns(path, indexOf, range, deviceWidth), leastExcursionPx * ratio),
    [path, indexOf, range, deviceWidth, ratio],
  );
  const pathNs = useMemo(() => ownNs.reduce((sum, ns) => sum + ns, 0), [ownNs]);
  const ticks = axisTicks(range, columns.time, tickGap);
  const colors = useComputed(readColors).value;
  const marked = view.marked.value;
  const notWaited = view.notWaited.value;
  const owned = view.owned.value;

  const selectedIndex = view.selected.value < 0 ? -1 : (indexOf[view.selected.value] ?? -1);
  const culpritIndex = view.culpritIndex.value;
  const grounds = new Map([
    [selectedIndex, colors.selected],
    [culpritIndex, colors.culprit],
  ]);

  useLayoutEffect(() => {
    const element = canvas.current;
    const context = element?.getContext('2d');
    if (!element || !context || columns.time <= 0) return;
    const height = Math.round((end - first) * rowHeight * ratio);
    if (element.width !== deviceWidth) element.width = deviceWidth;
    if (element.height !== height) element.height = height;
    paint(context, {
      trace,
      rows,
      first,
      end,
      range,
      width: columns.time,
      rowHeight,
      ratio,
      ticks,
      thread,
      grounds,
      shareOf: (index) => (pathNs > 0 ? (owned[index] ?? 0) / pathNs : 0),
      isDimmed: (visible) => marked !== undefined && !isMarked(visible, marked),
      isPale: (row) => notWaited.has(row),
      colors,
    });
  });

  const cursorIndex = view.cursorIndex.value;
  const deepest = useMemo(() => rows.reduce((most, visible) => Math.max(most, visible.depth), 0), [rows]);
  const indent = Math.max(1, Math.min(14, (columns.tree * 0.45) / Math.max(deepest, 1)));
  const shown = rows.slice(first, end);
  return (
    <div
      class="t-waterfall"
      style={{
        '--tree': `${columns.tree}px`,
        '--duration': `${columns.duration}px`,
        '--scrollbar': `${size.value.bar}px`,
      }}
    >
      <Axis view={view} actions={actions} ticks={ticks} onTreeWidth={(px) => keepTreeWidth((treeWidth.value = px))} />
      <div
        class="t-scroll"
        ref={scroller}
        role="treegrid"
        tabIndex={0}
        aria-label={t.label}
        aria-rowcount={rows.length}
        aria-colcount={3}
        aria-activedescendant={cursorIndex >= first && cursorIndex < end ? `t-row-${cursorIndex}` : undefined}
        onKeyDown={(event) => {
          const command = event.ctrlKey || event.metaKey || event.altKey ? undefined : rowKeys[event.key];
          if (command === undefined) return;
          event.preventDefault();
          actions.run(command);
        }}
        {...pointer.handlers}
      >
        <div class="t-height" role="presentation" style={{ height: `${rows.length * rowHeight}px` }}>
          <div class="t-window" role="presentation" style={{ transform: `translateY(${first * rowHeight}px)` }}>
            <canvas
              ref={canvas}
              class="t-canvas"
              aria-hidden="true"
              style={{ width: `${columns.time}px`, height: `${(end - first) * rowHeight}px` }}
            />
            {shown.map((visible, i) => (
              <Row
                key={`${visible.kind}${visible.row}`}
                view={view}
                actions={actions}
                visible={visible}
                index={first + i}
                indent={indent}
                timeWidth={columns.time}
                isCursor={first + i === cursorIndex}
                isSelected={visible.kind === 'span' && visible.row === view.selected.value}
                isCulprit={first + i === culpritIndex}
                isDimmed={marked !== undefined && !isMarked(visible, marked)}
              />
            ))}
          </div>
        </div>
      </div>
      <Pointer view={view} state={pointer.state} columns={columns} />
      <GutterMarks view={view} actions={actions} screen={window_} />
    </div>
  );
}

export interface ColumnWidths {
  readonly tree: number;
  readonly duration: number;
  readonly time: number;
}

function columnsAt(width: number, treeWidth: number): ColumnWidths {
  const size = pageWidth.value;
  const duration = size === 'narrow' ? 62 : 72;
  const wanted = size === 'wide' ? treeWidth : size === 'medium' ? Math.min(treeWidth, 240) : width * 0.46;
  const tree = Math.round(Math.max(80, Math.min(wanted, width - duration - 80)));
  return { tree, duration, time: Math.max(0, width - tree - duration) };
}

function isMarked(visible: VisibleRow, marked: RowSet): boolean {
  if (visible.kind === 'span')
    return visible.state === 'closed' ? marked.hasBelow(visible.row) : marked.has(visible.row);
  return visible.kind !== 'missing' && visible.rows.some((row) => marked.hasBelow(row));
}

function readColors(): Colors & Readonly<Record<'selected' | 'culprit', string>> {
  void theme.value;
  return {
    service: servicePaint,
    group: token('--ink-3'),
    grid: token('--line'),
    thread: token('--thread'),
    case: token('--bg'),
    selected: token('--bg-selected'),
    culprit: token('--thread-bg'),
  };
}

const treeWidthKey = 'ariane.trace.tree';

function storedTreeWidth(): number {
  const stored = Number(recall(treeWidthKey));
  return stored >= 120 && stored <= 1200 ? stored : 360;
}

function keepTreeWidth(px: number): void {
  keep(treeWidthKey, String(Math.round(px)));
}
