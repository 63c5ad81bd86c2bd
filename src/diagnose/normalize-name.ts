/** Names of one operation differ by ids and literals; without these they are one. */

const uuid = /\b[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}\b/gi;
/** Eight and more hex digits, a decimal digit among them: no word. */
const hexId = /\b(?=[a-f]*\d)[0-9a-f]{8,}\b/gi;
/** Standing alone: `v2`, `s3`, `HTTP/1.1` and `$1` keep theirs. */
const integer = /(?<![\w.$@])\d+(?![\w.])/g;
const sqlNumber = /(?<![\w.$@])\d+(?:\.\d+)?(?!\w)/g;
const sqlText = /'(?:[^']|'')*'/g;
const statement = /^\s*(?:select|insert|update|delete|merge|with|call|exec|replace|truncate)\s/i;

/** `GET /users/{id}`, `SELECT * FROM t WHERE a = ? AND b IN (?)`, `chunk ?`. The same text for the same operation. */
export function normalizeName(name: string): string {
  if (statement.test(name)) return normalizeSql(name);
  return name
    .replaceAll(uuid, '{id}')
    .replaceAll(/(?<=\/)(?:\d+|(?=[a-z]*\d)[0-9a-f]{8,})(?=[/?#\s]|$)/gi, '{id}')
    .replaceAll(hexId, '{id}')
    .replaceAll(integer, '?');
}

function normalizeSql(sql: string): string {
  return sql
    .replaceAll(sqlText, '?')
    .replaceAll(uuid, '?')
    .replaceAll(sqlNumber, '?')
    .replaceAll(/(?:[$:@]\w+\b|\?)(?:\s*,\s*(?:[$:@]\w+\b|\?))+/g, '?')
    .replaceAll(/(\(\s*\?\s*\))(?:\s*,\s*\(\s*\?\s*\))+/g, '$1')
    .replaceAll(/\s+/g, ' ')
    .trim();
}
