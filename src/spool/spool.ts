/**
 * An append-only log of acknowledged requests, on disk before the sender is told so. One per signal: a flood of one
 * never refuses another. Readers pull through named cursors; what every cursor is done with is deleted, segment by segment.
 */
import { mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { Cancel, Clock } from '../base/clock.ts';
import { describeError, Overloaded } from '../base/errors.ts';
import type { Log } from '../base/log.ts';
import { Appender } from './appender.ts';
import { SpoolCursor } from './cursor.ts';
import { type Disk, nodeDisk } from './disk.ts';
import { recordHeaderBytes, type SpoolRecord } from './format.ts';
import { readBootId, type Recovered, recover, stateFile } from './recover.ts';
import type { Segment } from './segment.ts';
import { encodeState, type SpoolState } from './state.ts';
import { Tail, type TailEntry } from './tail.ts';

export type { SpoolCursor } from './cursor.ts';
export type { SpoolRecord } from './format.ts';

export interface SpoolOptions {
  readonly dir: string;
  /** On disk. Beyond it `append` throws `Overloaded`. */
  readonly maxBytes: number;
  /** `interval`: written before the ack, synced every second. `always`: synced before the ack, many appends at once. */
  readonly fsync: 'interval' | 'always';
  readonly clock: Clock;
  readonly log: Log;
  /** What is deleted when every reader is done with it. Default 16 MiB, at most an eighth of `maxBytes`. */
  readonly segmentBytes?: number;
  /** Newest records kept in memory for readers that keep up. Default 4 MiB. */
  readonly tailBytes?: number;
  /** Names of the cursors. A stored cursor that is not named here is forgotten. */
  readonly cursors?: readonly string[];
  readonly disk?: Disk;
  readonly bootId?: string;
}

export const pipelinesCursor = 'pipelines';
const housekeepingMs = 1000;
// An active segment that everybody has read is ended and deleted only when that frees something.
const worthFreeingBytes = 1 << 20;

/**
 * Opens the spool in `dir`, making it when needed. A tail that is no whole record is cut, with a warning. Throws
 * `ConfigError` when another version of Ariane wrote it, and the system's errors when the folder cannot be used.
 */
export async function openSpool(options: SpoolOptions): Promise<Spool> {
  await mkdir(options.dir, { recursive: true, mode: 0o700 });
  const bootId = options.bootId ?? (await readBootId());
  const recovered = await recover(options.dir, options.cursors ?? [pipelinesCursor], bootId, options.log);
  const spool = new Spool({ ...options, bootId }, recovered);
  await spool.save();
  return spool;
}

export class Spool {
  readonly #options: SpoolOptions & { bootId: string };
  readonly #disk: Disk;
  readonly #tail: Tail;
  readonly #segments: Segment[];
  readonly #appender: Appender;
  readonly #cursors: ReadonlyMap<string, SpoolCursor>;
  readonly #savedListeners: ((cursor: string, seq: number) => void)[] = [];
  #savedSeqs = new Map<string, number>();
  #lastSeq: number;
  #diskBytes: number;
  #lostRecords = 0;
  #lostItems = 0;
  #cancelTick: Cancel | undefined;
  #saving: Promise<void> | undefined;
  #isClosed = false;

  constructor(options: SpoolOptions & { bootId: string }, recovered: Recovered) {
    this.#options = options;
    this.#disk = options.disk ?? nodeDisk;
    this.#tail = new Tail(options.tailBytes ?? 4 << 20);
    this.#segments = recovered.segments;
    this.#lastSeq = recovered.segments.at(-1)?.lastSeq ?? 0;
    this.#diskBytes = recovered.segments.reduce((sum, segment) => sum + segment.bytes, 0);
    this.lostBytes = recovered.lostBytes;
    this.#appender = new Appender({
      dir: options.dir,
      disk: this.#disk,
      log: options.log,
      fsync: options.fsync,
      segmentBytes: Math.min(options.segmentBytes ?? 16 << 20, Math.max(options.maxBytes / 8, 64 << 10)),
      nextSeq: recovered.nextSeq,
      onSegment: (segment) => {
        this.#segments.push(segment);
        this.#diskBytes += segment.bytes;
      },
      onWritten: (entries) => this.#onWritten(entries),
    });
    const source = {
      segments: this.#segments,
      tail: this.#tail,
      log: options.log,
      lastSeq: () => this.#lastSeq,
      onDelivered: () => this.#tail.forget(this.#least((cursor) => cursor.deliveredSeq)),
      onCommit: () => this.#scheduleTick(),
      onLost: (lost: { records: number; items: number }) => {
        this.#lostRecords += lost.records;
        this.#lostItems += lost.items;
      },
    };
    this.#cursors = new Map([...recovered.cursors].map(([name, start]) => [name, new SpoolCursor(source, start)]));
  }

  /** Bytes cut when the spool was opened. */
  readonly lostBytes: number;

  /** Damage found while reading: what was acknowledged and cannot be read back. */
  get lost(): { records: number; items: number } {
    return { records: this.#lostRecords, items: this.#lostItems };
  }

  /** Bytes on disk, deleted segments excluded. The limit counts these. */
  get spooledBytes(): number {
    return this.#diskBytes;
  }

  /** Spans, data points or log records that the slowest cursor is not done with. */
  get spooledCount(): number {
    return Math.max(0, ...[...this.#cursors.values()].map((cursor) => cursor.backlog));
  }

  /**
   * Resolves with the record's seq when it is on disk as `fsync` says. `bytes` is free again at once. Throws `Overloaded`
   * when the limit is reached, the disk is full or does not keep up; then nothing of the record is kept.
   */
  append(record: Omit<SpoolRecord, 'seq'>): Promise<number> {
    if (this.#isClosed) return Promise.reject(new Overloaded('spool: closed', { reason: 'unavailable' }));
    if (!Number.isInteger(record.count) || record.count < 0 || record.count > 0xffffffff) {
      return Promise.reject(new RangeError(`a record cannot count ${record.count} items`));
    }
    const size = recordHeaderBytes + record.receiver.length + record.bytes.length;
    if (this.spooledBytes + this.#appender.pendingBytes + size > this.#options.maxBytes) {
      return Promise.reject(new Overloaded(`spool: full at its limit of ${this.#options.maxBytes} bytes`));
    }
    return this.#appender.append(record);
  }

  /** One of `options.cursors`. */
  cursor(name: string = pipelinesCursor): SpoolCursor {
    const cursor = this.#cursors.get(name);
    if (cursor === undefined) throw new RangeError(`the spool has no cursor ${name}`);
    return cursor;
  }

  /** Calls `listener` each time a cursor's position is on disk: nothing up to `seq` will be read again. */
  onSaved(listener: (cursor: string, seq: number) => void): void {
    this.#savedListeners.push(listener);
  }

  /** Puts the cursors on disk now, then deletes the segments that nobody needs. */
  async save(): Promise<void> {
    while (this.#saving) await this.#saving;
    this.#saving = this.#saveCursors().finally(() => {
      this.#saving = undefined;
    });
    await this.#saving;
  }

  /** Ends reading, writes what is pending, puts everything on disk. Appends are refused from here on. */
  async close(): Promise<void> {
    if (this.#isClosed) return;
    this.#isClosed = true;
    for (const cursor of this.#cursors.values()) await cursor.close();
    await this.#appender.close();
    this.#cancelTick?.();
    try {
      await this.save();
    } catch (error) {
      // Everything acknowledged is on disk; some of it will be read once more.
      this.#options.log.error('spool: cannot save its cursors', { error: describeError(error) });
    }
  }

  #onWritten(entries: readonly TailEntry[]): void {
    let items = 0;
    for (const entry of entries) {
      this.#tail.push(entry);
      this.#diskBytes += entry.size;
      items += entry.record.count;
    }
    this.#lastSeq = entries.at(-1)?.record.seq ?? this.#lastSeq;
    for (const cursor of this.#cursors.values()) cursor.added(items);
    this.#scheduleTick();
  }

  #scheduleTick(): void {
    if (this.#isClosed) return;
    this.#cancelTick ??= this.#options.clock.after(housekeepingMs, () => {
      void this.#tick().catch((error: unknown) =>
        this.#options.log.error('spool: housekeeping', { error: describeError(error) }),
      );
    });
  }

  async #tick(): Promise<void> {
    try {
      if (this.#appender.isDirty) await this.#appender.sync();
      if (this.#hasMoved()) await this.save();
    } finally {
      this.#cancelTick = undefined;
      if (this.#appender.isDirty || this.#hasMoved()) this.#scheduleTick();
    }
  }

  #hasMoved(): boolean {
    return [...this.#cursors].some(([name, cursor]) => cursor.seq !== this.#savedSeqs.get(name));
  }

  async #saveCursors(): Promise<void> {
    const least = this.#least((cursor) => cursor.seq);
    const active = this.#segments.at(-1);
    if (active && active.lastSeq <= least && active.bytes > this.#worthFreeing()) this.#appender.seal();
    const seqs = new Map([...this.#cursors].map(([name, cursor]) => [name, cursor.seq]));
    const isMoved = [...seqs].filter(([name, seq]) => this.#savedSeqs.get(name) !== seq);
    await this.#writeState({
      boot: this.#options.bootId,
      nextSeq: this.#appender.nextSeq,
      cursors: Object.fromEntries(seqs),
      sealed: this.#segments.filter((s) => s.lastSeq > least && !this.#appender.isActive(s)).map(describeSegment),
    });
    this.#savedSeqs = seqs;
    await this.#deleteUpTo(least);
    for (const [name, seq] of isMoved) for (const listener of this.#savedListeners) listener(name, seq);
  }

  async #writeState(state: SpoolState): Promise<void> {
    const path = join(this.#options.dir, stateFile);
    try {
      await this.#disk.replace(path, encodeState(state));
    } catch (error) {
      // On a full disk the cursors must still move, or nothing would ever be freed.
      await rm(`${path}.tmp`, { force: true });
      try {
        await this.#disk.overwrite(path, encodeState({ ...state, sealed: [] }));
      } catch {
        throw new Error(`cannot write ${path}`, { cause: error });
      }
      this.#options.log.warn('spool: state written in place', { error: describeError(error) });
    }
  }

  async #deleteUpTo(seq: number): Promise<void> {
    for (;;) {
      const oldest = this.#segments[0];
      if (oldest === undefined || oldest.lastSeq > seq || this.#appender.isActive(oldest)) return;
      await rm(oldest.path, { force: true });
      this.#appender.forget(oldest);
      this.#segments.shift();
      this.#diskBytes -= oldest.bytes;
    }
  }

  #worthFreeing(): number {
    return Math.min(worthFreeingBytes, this.#options.maxBytes / 8);
  }

  #least(seqOf: (cursor: SpoolCursor) => number): number {
    return Math.min(...[...this.#cursors.values()].map(seqOf));
  }
}

function describeSegment({ firstSeq, lastSeq, items, bytes }: Segment): SpoolState['sealed'][number] {
  return { firstSeq, lastSeq, items, bytes };
}
