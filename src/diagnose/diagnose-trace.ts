/** Why one trace took as long as it did. */
import { spanFlag, spanIdOf, type Trace } from '../model/trace.ts';
import { withAwaited } from './awaited.ts';
import { criticalPath, type Path } from './critical-path.ts';
import { kindOf } from './kinds.ts';
import { type Node, nodesOnPath } from './nodes.ts';
import { createPlaces } from './places.ts';
import { type DetailOf, type Scene, sceneOf } from './scene.ts';
import { sentence, sentenceText } from './sentences/sentence.ts';
import { type Usuals, usualOfRow } from './usual.ts';
import type { Cause, Language, Sentence, TraceVerdict } from './verdict-types.ts';
import type { WaitingOptions } from './waiting.ts';

export interface TraceQuestion extends WaitingOptions {
  /** What operations usually take, by `usualKey`. */
  readonly usual?: Usuals;
  /** What spans say of themselves, where it is known: names the errors and the peers. */
  readonly detailOf?: DetailOf;
  readonly language: Language;
  /** False while spans of the trace may still arrive. */
  readonly settled: boolean;
}

export function diagnoseTrace(trace: Trace, question: TraceQuestion): TraceVerdict {
  const path = withAwaited(trace, criticalPath(trace, question), question);
  const durationNs = trace.durationNs[path.root] ?? 0;
  const usualNs = path.root < 0 ? undefined : usualOfRow(trace, path.root, question.usual);
  const scene = sceneOf(trace, path, createPlaces(), question.detailOf);
  const ranking = rank(nodesOnPath(scene, question.usual), durationNs, usualNs);
  const causes = ranking.nodes.map((node) => causeOf(node, scene, ranking, question.language));
  const explainedNs = causes.reduce((sum, cause) => sum + cause.contribution_ns, 0);
  return {
    trace_id: trace.traceId,
    duration_ns: durationNs,
    ...(usualNs === undefined ? {} : { usual_ns: usualNs }),
    verdict: verdictOf(trace, path, ranking, causes, question.language),
    ...culpritOf(trace, path, ranking, question.language),
    causes,
    unexplained_ns: durationNs - explainedNs,
    not_waited_for: path.notWaitedFor.map((row) => spanIdOf(trace, row)),
    notes: notesOf(trace, path, durationNs, question),
  };
}

interface Ranking {
  readonly durationNs: number;
  readonly usualNs: number | undefined;
  /** What is to be explained: the excess of a trace slower than usual, else the whole duration. */
  readonly totalNs: number;
  /** How much of that a node explains. */
  readonly weight: (node: Node) => number;
  /** The heaviest first. */
  readonly nodes: readonly Node[];
}

/**
 * What is always long is no cause of being slower than usual; what grew is. Where a node's usual is not known, all that it
 * takes counts.
 */
function rank(nodes: readonly Node[], durationNs: number, usualNs: number | undefined): Ranking {
  const isSlow = usualNs !== undefined && durationNs > usualNs;
  const weight = (node: Node) => node.contributionNs - (isSlow ? (node.usualNs ?? 0) : 0);
  return {
    durationNs,
    usualNs,
    totalNs: isSlow ? durationNs - usualNs : durationNs,
    weight,
    nodes: nodes.toSorted((a, b) => weight(b) - weight(a) || b.contributionNs - a.contributionNs),
  };
}

function causeOf(node: Node, scene: Scene, ranking: Ranking, language: Language): Cause {
  const excessNs = node.usualNs === undefined ? undefined : node.contributionNs - node.usualNs;
  const isOfExcess = excessNs !== undefined && ranking.totalNs < ranking.durationNs;
  const share = isOfExcess ? excessNs / ranking.totalNs : node.contributionNs / ranking.durationNs;
  const { trace } = scene;
  const spanIds = node.rows.map((row) => spanIdOf(trace, row));
  return {
    service: node.service,
    operation: node.operation,
    ...kindOf(node, scene, language),
    contribution_ns: node.contributionNs,
    ...(node.usualNs === undefined ? {} : { usual_ns: node.usualNs }),
    ...(excessNs === undefined ? {} : { excess_ns: excessNs }),
    share: Math.min(1, Math.max(0, share)),
    evidence: spanIds.slice(0, 3).map((span_id) => ({ trace_id: trace.traceId, span_id })),
    span_ids: spanIds,
  };
}

