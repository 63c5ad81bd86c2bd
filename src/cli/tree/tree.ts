/**
 * A trace as a terminal shows it:
 *
 *     Trace abc1234 · GET /checkout · 500 ms
 *     └── frontend   GET /checkout              500 ms
 *         ├── auth   POST /login                 50 ms
 *         └── order  POST /orders               400 ms
 *             └── order  SELECT orders          350 ms   ◀ the time goes here: 12× its usual 28 ms
 */
import { criticalPath } from '../../diagnose/critical-path.ts';
import { formatDuration } from '../../diagnose/format.ts';
import { sentenceText } from '../../diagnose/sentences/sentence.ts';
import type { Language, TraceVerdict } from '../../diagnose/verdict-types.ts';
import { spanFlag, spanIdOf, type Trace } from '../../model/trace.ts';
import type { Paint } from './paint.ts';
import { type TreeRow, treeRows } from './rows.ts';
import { fit, harmless, padEnd, padStart, textWidth } from './text-width.ts';
import { treeWords } from './words.ts';

export interface TreeOptions {
  readonly language: Language;
  readonly paint: Paint;
  /** Width of the window; undefined when nobody's eyes limit it. */
  readonly columns: number | undefined;
  /** Show every span on a row of its own. */
  readonly all: boolean;
}

/** Lines without a line end. */
export function renderTree(trace: Trace, verdict: TraceVerdict, options: TreeOptions): string[] {
  const path = criticalPath(trace);
  const culprit = rowOfSpan(trace, verdict.culprit?.span_id);
  const rows = treeRows(trace, path, { culprit, all: options.all });
  const lines = rows.map((row) => lineOf(trace, row, culprit, verdict, options));
  alignServices(lines);
  return [headOf(trace, path.root, verdict, options), ...layOutLines(lines, options)];
}

interface Line {
  readonly depth: number;
  readonly guides: string;
  /** Empty for rows that are no span. */
  readonly service: string;
  readonly name: string;
  readonly duration: string;
  readonly tag: string;
  readonly style: 'plain' | 'error' | 'thread' | 'dim';
  /** Column where the name begins. */
  nameAt: number;
}

function headOf(trace: Trace, root: number, verdict: TraceVerdict, { language, paint }: TreeOptions): string {
  const words = treeWords[language];
  const name = harmless(trace.names[trace.name[root] ?? 0] ?? '');
  return [
    `${words.trace} ${trace.traceId.slice(0, 7)}`,
    paint('bold', name),
    formatDuration(verdict.duration_ns, language),
  ].join(' · ');
}

function lineOf(trace: Trace, row: TreeRow, culprit: number, verdict: TraceVerdict, { language }: TreeOptions): Line {
  const words = treeWords[language];
  const base = { depth: row.depth, guides: shorten(row.guides), service: '', duration: '', tag: '', nameAt: 0 };
  switch (row.kind) {
    case 'missing':
      return { ...base, name: words.missing(trace.missingParents.get(row.row) ?? ''), style: 'dim' };
    case 'hidden':
      return { ...base, name: words.hidden(row.spans, row.ns), style: 'dim' };
    case 'span':
    case 'fold': {
      const isCulprit = row.kind === 'span' && row.row === culprit;
      const isError = ((trace.flags[row.row] ?? 0) & spanFlag.error) !== 0;
      const name = harmless(trace.names[trace.name[row.row] ?? 0] ?? '');
      return {
        ...base,
        service: harmless(trace.services[trace.service[row.row] ?? 0] ?? ''),
        name: row.kind === 'fold' ? `${name} ×${row.members}` : name,
        duration: formatDuration(row.ns, language),
        tag: isCulprit ? `◀ ${tagOf(verdict, language)}` : '',
        style: isCulprit ? 'thread' : isError ? 'error' : 'plain',
      };
    }
  }
}

