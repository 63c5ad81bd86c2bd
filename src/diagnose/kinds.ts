/** Why a node costs what it costs: the first kind that fits. A new kind is one more line in `kinds`. */
import type { Trace } from '../model/trace.ts';
import { spanFlag } from '../model/trace.ts';
import type { Node } from './nodes.ts';
import { sentence } from './sentences/sentence.ts';
import type { CauseKind, Language, Sentence } from './verdict-types.ts';

export interface Finding {
  readonly kind: CauseKind;
  readonly sentence: Sentence;
}

type Kind = (node: Node, trace: Trace, language: Language) => Finding | undefined;

const kinds: readonly Kind[] = [database, ownTime];

export function kindOf(node: Node, trace: Trace, language: Language): Finding {
  for (const kind of kinds) {
    const finding = kind(node, trace, language);
    if (finding !== undefined) return finding;
  }
  return ownTime(node, trace, language);
}

function database(node: Node, trace: Trace, language: Language): Finding | undefined {
  if (((trace.flags[node.rows[0] ?? 0] ?? 0) & spanFlag.database) === 0) return undefined;
  const n = node.rows.length;
  return { kind: 'database', sentence: sentence('database', { n, ...compared(node) }, language) };
}

function ownTime(node: Node, _trace: Trace, language: Language): Finding {
  return { kind: 'own-time', sentence: sentence('own-time', compared(node), language) };
}

function compared({ contributionNs, usualNs }: Node): { slow?: number; usual?: number } {
  return usualNs === undefined ? {} : { slow: contributionNs, usual: usualNs };
}
