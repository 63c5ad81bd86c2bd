import { expect, test } from 'vitest';
import { formatOf, insertFromFile, kindOfStatement, quoteName, quoteText } from './statement.ts';

test('a statement’s kind is its first word, behind blanks, comments and parentheses', () => {
  expect(kindOfStatement('SELECT 1')).toBe('read');
  expect(kindOfStatement('  -- insert\n /* drop\n */ (with x as (select 1) select x)')).toBe('read');
  expect(kindOfStatement('insert INTO t VALUES (1)')).toBe('insert');
  expect(kindOfStatement('KILL QUERY WHERE 1')).toBe('kill');
  expect(kindOfStatement('ALTER TABLE t DROP PARTITION 1')).toBe('change');
  expect(kindOfStatement('')).toBe('change');
});

test('the format is the one at the end', () => {
  expect(formatOf('SELECT 1\nFORMAT JSONEachRow')).toBe('JSONEachRow');
  expect(formatOf('SELECT 1 format Native ;\n')).toBe('Native');
  expect(formatOf(`SELECT 'FORMAT Native' AS x`)).toBeUndefined();
});

test('an insert with data becomes one that reads a file, its columns by name', () => {
  expect(insertFromFile('INSERT INTO `spans` (`day`, `events.ts`) FORMAT Native', "/a'b")).toBe(
    "INSERT INTO `spans` (`day`, `events.ts`) SELECT `day`, `events.ts` FROM file('/a\\'b', 'Native')",
  );
  expect(insertFromFile('insert into db.t format CSV', '/x')).toBe("INSERT INTO db.t  SELECT * FROM file('/x', 'CSV')");
  expect(insertFromFile('INSERT INTO t SELECT 1 FORMAT Native', '/x')).toBeUndefined();
});

test('texts and names are quoted so that they end where they should', () => {
  expect(quoteText(`a'b\\c\0`)).toBe(`'a\\'b\\\\c\\0'`);
  expect(quoteName('a`b')).toBe('`a\\`b`');
});