/** Against its usual where the culprit is one slow call; else its share. */
function tagOf(verdict: TraceVerdict, language: Language): string {
  const [cause] = verdict.causes;
  if (cause?.usual_ns !== undefined && cause.usual_ns > 0 && cause.span_ids.length === 1) {
    const x = cause.contribution_ns / cause.usual_ns;
    if (x >= 1.5) return sentenceText('tag.usual', { x, u: cause.usual_ns }, language);
  }
  return verdict.culprit?.tag.text ?? '';
}

const mostGuides = 40;

/** Of a very deep row only the last levels: the line would be all guides. */
function shorten(guides: string): string {
  return guides.length > mostGuides ? `⋯   ${guides.slice(4 - mostGuides)}` : guides;
}

/** Columns of names that are nearly one become one; further apart each depth has its own. */
const nearlyOne = 4;

function alignServices(lines: readonly Line[]): void {
  const at: number[] = [];
  for (const { depth, guides, service } of lines) {
    if (service !== '') at[depth] = Math.max(at[depth] ?? 0, guides.length + Math.min(textWidth(service), 32) + 2);
  }
  const raise = (depth: number, towards: number) => {
    const [own, other] = [at[depth], at[towards]];
    if (own !== undefined && other !== undefined && other > own && other - own < nearlyOne) at[depth] = other;
  };
  for (let depth = at.length - 2; depth >= 0; depth--) raise(depth, depth + 1);
  for (let depth = 1; depth < at.length; depth++) raise(depth, depth - 1);
  for (const line of lines) line.nameAt = line.service === '' ? line.guides.length : (at[line.depth] ?? 0);
}

/** Durations end here at the earliest, so that small traces look alike. */
const leastRightEdge = 48;
const leastName = 16;

function layOutLines(lines: readonly Line[], { columns, paint }: TreeOptions): string[] {
  const widest = most(lines, (line) => textWidth(line.duration));
  const tag = most(lines, (line) => textWidth(line.tag));
  const wanted = Math.max(
    leastRightEdge,
    most(lines, (line) => leftWidth(line) + 3 + (line.duration === '' ? 0 : widest)),
  );
  // The tag stays on its line as long as names keep a readable width; else it goes below.
  const least = most(lines, (line) => line.nameAt + Math.min(leastName, textWidth(line.name))) + 3 + widest;
  const limit = columns ?? Number.POSITIVE_INFINITY;
  const hasRoom = tag === 0 || Math.min(wanted, least) + 3 + tag <= limit;
  const edge = Math.min(wanted, Math.max(hasRoom && tag > 0 ? limit - 3 - tag : limit, 20));
  return lines.flatMap((line) => {
    const left = edge - (line.duration === '' ? 0 : widest + 3);
    const service = padEnd(
      fit(line.service, Math.max(0, line.nameAt - line.guides.length - 2)),
      line.nameAt - line.guides.length,
    );
    const name = fit(line.name, Math.max(1, left - line.nameAt));
    const gap = edge - line.nameAt - textWidth(name);
    const text =
      paint('dim', line.guides) +
      service +
      (line.style === 'plain' ? name : paint(line.style, name)) +
      (line.duration === '' ? '' : padStart(line.duration, gap));
    if (line.tag === '') return [text.trimEnd()];
    const painted = paint('thread', line.tag);
    return hasRoom
      ? [`${text}   ${painted}`]
      : [text, ' '.repeat(Math.max(0, Math.min(line.nameAt, limit - textWidth(line.tag)))) + painted];
  });
}

/** As `Math.max` of all, which takes no more arguments than the stack has room for. */
function most(lines: readonly Line[], of: (line: Line) => number): number {
  return lines.reduce((max, line) => Math.max(max, of(line)), 0);
}

function leftWidth(line: Line): number {
  return line.nameAt + textWidth(line.name);
}

function rowOfSpan(trace: Trace, spanId: string | undefined): number {
  if (spanId === undefined) return -1;
  for (let row = 0; row < trace.count; row++) if (spanIdOf(trace, row) === spanId) return row;
  return -1;
}
