import { expect, test } from 'vitest';
import { rewriteFor } from './cluster.ts';
import { migrations } from './schema.ts';

const statements = migrations.flatMap((migration) => migration.statements);

test('a single server of the embedded engine’s version gets the statements as they are', () => {
  expect(statements.map(rewriteFor({ version: '26.7.2.1' }))).toEqual(statements);
});

test('a server without the text index gets a bloom filter in its place', () => {
  const old = statements.map(rewriteFor({ version: '25.8.1.1' })).join('\n');
  expect(old).toContain('INDEX by_value vals TYPE bloom_filter(0.01) GRANULARITY 1');
  expect(old).not.toContain('TYPE text');
});

test('on a cluster every object is made everywhere, every table replicated', () => {
  for (const statement of statements.map(rewriteFor({ version: '26.7', cluster: 'main' }))) {
    expect(statement).toMatch(/^CREATE (TABLE IF NOT EXISTS|OR REPLACE VIEW) \w+ ON CLUSTER `main`/);
    expect(statement).not.toMatch(/ENGINE = (Replacing)?MergeTree/);
    expect(statement).not.toContain('non_replicated');
  }
  expect(rewriteFor({ version: '26.7', cluster: 'main' })(`ENGINE = ReplacingMergeTree(day) ORDER BY id`)).toBe(
    `ENGINE = ReplicatedReplacingMergeTree('/clickhouse/tables/{uuid}/{shard}', '{replica}', day) ORDER BY id`,
  );
});
