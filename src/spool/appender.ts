/** The writing end of a spool: gathers the appends of one turn of the event loop, writes them at once, then acknowledges. */
import { closeSync, openSync, unlinkSync } from 'node:fs';
import { join } from 'node:path';
import { describeError, Overloaded } from '../base/errors.ts';
import type { Log } from '../base/log.ts';
import type { Disk } from './disk.ts';
import { encodeSegmentHeader, segmentHeaderBytes, segmentName, type SpoolRecord } from './format.ts';
import type { Segment } from './segment.ts';
import type { TailEntry } from './tail.ts';
import { WriteBuffer } from './write-buffer.ts';

export interface AppenderOptions {
  readonly dir: string;
  readonly disk: Disk;
  readonly log: Log;
  readonly fsync: 'interval' | 'always';
  readonly segmentBytes: number;
  readonly nextSeq: number;
  onSegment(segment: Segment): void;
  /** Records are on disk and their segment counts them. Their senders are answered next. */
  onWritten(entries: readonly TailEntry[]): void;
}

interface Pending {
  readonly record: SpoolRecord;
  readonly size: number;
  readonly resolve: (seq: number) => void;
  readonly reject: (error: Error) => void;
}

interface OpenFile {
  readonly segment: Segment;
  readonly fd: number;
  isSealed: boolean;
}

// What waits while the disk is slow. Beyond it senders are refused, for their bytes are held in memory.
const maxPendingBytes = 64 << 20;

export class Appender {
  readonly #options: AppenderOptions;
  readonly #buffer = new WriteBuffer();
  #nextSeq: number;
  #pending: Pending[] = [];
  #pendingBytes = 0;
  #active: OpenFile | undefined;
  readonly #unsynced = new Set<OpenFile>();
  #hasNewNames = false;
  #isScheduled = false;
  #isWriting = false;
  #mustSeal = false;
  #isRefusing = false;
  #syncing: Promise<void> | undefined;
  #whenIdle: (() => void)[] = [];

  constructor(options: AppenderOptions) {
    this.#options = options;
    this.#nextSeq = options.nextSeq;
  }

  get nextSeq(): number {
    return this.#nextSeq;
  }

  get pendingBytes(): number {
    return this.#pendingBytes;
  }

  /** Something is written that a power cut could still take away. */
  get isDirty(): boolean {
    return this.#unsynced.size > 0 || this.#hasNewNames;
  }

  /** Resolves with the record's seq when it is written (and, with `always`, synced). */
  append(record: Omit<SpoolRecord, 'seq'>): Promise<number> {
    if (this.#pendingBytes > maxPendingBytes) {
      return Promise.reject(new Overloaded('spool: the disk does not keep up', { reason: 'unavailable' }));
    }
    const { receiver, receivedMs, count, bytes } = record;
    const laid = this.#buffer.add({ seq: this.#nextSeq, receiver, receivedMs, count, bytes });
    this.#nextSeq++;
    this.#pendingBytes += laid.size;
    return new Promise((resolve, reject) => {
      this.#pending.push({ record: laid.record, size: laid.size, resolve, reject });
      this.#schedule();
    });
  }

  /** Ends the active segment when nothing is under way, so that it can be deleted. */
  seal(): void {
    if (!this.#isWriting && this.#pending.length === 0) this.#sealActive();
  }

  isActive(segment: Segment): boolean {
    return this.#active?.segment === segment;
  }

  /** The segment is deleted: its data need not reach the device any more, and an open file would keep its room. */
  forget(segment: Segment): void {
    if (this.#syncing !== undefined || this.#isWriting) return; // closed when that is over
    for (const file of this.#unsynced) {
      if (file.segment !== segment || !file.isSealed) continue;
      this.#unsynced.delete(file);
      closeSync(file.fd);
    }
  }

  /** Puts what was written so far on the device. While it runs, writes go to the thread pool. */
  sync(): Promise<void> {
    this.#syncing ??= this.#syncFiles().finally(() => {
      this.#syncing = undefined;
    });
    return this.#syncing;
  }

  /** Writes and syncs what is pending, then closes the files. No append may follow. */
  async close(): Promise<void> {
    while (this.#isWriting || this.#pending.length > 0)
      await new Promise<void>((resolve) => this.#whenIdle.push(resolve));
    this.#sealActive();
    do await this.sync();
    while (this.isDirty);
  }

  #schedule(): void {
    if (this.#isScheduled || this.#isWriting) return;
    this.#isScheduled = true;
    setImmediate(() => {
      this.#isScheduled = false;
      this.#flush();
    });
  }

  #flush(): void {
    if (this.#isWriting || this.#pending.length === 0) return this.#settleIdle();
    const pending = this.#pending;
    const buffers = this.#buffer.take();
    this.#pending = [];
    // A write into the page cache costs 1 µs here and 15 more on the thread pool; only a sync under way can make it wait.
    if (this.#options.fsync === 'interval' && this.#syncing === undefined) {
      let place: Place | undefined;
      try {
        place = this.#place(pending);
        this.#options.disk.writeSync(place.file.fd, [...place.header, ...buffers], place.position);
      } catch (error) {
        this.#refuse(pending, place, error);
        return;
      }
      this.#acknowledge(pending, place);
      return;
    }
    this.#isWriting = true;
    void this.#writeOnPool(pending, buffers).then(() => {
      this.#isWriting = false;
      if (this.#pending.length > 0) this.#schedule();
      this.#settleIdle();
    });
  }

  async #writeOnPool(pending: readonly Pending[], buffers: readonly Uint8Array[]): Promise<void> {
    let place: Place | undefined;
    try {
      place = this.#place(pending);
      await this.#options.disk.write(place.file.fd, [...place.header, ...buffers], place.position);
      if (this.#options.fsync === 'always') {
        this.#unsynced.add(place.file);
        await this.#syncOrThrow();
      }
    } catch (error) {
      this.#refuse(pending, place, error);
      return;
    }
    this.#acknowledge(pending, place);
  }

