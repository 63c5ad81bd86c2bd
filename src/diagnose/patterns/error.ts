/** Time that ended in a failure: the span where it began to fail. */
import { errorNameOf } from '../error-name.ts';
import type { NodeKind } from '../kinds.ts';
import { childrenOf, isFailed } from '../scene.ts';
import { sentence } from '../sentences/sentence.ts';

/** Where a child failed, too, the failure is the child's; and the failure must be of what took the node's time. */
export const error: NodeKind = (node, scene, language) => {
  const { trace, own } = scene;
  const origins = node.rows.filter(
    (row) => isFailed(trace, row) && !childrenOf(trace, row).some((child) => isFailed(trace, child)),
  );
  const failedNs = origins.reduce((sum, row) => sum + (own[row] ?? 0), 0);
  const [row] = origins;
  if (row === undefined || failedNs < node.contributionNs / 2) return undefined;
  const values = { ms: trace.durationNs[row] ?? 0, error: errorNameOf(scene, row, language) };
  return { kind: 'error', sentence: sentence('error', values, language) };
};
