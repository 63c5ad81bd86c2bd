/** Just enough reading of SQL to choose a session and to hand an insert's data over as a file. */

/** `read` cannot change anything; `insert` adds rows; `kill` must never wait behind others; `change` is the rest (DDL). */
export type StatementKind = 'read' | 'insert' | 'kill' | 'change';

const readers = new Set(['SELECT', 'WITH', 'SHOW', 'DESCRIBE', 'DESC', 'EXPLAIN', 'EXISTS', 'CHECK']);

export function kindOfStatement(sql: string): StatementKind {
  const word = /^(?:\s+|--[^\n]*(?:\n|$)|\/\*[\s\S]*?\*\/|\()*([A-Za-z]+)/.exec(sql)?.[1]?.toUpperCase() ?? '';
  if (readers.has(word)) return 'read';
  if (word === 'INSERT') return 'insert';
  return word === 'KILL' ? 'kill' : 'change';
}

/** The format that the statement itself asks for at its end. */
export function formatOf(sql: string): string | undefined {
  return /\bFORMAT\s+(\w+)\s*;?\s*$/i.exec(sql)?.[1];
}

const insertWithData = /^\s*INSERT\s+INTO\s+(?:TABLE\s+)?([\w.`"]+)\s*(\([^()]*\))?\s+FORMAT\s+(\w+)\s*$/i;

/** `INSERT INTO t (a, b) FORMAT Native`, its data following in the body, as one statement that reads the data from a file. */
export function insertFromFile(sql: string, path: string): string | undefined {
  const match = insertWithData.exec(sql);
  if (match === null) return undefined;
  const [, table = '', columns = '', format = ''] = match;
  const wanted = columns === '' ? '*' : columns.slice(1, -1);
  return `INSERT INTO ${table} ${columns} SELECT ${wanted} FROM file(${quoteText(path)}, ${quoteText(format)})`;
}

/** A string literal of ClickHouse's SQL. */
export function quoteText(text: string): string {
  return `'${text.replaceAll('\\', '\\\\').replaceAll("'", "\\'").replaceAll('\0', '\\0')}'`;
}

/** A quoted identifier. */
export function quoteName(name: string): string {
  return `\`${name.replaceAll('\\', '\\\\').replaceAll('`', '\\`')}\``;
}
