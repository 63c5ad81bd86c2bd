/** What Ariane's own API is made of. */
import type { Clock } from '../../base/clock.ts';
import type { Log } from '../../base/log.ts';
import { type Catalogue, createCatalogue } from '../../query/catalogue.ts';
import { readSkeleton } from '../../query/read-skeleton.ts';
import { type ReadSkeleton, shareSkeletons } from '../../query/shared-skeletons.ts';
import { type QueryDatabase, withPlainErrors } from '../../query/plain-errors.ts';
import type { DemoState, Stats } from './types.ts';

/** The demo's switches; each gives the state afterwards. */
export interface Demo {
  state(): Promise<DemoState>;
  start(): Promise<DemoState>;
  stop(): Promise<DemoState>;
  addIndex(): Promise<DemoState>;
  /** Deletes the demo's data. */
  remove(): Promise<DemoState>;
}

export interface ApiDeps {
  readonly database: QueryDatabase;
  readonly log: Log;
  readonly clock: Clock;
  stats(): Promise<Stats>;
  readonly demo: Demo;
}

/** What a question needs. */
export interface Asking {
  /** All spans of a trace as columns; asked for twice at once it is read once. */
  readonly readSkeleton: ReadSkeleton;
  readonly db: QueryDatabase;
  readonly catalogue: Catalogue;
  readonly clock: Clock;
}

export function askingOf({ database, clock }: Pick<ApiDeps, 'database' | 'clock'>): Asking {
  const db = withPlainErrors(database);
  const catalogue = createCatalogue(db);
  const read: ReadSkeleton = (id, signal) => readSkeleton(db, catalogue, id, signal);
  return { db, catalogue, clock, readSkeleton: shareSkeletons(read, clock) };
}
