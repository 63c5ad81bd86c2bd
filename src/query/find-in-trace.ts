/** Which spans of a trace contain a text: in names, services, messages, attributes' keys and values, events. */
import type { Database } from '../store/database.ts';
import { limits } from './limits.ts';

const maxFound = 100_000;

/** Span ids (16 hex digits), by start. Upper and lower case are one. */
export async function findInTrace(
  db: Database,
  traceId: string,
  text: string,
  signal?: AbortSignal,
): Promise<string[]> {
  if (text === '') return [];
  const contains = (column: string) => `positionCaseInsensitiveUTF8(${column}, {text:String}) > 0`;
  const among = (table: string, columns: readonly string[]) =>
    `(SELECT id FROM ${table} WHERE ${columns.map((c) => `arrayExists(v -> ${contains('v')}, ${c})`).join(' OR ')})`;
  const rows = await db.select<{ id: string }>({
    sql: `SELECT lower(hex(span_id)) AS id FROM spans
      PREWHERE trace_id = unhex({id:String})
      WHERE ${contains('name')} OR ${contains('service')} OR ${contains('status_message')}
        OR arrayExists(v -> ${contains('v')}, vals)
        OR arrayExists(v -> ${contains('v')}, events.name)
        OR arrayExists(e -> arrayExists(v -> ${contains('v')}, e), events.vals)
        OR shape IN ${among('shapes', ['keys'])}
        OR arrayExists(s -> s IN ${among('shapes', ['keys'])}, events.shape)
        OR res_id IN ${among('resources', ['keys', 'vals'])}
        OR scope_id IN (SELECT id FROM scopes WHERE ${contains('name')})
      ORDER BY ts, span_id LIMIT 1 BY span_id, kind LIMIT ${maxFound}`,
    params: { id: traceId, text },
    timeoutMs: limits.searchTimeoutMs,
    ...(signal && { signal }),
  });
  return [...new Set(rows.map((row) => row.id))];
}