  #place(pending: readonly Pending[]): Place {
    const isFull = (this.#active?.segment.bytes ?? 0) >= this.#options.segmentBytes;
    if (isFull || this.#mustSeal) this.#sealActive();
    if (this.#active) return { file: this.#active, header: [], position: this.#active.segment.bytes };
    const firstSeq = pending[0]?.record.seq ?? this.#nextSeq;
    const path = join(this.#options.dir, segmentName(firstSeq));
    const segment: Segment = { path, firstSeq, lastSeq: firstSeq - 1, items: 0, bytes: segmentHeaderBytes };
    const file: OpenFile = { segment, fd: openSync(path, 'w', 0o600), isSealed: false };
    this.#hasNewNames = true;
    return { file, header: [encodeSegmentHeader(firstSeq)], position: 0 };
  }

  #acknowledge(pending: readonly Pending[], { file, header }: Place): void {
    const { segment } = file;
    if (this.#isRefusing) this.#options.log.info('spool: writing again');
    this.#isRefusing = false;
    if (header.length > 0) {
      this.#active = file;
      this.#options.onSegment(segment);
    }
    if (this.#options.fsync === 'interval') this.#unsynced.add(file);
    const entries: TailEntry[] = [];
    for (const { record, size } of pending) {
      segment.lastSeq = record.seq;
      segment.items += record.count;
      segment.bytes += size;
      this.#pendingBytes -= size;
      const after = { segment, offset: segment.bytes, seq: record.seq + 1, items: segment.items };
      entries.push({ record, after, size });
    }
    this.#options.onWritten(entries);
    for (const { record, resolve } of pending) resolve(record.seq);
    this.#settleIdle();
  }

  /** Cuts back what was partly written, and refuses all that waited: their seqs are given again. */
  #refuse(pending: readonly Pending[], place: Place | undefined, cause: unknown): void {
    const refused = [...pending, ...this.#pending];
    this.#pending = [];
    this.#buffer.take();
    this.#nextSeq = refused[0]?.record.seq ?? this.#nextSeq;
    if (place) this.#cutBack(place);
    const isFull = cause instanceof Error && 'code' in cause && (cause.code === 'ENOSPC' || cause.code === 'EDQUOT');
    const problem = isFull ? 'the disk is full' : 'cannot write';
    // Ended, it can be deleted as soon as it is read: on a full disk that may be the only room to be had.
    this.#sealActive();
    if (!this.#isRefusing) this.#options.log.error(`spool: ${problem}`, { error: describeError(cause) });
    this.#isRefusing = true;
    const error = new Overloaded(`spool: ${problem}`, {
      cause,
      reason: isFull ? 'full' : 'unavailable',
      retryAfterMs: 2000,
    });
    for (const { size, reject } of refused) {
      this.#pendingBytes -= size;
      reject(error);
    }
    this.#settleIdle();
  }

  #cutBack({ file, header }: Place): void {
    try {
      if (header.length > 0) {
        this.#unsynced.delete(file);
        closeSync(file.fd);
        unlinkSync(file.segment.path);
      } else {
        this.#options.disk.truncateSync(file.fd, file.segment.bytes);
      }
    } catch (error) {
      // What lies behind `segment.bytes` is never read, and when the spool opens again it is cut.
      this.#options.log.error('spool: cannot cut back a refused write', { error: describeError(error) });
    }
  }

  #sealActive(): void {
    const file = this.#active;
    if (!file) return;
    this.#active = undefined;
    this.#mustSeal = false;
    file.isSealed = true;
    if (!this.#unsynced.has(file) && this.#syncing === undefined) closeSync(file.fd);
    else this.#unsynced.add(file);
  }

  async #syncFiles(): Promise<void> {
    try {
      await this.#syncOrThrow();
    } catch (error) {
      // After a refused sync the kernel may have dropped the pages: nothing more goes behind them.
      this.#options.log.error('spool: cannot sync to disk', { error: describeError(error) });
      this.#mustSeal = true;
    }
  }

  async #syncOrThrow(): Promise<void> {
    const files = [...this.#unsynced];
    const hasNewNames = this.#hasNewNames;
    this.#unsynced.clear();
    this.#hasNewNames = false;
    try {
      for (const { fd } of files) await this.#options.disk.sync(fd);
      if (hasNewNames) await this.#options.disk.syncFolder(this.#options.dir);
    } finally {
      for (const file of files) if (file.isSealed && !this.#unsynced.has(file)) closeSync(file.fd);
    }
  }

  #settleIdle(): void {
    if (this.#isWriting || this.#pending.length > 0) return;
    const waiting = this.#whenIdle;
    this.#whenIdle = [];
    for (const resolve of waiting) resolve();
  }
}

interface Place {
  readonly file: OpenFile;
  /** The segment's header, when it begins with this write. */
  readonly header: readonly Uint8Array[];
  readonly position: number;
}
