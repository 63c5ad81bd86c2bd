/** Time spent waiting for one's turn: a message in a queue, a request for a connection of a pool, a permit, a worker. */
import { attributeText } from '../../model/attributes.ts';
import { spanKind } from '../../model/span.ts';
import { type Claim, lengthOf } from '../claims.ts';
import type { NodeKind } from '../kinds.ts';
import { isDatabase, nameOf, type Scene } from '../scene.ts';
import { sentence } from '../sentences/sentence.ts';

/** Spans by which libraries show such a wait: `pg-pool.connect`, `HikariPool getConnection`, `acquire`, `semaphore.wait`, `queued`. */
const waits =
  /\b(?:pool\.(?:connect|acquire|checkout|wait)|pg-pool\.connect|get_?connection|acquire(?:[ ._-]?(?:connection|lock|permit|slot))?|semaphore|enqueued?|queue[ ._-]?wait|waiting|wait[ ._-]for)\b|(?:pool|queue)[ ._-]?(?:wait|acquire)/i;

export const queue: NodeKind = (node, { trace }, language) => {
  const row = node.rows[0] ?? -1;
  if (!waitsByName(trace, row)) return undefined;
  const usual = node.usualNs === undefined ? {} : { usual: node.usualNs };
  const values = { queue: node.operation, slow: node.contributionNs, ...usual };
  return { kind: 'queue', sentence: sentence('queue', values, language) };
};

export function waitsByName(trace: Scene['trace'], row: number): boolean {
  const name = nameOf(trace, row);
  return waits.test(name) && (!isDatabase(trace, row) || /pool|connect/i.test(name));
}

/** The time before a consumer took a message whose sender waited for the outcome (`awaited.ts`). */
export function findQueueWaits(scene: Scene): Claim[] {
  const { trace, path } = scene;
  const consumerOf = takenBy(scene);
  const claims: Claim[] = [];
  const known = new Set<number>();
  for (let s = 1; s < path.count; s++) {
    const row = consumerOf[path.row[s] ?? 0] ?? -1;
    if (row < 0 || row === consumerOf[path.row[s - 1] ?? 0] || known.has(row)) continue;
    known.add(row);
    const producer = trace.parent[row] ?? -1;
    const name = attributeText(scene.detailOf(producer)?.attributes.get('messaging.destination.name'));
    const values = { queue: name === '' ? nameOf(trace, producer) : name, slow: lengthOf(path, s - 1) };
    claims.push({
      at: [row],
      parent: path.row[s - 1] ?? -1,
      tops: [],
      gaps: () => [s - 1],
      finding: (language) => ({ kind: 'queue', sentence: sentence('queue', values, language) }),
    });
  }
  return claims;
}

/** Of each row, the message's consumer that it is or is below; -1 for the others. */
function takenBy({ trace }: Scene): Int32Array {
  const consumerOf = new Int32Array(trace.count).fill(-1);
  for (let row = 0; row < trace.count; row++) {
    const up = trace.parent[row] ?? -1;
    const isTaken = trace.kind[row] === spanKind.consumer && trace.kind[up] === spanKind.producer;
    consumerOf[row] = isTaken ? row : (consumerOf[up] ?? -1);
  }
  return consumerOf;
}
