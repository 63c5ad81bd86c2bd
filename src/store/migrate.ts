/** Brings a store's tables up to this program: numbered, forward only, at start. */
import { ConfigError } from '../base/errors.ts';
import type { Database } from './database.ts';
import { type Migration, migrations } from './schema.ts';

export interface MigrateOptions {
  readonly migrations?: readonly Migration[];
  /** Rewrites each statement for the server at hand (`cluster.ts`). */
  readonly rewrite?: (statement: string) => string;
}

/**
 * Applies what is missing, in order. Statements are idempotent (`IF NOT EXISTS`, `OR REPLACE`) and a migration is noted
 * when all of its statements are done, so that after a crash in the middle the next start simply does it again.
 * Gives the ids applied now. Throws `ConfigError` for a store that is newer than the program.
 */
export async function migrate(database: Database, options: MigrateOptions = {}): Promise<number[]> {
  const known = options.migrations ?? migrations;
  const rewrite = options.rewrite ?? ((statement) => statement);
  await database.command(
    rewrite(`CREATE TABLE IF NOT EXISTS migrations (id UInt32, name String, applied DateTime64(3))
      ENGINE = MergeTree ORDER BY id SETTINGS fsync_after_insert = 1, fsync_part_directory = 1`),
  );
  const rows = await database.select<{ id: number; name: string }>({ sql: 'SELECT id, name FROM migrations' });
  const done = new Set(rows.map((row) => row.id));
  const newest = Math.max(0, ...known.map((m) => m.id));
  const newer = rows.find((row) => row.id > newest);
  if (newer !== undefined) {
    throw new ConfigError(
      '',
      `the store was written by a newer Ariane (migration ${newer.id} "${newer.name}"; this program knows ${newest}): use that version or another data folder`,
    );
  }
  const applied: number[] = [];
  for (const migration of known) {
    if (done.has(migration.id)) continue;
    for (const statement of migration.statements) await database.command(rewrite(statement));
    await database.command('INSERT INTO migrations (id, name, applied) SELECT {id:UInt32}, {name:String}, now64(3)', {
      id: migration.id,
      name: migration.name,
    });
    applied.push(migration.id);
  }
  return applied;
}
