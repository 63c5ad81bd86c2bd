/** The reading end of a spool: pulls records in order, follows the tail, and says up to where they are done with. */
import { describeError } from '../base/errors.ts';
import type { Log } from '../base/log.ts';
import type { SpoolRecord } from './format.ts';
import { type Position, type Segment, SegmentReader, startOf } from './segment.ts';
import type { Tail } from './tail.ts';

export interface CursorSource {
  readonly segments: readonly Segment[];
  readonly tail: Tail;
  /** Of the newest record that was written. */
  lastSeq(): number;
  readonly log: Log;
  /** The cursor has handed out records up to its `deliveredSeq`. */
  onDelivered(): void;
  onCommit(): void;
  onLost(lost: { records: number; items: number }): void;
}

export class SpoolCursor {
  readonly #source: CursorSource;
  #seq: number;
  #backlog: number;
  #next: number;
  #at: Position | undefined;
  #reader: SegmentReader | undefined;
  /** Runs of seqs that were handed out and are not committed: each run's last seq and items. `lost` needs no commit. */
  #open: { seq: number; items: number; lost: boolean }[] = [];
  #openHead = 0;
  #isClosed = false;
  #isReading = false;
  #wake: (() => void) | undefined;

  constructor(source: CursorSource, start: { seq: number; backlog: number }) {
    this.#source = source;
    this.#seq = start.seq;
    this.#next = start.seq + 1;
    this.#backlog = start.backlog;
  }

  /** Everything up to here is done with. */
  get seq(): number {
    return this.#seq;
  }

  /** Everything up to here was handed out. */
  get deliveredSeq(): number {
    return this.#next - 1;
  }

  /** Spans, data points or log records that are not done with. */
  get backlog(): number {
    return this.#backlog;
  }

  /**
   * The next records, at least one, their payloads together about `maxBytes` at most (a single record may be larger).
   * Waits for one; empty only when closed. One call at a time. Throws the system's error when the disk cannot be read
   * now: calling again tries again.
   */
  async next(maxBytes: number): Promise<readonly SpoolRecord[]> {
    this.#isReading = true;
    try {
      while (!this.#isClosed) {
        const records = this.#fromTail(maxBytes);
        if (records.length > 0) return records;
        if (this.#next <= this.#source.lastSeq()) {
          const records = await this.#fromDisk(maxBytes);
          if (records.length > 0) return records;
        } else {
          await new Promise<void>((resolve) => {
            this.#wake = resolve;
          });
        }
      }
      return [];
    } finally {
      this.#isReading = false;
      if (this.#isClosed) await this.#closeReader();
    }
  }

  /** All records up to `seq` are done with. Goes forward only; on disk within about a second. */
  commit(seq: number): void {
    if (seq > this.deliveredSeq) throw new RangeError(`record ${seq} was not handed out`);
    const before = this.#seq;
    for (;;) {
      const run = this.#open[this.#openHead];
      if (run === undefined || (run.seq > seq && !run.lost)) break;
      this.#seq = run.seq;
      this.#backlog -= run.items;
      this.#openHead++;
    }
    if (this.#openHead > 1024 || this.#openHead === this.#open.length) {
      this.#open = this.#open.slice(this.#openHead);
      this.#openHead = 0;
    }
    if (this.#seq !== before) this.#source.onCommit();
  }

  /** Ends a waiting `next`. Commits are still taken. */
  async close(): Promise<void> {
    this.#isClosed = true;
    this.added(0);
    if (!this.#isReading) await this.#closeReader();
  }

  /** Records were written. */
  added(items: number): void {
    this.#backlog += items;
    const wake = this.#wake;
    this.#wake = undefined;
    wake?.();
  }

  #fromTail(maxBytes: number): readonly SpoolRecord[] {
    const entries = this.#source.tail.from(this.#next, maxBytes);
    const last = entries.at(-1);
    if (last === undefined) return [];
    this.#at = last.after;
    const records = entries.map((entry) => entry.record);
    this.#handOut(records);
    return records;
  }

  async #fromDisk(maxBytes: number): Promise<readonly SpoolRecord[]> {
    const segment = this.#source.segments.find((s) => s.lastSeq >= this.#next);
    if (segment === undefined) return [];
    if (this.#at?.segment !== segment) this.#at = startOf(segment);
    const wanted = this.#next;
    try {
      if (this.#reader?.position !== this.#at) {
        await this.#closeReader();
        // A copy: a position that came from the tail is shared with other cursors.
        this.#at = { ...this.#at };
        this.#reader = await SegmentReader.open(this.#at);
      }
      const { records, problem = records.length === 0 ? 'it ends early' : undefined } =
        await this.#reader.read(maxBytes);
      const fresh = records.filter((record) => record.seq >= wanted);
      if (fresh.length > 0) this.#handOut(fresh);
      if (problem !== undefined) await this.#skip(segment, problem);
      return fresh;
    } catch (error) {
      if (!(error instanceof Error && 'code' in error && error.code === 'ENOENT')) throw error;
      await this.#skip(segment, describeError(error));
      return [];
    }
  }

  /** Gives up on the rest of a segment. */
  async #skip(segment: Segment, problem: string): Promise<void> {
    const records = segment.lastSeq - this.#next + 1;
    const items = segment.items - (this.#at?.items ?? 0);
    this.#source.log.error('spool: the rest of a segment cannot be read and is lost', {
      file: segment.path,
      problem,
      fromSeq: this.#next,
      records,
      items,
    });
    this.#source.onLost({ records, items });
    this.#open.push({ seq: segment.lastSeq, items, lost: true });
    this.#next = segment.lastSeq + 1;
    this.#at = undefined;
    await this.#closeReader();
    this.commit(this.#seq);
  }

  #handOut(records: readonly SpoolRecord[]): void {
    for (const { seq, count } of records) this.#open.push({ seq, items: count, lost: false });
    this.#next = (records.at(-1)?.seq ?? this.#next - 1) + 1;
    this.#source.onDelivered();
  }

  async #closeReader(): Promise<void> {
    const reader = this.#reader;
    this.#reader = undefined;
    await reader?.close();
  }
}
