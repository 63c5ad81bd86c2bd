/**
 * What a spool remembers beside its segments: its cursors, and what full segments hold (so that opening reads only the last).
 * One line of JSON behind its checksum, replaced as a whole.
 */
import { readFile } from 'node:fs/promises';
import { crc32 } from 'node:zlib';
import { ConfigError } from '../base/errors.ts';
import { count, list, map, object, string } from '../base/schema.ts';
import { maxSeq } from './format.ts';

export interface SpoolState {
  /** Names the run of the machine, `''` where it cannot be told. See `leapSeq` in `recover.ts`. */
  readonly boot: string;
  /** The next record's seq when this was written. */
  readonly nextSeq: number;
  readonly cursors: Readonly<Record<string, number>>;
  /** Segments that no longer change. */
  readonly sealed: readonly SealedSegment[];
}

export interface SealedSegment {
  readonly firstSeq: number;
  readonly lastSeq: number;
  readonly items: number;
  readonly bytes: number;
}

const stateVersion = 1;
const schema = object({
  version: count(),
  boot: string(),
  nextSeq: count(),
  cursors: map(count()),
  sealed: list(object({ firstSeq: count(), lastSeq: count(), items: count(), bytes: count() })),
});

export function encodeState(state: SpoolState): string {
  const text = JSON.stringify({ version: stateVersion, ...state });
  return `${crc32(text).toString(16).padStart(8, '0')} ${text}\n`;
}

/** Undefined when there is none; `damaged` when it cannot be trusted. Throws `ConfigError` for another version's. */
export async function readState(path: string): Promise<SpoolState | 'damaged' | undefined> {
  let content: string;
  try {
    content = await readFile(path, 'utf8');
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined;
    throw error;
  }
  const [, sum, text] = /^([0-9a-f]{8}) ([^\n]*)\n$/.exec(content) ?? [];
  if (sum === undefined || text === undefined || crc32(text) !== Number.parseInt(sum, 16)) return 'damaged';
  const value: unknown = JSON.parse(text);
  if (typeof value === 'object' && value !== null && 'version' in value && value.version !== stateVersion) {
    throw new ConfigError(
      '',
      `cannot read ${path}: written in format ${String(value.version)}, this Ariane reads format ${stateVersion}`,
    );
  }
  const { version: _, ...state } = schema.parse(value, path);
  return Object.values(state.cursors).every((seq) => seq <= maxSeq) && state.nextSeq <= maxSeq ? state : 'damaged';
}
