/** Completion for the search bar, from what is stored. */
import { spanKindNames } from '../model/span.ts';
import type { Database } from '../store/database.ts';
import type { TimeRange } from './find-spans.ts';
import { limits } from './limits.ts';
import { listServices } from './list-services.ts';

export interface Suggestion {
  readonly kind: 'service' | 'operation' | 'key' | 'value';
  /** What the term becomes when it is chosen: `service=shop`, `http.route=`, `http.route="/a b"`. */
  readonly insert: string;
  readonly label: string;
}

const most = 8;
/** Names and values are taken from this much of the range, its end. */
const recentNs = 24n * 3_600_000_000_000n;
const sampledSpans = 100_000;

/** For the last term of what is typed. The likeliest first, at most some dozens. */
export async function suggest(
  db: Database,
  typed: string,
  range: TimeRange,
  signal?: AbortSignal,
): Promise<Suggestion[]> {
  const term = /(?:[^\s"]+|"[^"]*"?)*$/.exec(typed)?.[0] ?? '';
  if (term === '') return [];
  const recent = {
    fromNs: range.toNs - recentNs > range.fromNs ? range.toNs - recentNs : range.fromNs,
    toNs: range.toNs,
  };
  const at = term.indexOf('=');
  if (at > 0) {
    const key = term.slice(0, at);
    const begun = term.slice(at + 1).replaceAll('"', '');
    return (await suggestValues(db, key, begun, recent, signal)).map((value) => ({
      kind: key === 'service' ? 'service' : key === 'operation' ? 'operation' : 'value',
      insert: `${key}=${quoteIfNeeded(value)}`,
      label: value,
    }));
  }
  const word = term.replaceAll('"', '');
  const [services, operations, keys] = await Promise.all([
    findServices(db, word, signal),
    findOperations(db, word, recent, signal),
    findKeys(db, word, signal),
  ]);
  return [
    ...services.map((name) => ({ kind: 'service' as const, insert: `service=${quoteIfNeeded(name)}`, label: name })),
    ...operations.map((name) => ({
      kind: 'operation' as const,
      insert: `operation=${quoteIfNeeded(name)}`,
      label: name,
    })),
    ...keys.map((key) => ({ kind: 'key' as const, insert: `${key}=`, label: key })),
  ];
}

function suggestValues(
  db: Database,
  key: string,
  begun: string,
  range: TimeRange,
  signal?: AbortSignal,
): Promise<string[]> {
  switch (key) {
    case 'service':
    case 'service.name':
      return findServices(db, begun, signal);
    case 'operation':
    case 'name':
      return findOperations(db, begun, range, signal);
    case 'span.kind':
    case 'kind':
      return Promise.resolve(best([...spanKindNames], begun));
    case 'status':
      return Promise.resolve(best(['error', 'ok', 'unset'], begun));
    default:
      return findValues(db, key, begun, range, signal);
  }
}

async function findServices(db: Database, text: string, signal?: AbortSignal): Promise<string[]> {
  return best(await listServices(db, signal), text);
}

async function findOperations(db: Database, text: string, range: TimeRange, signal?: AbortSignal): Promise<string[]> {
  const rows = await db.select<{ text: string }>({
    sql: `SELECT name AS text FROM spans
      WHERE ts BETWEEN {from:Int64} AND {to:Int64} AND positionCaseInsensitiveUTF8(name, {text:String}) > 0
      GROUP BY name ORDER BY startsWith(lowerUTF8(name), lowerUTF8({text:String})) DESC, count() DESC LIMIT ${most}`,
    params: { text, from: range.fromNs, to: range.toNs },
    ...quick(signal),
  });
  return rows.map((row) => row.text);
}

async function findKeys(db: Database, text: string, signal?: AbortSignal): Promise<string[]> {
  const rows = await db.select<{ text: string }>({
    sql: `SELECT key AS text FROM (
        SELECT arrayJoin(keys) AS key FROM shapes UNION ALL SELECT arrayJoin(keys) AS key FROM resources
      ) WHERE positionCaseInsensitiveUTF8(key, {text:String}) > 0
      GROUP BY key ORDER BY startsWith(lowerUTF8(key), lowerUTF8({text:String})) DESC, count() DESC, key LIMIT ${most}`,
    params: { text },
    ...quick(signal),
  });
  return rows.map((row) => row.text);
}

async function findValues(
  db: Database,
  key: string,
  text: string,
  range: TimeRange,
  signal?: AbortSignal,
): Promise<string[]> {
  const rows = await db.select<{ text: string }>({
    sql: `WITH
        (SELECT groupArray((id, position)) FROM (
          SELECT id, toUInt16(indexOf(keys, {key:String})) AS position FROM shapes WHERE has(keys, {key:String}) LIMIT 1 BY id LIMIT 5000
        )) AS places
      SELECT value AS text FROM (
        SELECT vals[indexOf(keys, {key:String})] AS value FROM resources WHERE has(keys, {key:String})
        UNION ALL
        SELECT arrayElement(vals, transform(shape, places.1, places.2, toUInt16(0))) AS value FROM (
          SELECT shape, vals FROM spans
          WHERE ts BETWEEN {from:Int64} AND {to:Int64} AND has(places.1, shape) LIMIT ${sampledSpans})
      ) WHERE value != '' AND positionCaseInsensitiveUTF8(value, {text:String}) > 0
      GROUP BY value ORDER BY startsWith(lowerUTF8(value), lowerUTF8({text:String})) DESC, count() DESC, value LIMIT ${most}`,
    params: { key, text, from: range.fromNs, to: range.toNs },
    ...quick(signal),
  });
  return rows.map((row) => row.text);
}

function quick(signal?: AbortSignal) {
  return { timeoutMs: limits.extraTimeoutMs, ...(signal && { signal }) };
}

/** Names that contain the text, those that begin with it first. */
function best(names: readonly string[], text: string): string[] {
  const wanted = text.toLowerCase();
  const places = names.map((name) => ({ name, at: name.toLowerCase().indexOf(wanted) }));
  return places
    .filter(({ at }) => at >= 0)
    .sort((a, b) => Math.sign(a.at) - Math.sign(b.at))
    .slice(0, most)
    .map(({ name }) => name);
}

function quoteIfNeeded(value: string): string {
  return /^[^\s"\\]+$/.test(value) ? value : `"${value.replaceAll(/["\\]/g, '\\$&')}"`;
}
