/** Why a node costs what it costs: the first kind that fits. A new kind is one more line in `kinds`. */
import type { Node } from './nodes.ts';
import { error } from './patterns/error.ts';
import { external } from './patterns/external.ts';
import { missingInstrumentation } from './patterns/missing-instrumentation.ts';
import { network } from './patterns/network.ts';
import { queue } from './patterns/queue.ts';
import { straggler } from './patterns/straggler.ts';
import { timeout } from './patterns/timeout.ts';
import { isDatabase, type Scene } from './scene.ts';
import { sentence } from './sentences/sentence.ts';
import type { CauseKind, Language, Sentence } from './verdict-types.ts';

export interface Finding {
  readonly kind: CauseKind;
  readonly sentence: Sentence;
}

export type NodeKind = (node: Node, scene: Scene, language: Language) => Finding | undefined;

const database: NodeKind = (node, { trace }, language) => {
  if (!isDatabase(trace, node.rows[0] ?? 0)) return undefined;
  const n = node.rows.length;
  return { kind: 'database', sentence: sentence('database', { n, ...compared(node) }, language) };
};

const kinds: readonly NodeKind[] = [
  timeout,
  error,
  queue,
  straggler,
  network,
  database,
  external,
  missingInstrumentation,
];

/** What a pattern claimed is of its kind; else the node's own look decides. */
export function kindOf(node: Node, scene: Scene, language: Language): Finding {
  if (node.claim !== undefined) return node.claim.finding(language);
  for (const kind of kinds) {
    const finding = kind(node, scene, language);
    if (finding !== undefined) return finding;
  }
  return { kind: 'own-time', sentence: sentence('own-time', compared(node), language) };
}

function compared({ contributionNs, usualNs }: Node): { slow?: number; usual?: number } {
  return usualNs === undefined ? {} : { slow: contributionNs, usual: usualNs };
}
