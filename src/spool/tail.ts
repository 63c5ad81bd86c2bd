/** The newest records in memory, for readers that keep up. Bounded in bytes: the oldest go first. */
import type { SpoolRecord } from './format.ts';
import type { Position } from './segment.ts';

export interface TailEntry {
  readonly record: SpoolRecord;
  /** Where a reader stands behind this record. */
  readonly after: Position;
  /** Bytes on disk. */
  readonly size: number;
}

export class Tail {
  readonly #maxBytes: number;
  #entries: TailEntry[] = [];
  #head = 0;
  #bytes = 0;

  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes;
  }

  push(entry: TailEntry): void {
    this.#entries.push(entry);
    this.#bytes += entry.size;
    while (this.#bytes > this.#maxBytes && this.#head < this.#entries.length) this.#drop();
  }

  /** Records from `seq` on, at least one and up to `maxBytes`; empty when `seq` is not here. */
  from(seq: number, maxBytes: number): readonly TailEntry[] {
    const first = this.#entries[this.#head]?.record.seq;
    if (first === undefined || seq < first) return [];
    const begin = this.#head + (seq - first);
    let end = begin;
    for (let bytes = 0; end < this.#entries.length && bytes < maxBytes; end++) bytes += this.#entries[end]?.size ?? 0;
    return this.#entries.slice(begin, end);
  }

  /** Forgets records up to `seq`: everybody has them. */
  forget(seq: number): void {
    while ((this.#entries[this.#head]?.record.seq ?? Number.POSITIVE_INFINITY) <= seq) this.#drop();
  }

  #drop(): void {
    this.#bytes -= this.#entries[this.#head]?.size ?? 0;
    this.#head++;
    if (this.#head === this.#entries.length || this.#head > 4096) {
      this.#entries = this.#entries.slice(this.#head);
      this.#head = 0;
    }
  }
}
