/** What every version of Jaeger's API asks of the stored traces. */
import type { Clock } from '../../base/clock.ts';
import type { Span } from '../../model/span.ts';
import { type Catalogue, createCatalogue } from '../../query/catalogue.ts';
import { type QueryDatabase, withPlainErrors } from '../../query/plain-errors.ts';
import { readTrace, readTraces } from '../../query/read-trace.ts';
import { findTraceIds } from '../../query/search-traces.ts';
import type { Archive } from './archive.ts';
import type { JaegerSearch } from './parameters.ts';

export interface JaegerDeps {
  readonly database: QueryDatabase;
  readonly clock: Clock;
  /** Shared with others; its own otherwise. */
  readonly catalogue?: Catalogue;
  /** Without it nothing can be archived. */
  readonly archive?: Archive;
}

export interface Asking {
  readonly db: QueryDatabase;
  readonly catalogue: Catalogue;
  readonly clock: Clock;
  readonly archive: Archive | undefined;
}

export function askingOf({ database, clock, catalogue, archive }: JaegerDeps): Asking {
  const db = withPlainErrors(database);
  return { db, catalogue: catalogue ?? createCatalogue(db), clock, archive };
}

/** The ids of a search, the newest first. */
export function findIds({ db, clock }: Asking, search: JaegerSearch, signal: AbortSignal): Promise<string[]> {
  return findTraceIds(db, clock, { ...search, order: 'newest' }, signal);
}

/** The spans of one trace, from the archive where the store has none; none when it is nowhere. */
export async function readStored(
  { db, catalogue, archive }: Asking,
  traceId: string,
  signal: AbortSignal,
): Promise<Span[]> {
  const spans = await readTrace(db, catalogue, traceId, { signal });
  return spans.length > 0 || archive === undefined ? spans : archive.read(traceId);
}

/** So many traces stand in memory at a time. */
const batchSize = 50;

/** Traces by id, in the order asked for, a batch at a time; those that are nowhere are left out. */
export async function* readInBatches(
  { db, catalogue, archive }: Asking,
  traceIds: readonly string[],
  signal: AbortSignal,
): AsyncGenerator<(readonly [traceId: string, spans: Span[]])[]> {
  for (let at = 0; at < traceIds.length; at += batchSize) {
    const batch = traceIds.slice(at, at + batchSize);
    const traces = await readTraces(db, catalogue, batch, { signal });
    const found: [string, Span[]][] = [];
    for (const id of batch) {
      const spans = traces.get(id) ?? (await archive?.read(id)) ?? [];
      if (spans.length > 0) found.push([id, spans]);
    }
    yield found;
  }
}
