/** Time spent waiting for one's turn: a message in a queue, a request for a connection of a pool, a permit, a worker. */
import { attributeText } from '../../model/attributes.ts';
import { spanKind } from '../../model/span.ts';
import type { Claim } from '../claims.ts';
import type { NodeKind } from '../kinds.ts';
import { segmentAt } from '../path-times.ts';
import { isDatabase, nameOf, type Scene, startOf } from '../scene.ts';
import { sentence } from '../sentences/sentence.ts';

/** Spans by which libraries show such a wait: `pg-pool.connect`, `HikariPool getConnection`, `acquire`, `semaphore.wait`, `queued`. */
const waits =
  /\b(?:pool\.(?:connect|acquire|checkout|wait)|pg-pool\.connect|get_?connection|acquire(?:[ ._-]?(?:connection|lock|permit|slot))?|semaphore|enqueued?|queue[ ._-]?wait|waiting|wait[ ._-]for)\b|(?:pool|queue)[ ._-]?(?:wait|acquire)/i;

export const queue: NodeKind = (node, { trace }, language) => {
  const row = node.rows[0] ?? -1;
  const name = nameOf(trace, row);
  if (!waits.test(name) || (isDatabase(trace, row) && !/pool|connect/i.test(name))) return undefined;
  const usual = node.usualNs === undefined ? {} : { usual: node.usualNs };
  const values = { queue: node.operation, slow: node.contributionNs, ...usual };
  return { kind: 'queue', sentence: sentence('queue', values, language) };
};

/** The time before a consumer took a message whose sender waited for the outcome (`awaited.ts`). */
export function findQueueWaits(scene: Scene): Claim[] {
  const { trace, path, below } = scene;
  const claims: Claim[] = [];
  for (let row = path.root + 1; row < path.root + (trace.size[path.root] ?? 1); row++) {
    const producer = trace.parent[row] ?? -1;
    const isTaken = trace.kind[row] === spanKind.consumer && trace.kind[producer] === spanKind.producer;
    if (!isTaken || (below[row] ?? 0) <= 0) continue;
    const at = segmentAt(path, startOf(trace, row) - 1);
    const owner = path.row[at] ?? -1;
    if (at < 0 || path.toNs[at] !== startOf(trace, row)) continue;
    const gap = { fromNs: path.fromNs[at] ?? 0, toNs: path.toNs[at] ?? 0 };
    const name = attributeText(scene.detailOf(producer)?.attributes.get('messaging.destination.name'));
    const values = { queue: name === '' ? nameOf(trace, producer) : name, slow: gap.toNs - gap.fromNs };
    claims.push({
      at: [row],
      parent: owner,
      tops: [],
      gaps: [gap],
      finding: (language) => ({ kind: 'queue', sentence: sentence('queue', values, language) }),
    });
  }
  return claims;
}
