/** What a call takes beyond the work of its callee: the way there and back, and the wait before the callee began. */
import { spanKind } from '../../model/span.ts';
import type { NodeKind } from '../kinds.ts';
import { childrenOf, type Scene, serviceOf } from '../scene.ts';
import { sentence } from '../sentences/sentence.ts';

export const network: NodeKind = (node, scene, language) => {
  const row = node.rows[0] ?? -1;
  const callee = calleeOf(scene.trace, row);
  if (callee === undefined) return undefined;
  const values = { client: node.service, server: serviceOf(scene.trace, callee), slow: node.contributionNs };
  const usual = node.usualNs === undefined ? {} : { usual: node.usualNs };
  return { kind: 'network', sentence: sentence('network', { ...values, ...usual }, language) };
};

/** The server's span of a call. */
export function calleeOf(trace: Scene['trace'], row: number): number | undefined {
  if (trace.kind[row] !== spanKind.client) return undefined;
  return childrenOf(trace, row).find((child) => trace.kind[child] === spanKind.server);
}
