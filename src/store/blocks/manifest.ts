/** What a block is made of and where its rows came from: written after the block's files, and before their insert. */
import { type Signal, signals } from '../../model/batch.ts';
import type { SeqRanges } from './seq-ranges.ts';

export interface BlockFile {
  readonly table: string;
  readonly columns: readonly string[];
  readonly rows: number;
  readonly bytes: number;
  /** In the folder of the blocks. Also the insert's deduplication token: a name is never used for other bytes. */
  readonly name: string;
}

export interface Manifest {
  readonly version: 1;
  readonly signal: Signal;
  readonly pipeline: string;
  /** Id of the exporter that made it. */
  readonly exporter: string;
  /** The spool's records whose rows are in it. */
  readonly ranges: SeqRanges;
  /** In the order of their inserts: what rows refer to goes before them. */
  readonly files: readonly BlockFile[];
}

/** Undefined when the text is no manifest of this version. */
export function parseManifest(text: string): Manifest | undefined {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return undefined;
  }
  return isManifest(value) ? value : undefined;
}

function isManifest(value: unknown): value is Manifest {
  return (
    isRecord(value) &&
    value['version'] === 1 &&
    signals.some((signal) => signal === value['signal']) &&
    typeof value['pipeline'] === 'string' &&
    typeof value['exporter'] === 'string' &&
    Array.isArray(value['ranges']) &&
    value['ranges'].every((range) => Array.isArray(range) && range.length === 2 && range.every(Number.isSafeInteger)) &&
    Array.isArray(value['files']) &&
    value['files'].every(isBlockFile)
  );
}

function isBlockFile(value: unknown): value is BlockFile {
  return (
    isRecord(value) &&
    typeof value['table'] === 'string' &&
    Number.isSafeInteger(value['rows']) &&
    Number.isSafeInteger(value['bytes']) &&
    // A name and no path: nothing outside the folder is ever read or removed.
    typeof value['name'] === 'string' &&
    /^[\w.-]+\.native$/.test(value['name']) &&
    Array.isArray(value['columns']) &&
    value['columns'].every((column) => typeof column === 'string')
  );
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null;
}
