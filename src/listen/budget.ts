import { Overloaded } from '../base/errors.ts';

/** How many bytes of request bodies may be in memory at once, over all connections. */
export class Budget {
  readonly limit: number;
  private used = 0;

  constructor(limit: number) {
    this.limit = limit;
  }

  get usedBytes(): number {
    return this.used;
  }

  /** Throws `Overloaded` when there is no room. What was taken is given back by `release`. */
  take(bytes: number): void {
    if (this.used + bytes > this.limit) {
      throw new Overloaded(`requests being read hold ${this.used} bytes, the limit is ${this.limit}`);
    }
    this.used += bytes;
  }

  release(bytes: number): void {
    this.used -= bytes;
  }
}
