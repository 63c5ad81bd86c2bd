/** What "Copy" gives: the verdict, the tree as a terminal draws it, and the link, as Markdown. */
import type { Trace } from '../../src/model/trace.ts';
import type { RowLayout, VisibleRow } from './layout/rows.ts';

export interface CopyWords {
  duration(ns: number): string;
  times(n: number): string;
  hidden(spans: number): string;
  missing(spanId: string): string;
}

export interface CopyInput {
  readonly trace: Trace;
  readonly layout: RowLayout;
  /** The visible row that `tag` points at, or -1. */
  readonly culprit: number;
  readonly tag: string;
  readonly verdict: string;
  readonly link: string;
  readonly words: CopyWords;
}

/** A tree longer than this is cut in a chat window anyway: what owns none of the path is left out first. */
const mostLines = 60;

export function copyText(input: CopyInput): string {
  const { trace, verdict, link } = input;
  const id = trace.traceId.slice(0, 7);
  const root = trace.names[trace.name[0] ?? 0] ?? '';
  const head = `Trace ${id} · ${root} · ${input.words.duration(trace.durationNs[0] ?? 0)}`;
  const tree = [head, ...treeLines(input)].join('\n');
  // A stored name must not be able to end the code block.
  const fence = '`'.repeat(Math.max(3, ...[...tree.matchAll(/`+/g)].map((run) => run[0].length + 1)));
  return [...(verdict === '' ? [] : [`**${verdict}**`, '']), fence, tree, fence, '', link].join('\n');
}

function treeLines({ trace, layout, culprit, tag, words }: CopyInput): string[] {
  const shown = layout.rows.slice(0, mostLines);
  const lines = shown.map((visible, i) => ({
    text: branch(shown, i) + label(trace, visible, serviceWidth(trace, shown, i), words),
    ns:
      visible.kind === 'missing'
        ? undefined
        : visible.kind === 'span'
          ? trace.durationNs[visible.row]
          : visible.coveredNs,
    isCulprit: i === culprit,
  }));
  const textWidth = Math.max(0, ...lines.map((line) => line.text.length));
  const durations = lines.map((line) => (line.ns === undefined ? '' : words.duration(line.ns)));
  const durationWidth = Math.max(0, ...durations.map((text) => text.length));
  const drawn = lines.map(({ text, isCulprit }, i) => {
    const line = `${text.padEnd(textWidth)}  ${(durations[i] ?? '').padStart(durationWidth)}`;
    return (isCulprit && tag !== '' ? `${line}   ◀ ${tag}` : line).trimEnd();
  });
  return layout.rows.length > mostLines ? [...drawn, `… ${words.hidden(layout.rows.length - mostLines)}`] : drawn;
}

/** Of the longest service name among the row and its neighbours at the same level: their operations stand in line. */
function serviceWidth(trace: Trace, rows: readonly VisibleRow[], at: number): number {
  const depth = rows[at]?.depth ?? 0;
  let widest = 0;
  const look = (i: number): boolean => {
    const visible = rows[i];
    if (visible === undefined || visible.depth < depth) return false;
    if (visible.depth === depth && (visible.kind === 'span' || visible.kind === 'fold')) {
      widest = Math.max(widest, (trace.services[trace.service[visible.row] ?? 0] ?? '').length);
    }
    return true;
  };
  for (let i = at; look(i); i++);
  for (let i = at - 1; look(i); i--);
  return widest;
}

function label(trace: Trace, visible: VisibleRow, width: number, words: CopyWords): string {
  if (visible.kind === 'missing') return words.missing(visible.spanId.slice(0, 4));
  if (visible.kind === 'hidden') return words.hidden(visible.spans);
  const service = trace.services[trace.service[visible.row] ?? 0] ?? '';
  const name = oneLine(`${service.padEnd(width)}  ${trace.names[trace.name[visible.row] ?? 0] ?? ''}`);
  return visible.kind === 'fold' ? `${name} ${words.times(visible.rows.length)}` : name;
}

/** `│   ├── `: for each level whether more siblings follow. */
function branch(rows: readonly VisibleRow[], at: number): string {
  const depth = rows[at]?.depth ?? 0;
  let text = '';
  for (let level = 0; level <= depth; level++) {
    const hasMore = continues(rows, at, level);
    text += level === depth ? (hasMore ? '├── ' : '└── ') : hasMore ? '│   ' : '    ';
  }
  return text;
}

/** Whether a later row stands at `level` before one stands higher. */
function continues(rows: readonly VisibleRow[], at: number, level: number): boolean {
  for (let i = at + 1; i < rows.length; i++) {
    const depth = rows[i]?.depth ?? 0;
    if (depth === level) return true;
    if (depth < level) return false;
  }
  return false;
}

function oneLine(text: string): string {
  return text.replaceAll(/[\r\n]+/g, ' ');
}