function verdictOf(trace: Trace, path: Path, ranking: Ranking, causes: readonly Cause[], language: Language): Sentence {
  const { durationNs: d, usualNs: u } = ranking;
  const op = clip(trace.names[trace.name[path.root] ?? 0] ?? '');
  const lead =
    u === undefined || u <= 0
      ? sentence('lead.trace', { op, d }, language)
      : sentence('lead.trace.usual', { op, d, x: d / u, u }, language);
  const [first, second] = causes;
  const [firstNode, secondNode] = ranking.nodes;
  if (first === undefined || firstNode === undefined) return { ...lead, text: `${lead.text}.` };

  const top = ranking.weight(firstNode);
  let rest: string;
  if (isSpread(ranking)) {
    const values = { delta: ranking.totalNs, n: causes.length, ms: top, t: targetOf(first) };
    rest = sentenceText('spread', values, language);
  } else {
    rest = sentenceText('cause', said(first), language);
    // A second cause is worth a clause when it is of the first one's size.
    const next = secondNode === undefined ? 0 : ranking.weight(secondNode);
    if (second !== undefined && next >= top / 2 && next >= ranking.totalNs / 5) {
      rest += sentenceText('second', said(second), language);
    }
  }
  return { ...lead, text: sentenceText('verdict', { lead: lead.text, rest }, language) };
}

/** Many operations, none of them with a quarter of what is to be explained. */
function isSpread({ nodes, weight, totalNs }: Ranking): boolean {
  const [top] = nodes;
  return top !== undefined && nodes.length > 3 && weight(top) < totalNs / 4;
}

function said(cause: Cause): { ms: number; t: string; why: string } {
  return { ms: cause.contribution_ns, t: targetOf(cause), why: cause.sentence.text };
}

/** `service · operation`, as sentences name a node. */
export function targetOf({ service, operation }: { service: string; operation: string }): string {
  return clip(`${service} · ${operation}`);
}

const longestName = 80;

/** On one line and short enough for a sentence. */
function clip(name: string): string {
  const line = name.replaceAll(/\s+/g, ' ');
  return line.length > longestName ? `${line.slice(0, longestName - 1)}…` : line;
}

function culpritOf(trace: Trace, path: Path, ranking: Ranking, language: Language): Pick<TraceVerdict, 'culprit'> {
  const [top] = ranking.nodes;
  const row = top?.rows[0];
  if (top === undefined || row === undefined) return {};
  let ms = 0;
  path.row.forEach((owner, i) => {
    if (owner === row) ms += (path.toNs[i] ?? 0) - (path.fromNs[i] ?? 0);
  });
  const share = ms / ranking.durationNs;
  // Of a pattern no call by itself is worth the word; all of them are.
  const said =
    top.claim === undefined
      ? { ms, share }
      : { ms: top.contributionNs, share: top.contributionNs / ranking.durationNs };
  return {
    culprit: { span_id: spanIdOf(trace, row), self_path_ns: ms, share, tag: sentence('tag', said, language) },
  };
}

const mostRemarks = 3;

function notesOf(trace: Trace, path: Path, durationNs: number, question: TraceQuestion): Sentence[] {
  const { language, hostOf } = question;
  const notes: Sentence[] = [];
  if (!question.settled) notes.push(sentence('arriving', {}, language));
  const orphans = trace.flags.reduce((sum, flags) => sum + ((flags & spanFlag.orphan) === 0 ? 0 : 1), 0);
  if (orphans > 0) notes.push(sentence('incomplete', { n: orphans }, language));

  const shifts = new Map<string, number>();
  for (const { row, byNs } of path.moved) {
    if (Math.abs(byNs) < durationNs / 100) continue;
    const host = hostOf?.(row) ?? trace.services[trace.service[row] ?? 0] ?? '';
    shifts.set(host, Math.max(shifts.get(host) ?? 0, Math.abs(byNs)));
  }
  for (const [host, ms] of [...shifts].sort((a, b) => b[1] - a[1]).slice(0, mostRemarks)) {
    notes.push(sentence('skew', { host, ms }, language));
  }

  const late = path.notWaitedFor
    .map((row) => ({ row, ms: endOf(trace, row) - endOf(trace, path.root) }))
    .filter(({ ms }) => ms >= durationNs / 100)
    .sort((a, b) => b.ms - a.ms);
  for (const { row, ms } of late.slice(0, mostRemarks)) {
    const service = trace.services[trace.service[row] ?? 0] ?? '';
    const t = targetOf({ service, operation: trace.names[trace.name[row] ?? 0] ?? '' });
    notes.push(sentence('not-waited', { t, ms }, language));
  }
  return notes;
}

function endOf(trace: Trace, row: number): number {
  return (trace.startNs[row] ?? 0) + (trace.durationNs[row] ?? 0);
}
