/** One trace as the detectors see it: its rows, whose time the path holds, and what the spans say of themselves. */
import type { Attributes } from '../model/attributes.ts';
import { spanKind } from '../model/span.ts';
import { spanFlag, type Trace } from '../model/trace.ts';
import type { Path } from './critical-path.ts';
import { normalizeName } from './normalize-name.ts';
import { ownPathTimes, subtreePathTimes } from './path-times.ts';
import type { Places } from './places.ts';

/** What a span says beside the columns. A reader may know it of some rows only. */
export interface SpanDetail {
  readonly attributes: Attributes;
  readonly resource: Attributes;
  readonly statusMessage: string;
}

export type DetailOf = (row: number) => SpanDetail | undefined;

export interface Scene {
  readonly trace: Trace;
  readonly path: Path;
  /** ns of the path by row, and with the rows below it. */
  readonly own: Float64Array;
  readonly below: Float64Array;
  /** The place of each row in the call tree; -1 outside the root's subtree. */
  readonly place: Int32Array;
  readonly detailOf: DetailOf;
}

export function sceneOf(trace: Trace, path: Path, places: Places, detailOf: DetailOf = () => undefined): Scene {
  return {
    trace,
    path,
    own: ownPathTimes(trace, path),
    below: subtreePathTimes(trace, path),
    place: places.ofRows(trace, path.root),
    detailOf,
  };
}

/** Rows directly below `row`, by start. */
export function childrenOf(trace: Trace, row: number): number[] {
  const children: number[] = [];
  const end = row + (trace.size[row] ?? 1);
  for (let child = row + 1; child < end; child += trace.size[child] ?? 1) children.push(child);
  return children;
}

export function startOf(trace: Trace, row: number): number {
  return trace.startNs[row] ?? 0;
}

export function endOf(trace: Trace, row: number): number {
  return (trace.startNs[row] ?? 0) + (trace.durationNs[row] ?? 0);
}

export function serviceOf(trace: Trace, row: number): string {
  return trace.services[trace.service[row] ?? 0] ?? '';
}

export function nameOf(trace: Trace, row: number): string {
  return trace.names[trace.name[row] ?? 0] ?? '';
}

export function isFailed(trace: Trace, row: number): boolean {
  return ((trace.flags[row] ?? 0) & spanFlag.error) !== 0;
}

export function isDatabase(trace: Trace, row: number): boolean {
  return ((trace.flags[row] ?? 0) & spanFlag.database) !== 0;
}

/** A call out of the process: to another service, or to a database. */
export function isCall(trace: Trace, row: number): boolean {
  return trace.kind[row] === spanKind.client || isDatabase(trace, row);
}

/**
 * Under which name rows are one operation: as sent where all agree, else without the ids and literals in which they differ.
 */
export function sharedName(trace: Trace, rows: readonly number[]): string {
  const [first = 0] = rows;
  const name = nameOf(trace, first);
  return rows.every((row) => trace.name[row] === trace.name[first]) ? name : normalizeName(name);
}
