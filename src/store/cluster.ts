/**
 * Statements as a remote server wants them. The protocol is tested; replication, `ON CLUSTER` and servers older than the
 * embedded engine are NOT verified: they are written from ClickHouse's documentation.
 * https://clickhouse.com/docs/sql-reference/distributed-ddl
 * https://clickhouse.com/docs/engines/table-engines/mergetree-family/replication
 */
import { quoteName } from './engine/statement.ts';

export interface ServerKind {
  /** Makes every table on all hosts of this cluster (one shard, any number of replicas). */
  readonly cluster?: string;
  /** `26.7.2.1` */
  readonly version: string;
}

/** From where on the text index needs no experimental setting. */
const textIndexSince = [26, 2] as const;

export function rewriteFor({ cluster, version }: ServerKind): (statement: string) => string {
  const hasTextIndex = isAtLeast(version, textIndexSince);
  return (statement) => {
    let sql = statement;
    // The bloom filter answers the same `has(vals, 'x')`, by leaving granules out instead of naming rows.
    if (!hasTextIndex) sql = sql.replaceAll(/TYPE text\([^)]*\)/g, 'TYPE bloom_filter(0.01) GRANULARITY 1');
    if (cluster === undefined) return sql;
    const replica = `'/clickhouse/tables/{uuid}/{shard}', '{replica}'`;
    return sql
      .replace(
        /^\s*((?:CREATE TABLE IF NOT EXISTS|CREATE OR REPLACE VIEW|ALTER TABLE) \w+)/,
        `$1 ON CLUSTER ${quoteName(cluster)}`,
      )
      .replace(/ENGINE = MergeTree\b/, `ENGINE = ReplicatedMergeTree(${replica})`)
      .replace(/ENGINE = ReplacingMergeTree\(/, `ENGINE = ReplicatedReplacingMergeTree(${replica}, `)
      .replace('non_replicated_deduplication_window', 'replicated_deduplication_window');
  };
}

function isAtLeast(version: string, [major, minor]: readonly [number, number]): boolean {
  const [haveMajor = 0, haveMinor = 0] = version.split('.').map(Number);
  return haveMajor > major || (haveMajor === major && haveMinor >= minor);
}
