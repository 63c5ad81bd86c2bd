/** Who sent a trace. */
import type { Resource } from '../model/span.ts';
import type { Database } from '../store/database.ts';
import type { Catalogue } from './catalogue.ts';

/** The resource of one span of the trace (32 hex digits), whichever is found first. */
export async function readResource(
  db: Database,
  catalogue: Catalogue,
  traceId: string,
  signal?: AbortSignal,
): Promise<Resource | undefined> {
  const [row] = await db.select<{ id: string }>({
    sql: 'SELECT res_id AS id FROM spans WHERE trace_id = unhex({id:String}) LIMIT 1',
    params: { id: traceId },
    ...(signal && { signal }),
  });
  if (row === undefined) return undefined;
  const id = BigInt(row.id);
  return (await catalogue.resources([id], signal)).get(id);
}
