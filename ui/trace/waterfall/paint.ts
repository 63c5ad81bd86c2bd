/** Draws the rows on the screen onto a canvas: grid, bars, and the thread. Layout comes from the pure functions beside it. */
import type { Trace } from '../../../src/model/trace.ts';
import { type BarRun, groupTicks, queueGap, spanBar } from '../layout/bars.ts';
import type { VisibleRow } from '../layout/rows.ts';
import { type ThreadRun, threadWidth, type TimeRange } from '../thread.ts';

export interface Picture {
  readonly trace: Trace;
  readonly rows: readonly VisibleRow[];
  /** Visible rows drawn: from `first`, without `end`. */
  readonly first: number;
  readonly end: number;
  readonly range: TimeRange;
  /** CSS px. */
  readonly width: number;
  readonly rowHeight: number;
  /** Device pixels per CSS px. */
  readonly ratio: number;
  /** Of the axis, CSS px. */
  readonly ticks: readonly { readonly x: number }[];
  /** In device columns. */
  readonly thread: readonly ThreadRun[];
  /** Of the whole path, what each visible row owns; 0..1. */
  readonly shareOf: (index: number) => number;
  /** Ground of single rows, by index. */
  readonly grounds: ReadonlyMap<number, string>;
  readonly isDimmed: (visible: VisibleRow) => boolean;
  readonly isPale: (row: number) => boolean;
  readonly colors: Colors;
}

export interface Colors {
  readonly service: (name: string) => string;
  readonly group: string;
  readonly grid: string;
  readonly thread: string;
  /** Of the ground, around the thread so that it stays apart from what it crosses. */
  readonly case: string;
}

/** In a row of 24 px: the bar above, the thread under it, so that neither hides the other. */
const barTop = 5;
const barHeight = 9;
const threadY = 18.5;

export function paint(context: CanvasRenderingContext2D, picture: Picture): void {
  const { width, rowHeight, ratio, first, end } = picture;
  const height = (end - first) * rowHeight;
  context.setTransform(1, 0, 0, 1, 0, 0);
  context.clearRect(0, 0, Math.ceil(width * ratio), Math.ceil(height * ratio));
  for (const [index, ground] of picture.grounds) {
    context.fillStyle = ground;
    const top = Math.round((index - first) * rowHeight * ratio);
    context.fillRect(0, top, Math.ceil(width * ratio), Math.round(rowHeight * ratio));
  }
  context.fillStyle = picture.colors.grid;
  for (const { x } of picture.ticks)
    context.fillRect(Math.round(x * ratio), 0, Math.max(1, Math.floor(ratio)), height * ratio);
  for (let index = first; index < end; index++) {
    const visible = picture.rows[index];
    if (visible !== undefined) paintRow(context, picture, visible, (index - first) * rowHeight);
  }
  paintThread(context, picture);
}

function paintRow(context: CanvasRenderingContext2D, picture: Picture, visible: VisibleRow, top: number): void {
  const { trace, range, ratio, colors } = picture;
  const columns = Math.round(picture.width * ratio);
  const y = Math.round((top + barTop) * ratio);
  const height = Math.round(barHeight * ratio);
  const strength = picture.isDimmed(visible) ? 0.22 : 1;
  if (visible.kind === 'missing') return;
  if (visible.kind === 'hidden') {
    context.globalAlpha = 0.5 * strength;
    fillRuns(context, groupTicks(trace, visible.rows, range, columns), y + height / 3, height / 3, colors.group);
  } else {
    const color = colors.service(trace.services[trace.service[visible.row] ?? 0] ?? '');
    const pale = visible.kind === 'span' && picture.isPale(visible.row) ? 0.45 : 1;
    const paintKind = (runs: readonly BarRun[], kind: BarRun['kind'], alpha: number, fill: string | CanvasPattern) => {
      context.globalAlpha = alpha * strength * pale;
      fillRuns(
        context,
        runs.filter((run) => run.kind === kind),
        y,
        height,
        fill,
      );
    };
    if (visible.kind === 'fold') {
      paintKind(groupTicks(trace, visible.rows, range, columns), 'own', 1, color);
    } else {
      const runs = spanBar(trace, visible.row, range, columns);
      const gap = queueGap(trace, visible.row, range, columns);
      paintKind(runs, 'covered', 0.35, color);
      paintKind(runs, 'own', 1, color);
      paintKind(gap === undefined ? runs : [...runs, gap], 'waiting', 0.9, hatch(context, color, ratio));
    }
  }
  context.globalAlpha = 1;
}

function fillRuns(
  context: CanvasRenderingContext2D,
  runs: readonly BarRun[],
  y: number,
  height: number,
  fill: string | CanvasPattern,
): void {
  context.fillStyle = fill;
  for (const { x0, x1 } of runs) context.fillRect(x0, y, x1 - x0, height);
}

