/** What a spool finds on disk when it opens: whole segments, a tail that a crash cut, damage. */
import { open, readdir, readFile, rm, truncate } from 'node:fs/promises';
import { join } from 'node:path';
import { ConfigError, describeError } from '../base/errors.ts';
import type { Log } from '../base/log.ts';
import { formatVersion, maxSeq, readSegmentVersion, segmentHeaderBytes, seqOfSegmentName } from './format.ts';
import { type Segment, SegmentReader, startOf } from './segment.ts';
import { readState } from './state.ts';

export interface Recovered {
  readonly segments: Segment[];
  readonly nextSeq: number;
  /** Each cursor's position, and the items that lie behind it. */
  readonly cursors: ReadonlyMap<string, { seq: number; backlog: number }>;
  /** Bytes that were no whole records and are gone. */
  readonly lostBytes: number;
}

/**
 * How far seqs jump when records may have been lost: after a power cut the last second of the spool can be gone while an
 * exporter already stored those records under their seqs. Numbers must not be used again for other data, or the exporter would take it for a replay.
 */
export const leapSeq = 2 ** 30;

export const stateFile = 'state';

export async function recover(dir: string, cursorNames: readonly string[], boot: string, log: Log): Promise<Recovered> {
  const names = await readdir(dir);
  const state = await readState(join(dir, stateFile));
  if (state === 'damaged')
    log.warn('spool state is damaged: everything that is still in the spool is read again', { dir });
  const known = typeof state === 'object' ? state : undefined;

  const found: Segment[] = [];
  for (const name of names.sort()) {
    const firstSeq = seqOfSegmentName(name);
    if (firstSeq !== undefined) found.push(emptySegment(join(dir, name), firstSeq));
    else if (name === `${stateFile}.tmp`) await rm(join(dir, name), { force: true });
    else if (name !== stateFile) log.warn('unknown file in the spool folder', { file: join(dir, name) });
  }

  const segments: Segment[] = [];
  let lostBytes = 0;
  for (const [i, segment] of found.entries()) {
    const fileBytes = await checkHeader(segment, log);
    const sealed = known?.sealed.find((s) => s.firstSeq === segment.firstSeq && s.bytes === fileBytes);
    if (sealed) Object.assign(segment, { lastSeq: sealed.lastSeq, items: sealed.items, bytes: sealed.bytes });
    else lostBytes += await scan(segment, fileBytes, (found[i + 1]?.firstSeq ?? maxSeq) - 1, log);
    if (segment.lastSeq < segment.firstSeq) await rm(segment.path, { force: true });
    else segments.push(segment);
  }

  const lastSeq = Math.max(segments.at(-1)?.lastSeq ?? 0, known?.nextSeq === undefined ? 0 : known.nextSeq - 1);
  const isFresh = state === undefined && found.length === 0;
  const mayRepeat = !isFresh && (known === undefined || boot === '' || known.boot !== boot || lostBytes > 0);
  const cursors = new Map<string, { seq: number; backlog: number }>();
  for (const name of cursorNames) cursors.set(name, await measureBacklog(segments, known?.cursors[name] ?? 0));
  const highest = Math.max(lastSeq, ...[...cursors.values()].map((c) => c.seq));
  return { segments, nextSeq: highest + 1 + (mayRepeat ? leapSeq : 0), cursors, lostBytes };
}

/** The machine's run, `''` where the system does not say. */
export async function readBootId(): Promise<string> {
  try {
    return (await readFile('/proc/sys/kernel/random/boot_id', 'utf8')).trim();
  } catch {
    return '';
  }
}

/** The file's length. A damaged header does not matter: each record carries its own checksum. Another version does. */
async function checkHeader(segment: Segment, log: Log): Promise<number> {
  const file = await open(segment.path, 'r');
  try {
    const header = Buffer.alloc(segmentHeaderBytes);
    const { bytesRead } = await file.read(header, 0, segmentHeaderBytes, 0);
    const version = readSegmentVersion(header.subarray(0, bytesRead));
    if (version === undefined) log.warn('spool segment has a damaged header', { file: segment.path });
    else if (version !== formatVersion) {
      throw new ConfigError(
        '',
        `cannot read ${segment.path}: written in format ${version}, this Ariane reads format ${formatVersion}`,
      );
    }
    return (await file.stat()).size;
  } finally {
    await file.close();
  }
}

/** Counts the whole records of a segment and cuts what follows them. Returns the bytes cut. */
async function scan(segment: Segment, fileBytes: number, maxLastSeq: number, log: Log): Promise<number> {
  segment.bytes = fileBytes;
  segment.lastSeq = maxLastSeq;
  const reader = await SegmentReader.open(startOf(segment));
  let problem: string | undefined;
  try {
    for (let isAtEnd = false; !isAtEnd; ) {
      const read = await reader.read(Number.POSITIVE_INFINITY);
      problem = read.problem;
      isAtEnd = read.records.length === 0 || problem !== undefined;
    }
  } finally {
    await reader.close();
  }
  segment.lastSeq = reader.position.seq - 1;
  segment.items = reader.position.items;
  segment.bytes = reader.position.offset;
  const lost = fileBytes - segment.bytes;
  if (lost <= 0) return 0;
  log.warn('spool segment ends in what is no whole record; cut', {
    file: segment.path,
    problem: problem ?? 'records of a refused write',
    bytesLost: lost,
    recordsKept: segment.lastSeq - segment.firstSeq + 1,
  });
  try {
    await truncate(segment.path, segment.bytes);
  } catch (error) {
    log.warn('cannot cut the spool segment', { file: segment.path, error: describeError(error) });
  }
  return lost;
}

async function measureBacklog(segments: readonly Segment[], seq: number): Promise<{ seq: number; backlog: number }> {
  let backlog = 0;
  for (const segment of segments) {
    if (segment.lastSeq <= seq) continue;
    backlog += segment.items;
    if (segment.firstSeq > seq) continue;
    const reader = await SegmentReader.open(startOf(segment));
    try {
      for (let done = false; !done; ) {
        const { records } = await reader.read(Number.POSITIVE_INFINITY);
        for (const record of records) if (record.seq <= seq) backlog -= record.count;
        done = records.length === 0 || reader.position.seq > seq;
      }
    } finally {
      await reader.close();
    }
  }
  return { seq, backlog };
}

function emptySegment(path: string, firstSeq: number): Segment {
  return { path, firstSeq, lastSeq: firstSeq - 1, items: 0, bytes: segmentHeaderBytes };
}