const hatches = new Map<string, CanvasPattern>();

function hatch(context: CanvasRenderingContext2D, color: string, ratio: number): CanvasPattern | string {
  const key = `${color} ${ratio}`;
  const known = hatches.get(key);
  if (known !== undefined) return known;
  const size = Math.round(5 * ratio);
  const tile = new OffscreenCanvas(size, size);
  const pen = tile.getContext('2d');
  if (pen === null) return color;
  pen.strokeStyle = color;
  pen.lineWidth = 1.4 * ratio;
  pen.lineCap = 'square';
  for (const shift of [-size, 0, size]) {
    pen.moveTo(shift - 1, size + 1);
    pen.lineTo(shift + size + 1, -1);
  }
  pen.stroke();
  const pattern = context.createPattern(tile, 'repeat');
  if (pattern === null) return color;
  hatches.set(key, pattern);
  return pattern;
}

/** Two passes, first the case and then the gold, each a handful of drawing calls: there may be thousands of pieces. */
function paintThread(context: CanvasRenderingContext2D, picture: Picture): void {
  const { ratio, colors } = picture;
  const runs = runsInSight(picture);
  for (const [extra, color] of [
    [ratio, colors.case],
    [0, colors.thread],
  ] as const) {
    context.fillStyle = color;
    context.strokeStyle = color;
    context.lineWidth = ratio + 2 * extra;
    paintHandOvers(context, picture, runs, extra);
    paintPieces(context, picture, runs, extra);
  }
}

/** Runs on the picture, and those from which or to which a hand-over crosses it. */
function runsInSight({ thread, first, end }: Picture): ThreadRun[] {
  return thread.filter((run, i) => {
    const before = thread[i - 1]?.index ?? run.index;
    const after = thread[i + 1]?.index ?? run.index;
    return Math.max(before, run.index, after) >= first && Math.min(before, run.index, after) < end;
  });
}

function threadTop({ first, rowHeight, ratio }: Picture, index: number): number {
  return Math.round(((index - first) * rowHeight + threadY) * ratio);
}

/** From one row to another at one instant: 1 px, its corners rounded into the rows' lines as far as these reach. */
function paintHandOvers(
  context: CanvasRenderingContext2D,
  picture: Picture,
  runs: readonly ThreadRun[],
  extra: number,
): void {
  const { ratio } = picture;
  const half = ratio / 2;
  context.beginPath();
  for (let i = 1; i < runs.length; i++) {
    const run = runs[i - 1];
    const next = runs[i];
    if (run === undefined || next === undefined || next.x0 !== run.x1 || next.index === run.index) continue;
    const from = threadTop(picture, run.index);
    const to = threadTop(picture, next.index);
    const down = Math.sign(to - from);
    const radius = (one: ThreadRun) => {
      const room = Math.min(4 * ratio, Math.abs(to - from) / 2, (one.x1 - one.x0) / 2);
      return room < 1.5 * ratio ? 0 : room;
    };
    const before = radius(run);
    const after = radius(next);
    const x = next.x0;
    const top = Math.min(from + down * before, to - down * after);
    const bottom = Math.max(from + down * before, to - down * after);
    context.fillRect(x - extra, top, ratio + 2 * extra, bottom - top);
    if (before > 0) {
      context.moveTo(x + half - before, from);
      context.quadraticCurveTo(x + half, from, x + half, from + down * before);
    }
    if (after > 0) {
      context.moveTo(x + half, to - down * after);
      context.quadraticCurveTo(x + half, to, x + half + after, to);
    }
  }
  context.stroke();
}

const dash = 5;
const dashGap = 3;

function paintPieces(
  context: CanvasRenderingContext2D,
  picture: Picture,
  runs: readonly ThreadRun[],
  extra: number,
): void {
  const { ratio, first, end } = picture;
  context.beginPath();
  for (const run of runs) {
    if (run.index < first || run.index >= end) continue;
    const thickness = threadWidth(picture.shareOf(run.index)) * ratio;
    const top = threadTop(picture, run.index) - thickness / 2 - extra;
    const height = thickness + 2 * extra;
    if (run.isInferred && extra === 0) {
      for (let x = run.x0; x < run.x1; x += (dash + dashGap) * ratio) {
        context.rect(x, top, Math.min(dash * ratio, run.x1 - x), height);
      }
    } else if (run.x1 - run.x0 < thickness) context.rect(run.x0, top, Math.max(ratio, run.x1 - run.x0), height);
    else context.roundRect(run.x0, top, run.x1 - run.x0, height, height / 2);
  }
  context.fill();
}
