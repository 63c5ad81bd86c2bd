/** Many deadlines looked at by one timer: a timer for each request would cost more than the request's routing. */
export interface Deadline {
  readonly atMs: number;
  readonly expire: () => void;
}

export class Deadlines {
  private readonly open = new Set<Deadline>();
  private timer: NodeJS.Timeout | undefined;
  private readonly everyMs: number;

  constructor(everyMs: number) {
    this.everyMs = everyMs;
  }

  /** `expire` is called once, up to `everyMs` late, unless `remove` comes first. */
  add(afterMs: number, expire: () => void): Deadline {
    const deadline = { atMs: performance.now() + afterMs, expire };
    this.open.add(deadline);
    this.timer ??= setInterval(() => this.sweep(), this.everyMs).unref();
    return deadline;
  }

  remove(deadline: Deadline): void {
    this.open.delete(deadline);
  }

  stop(): void {
    this.rest();
    this.open.clear();
  }

  private sweep(): void {
    const now = performance.now();
    for (const deadline of this.open) {
      if (deadline.atMs > now) continue;
      this.open.delete(deadline);
      deadline.expire();
    }
    if (this.open.size === 0) this.rest();
  }

  private rest(): void {
    clearInterval(this.timer);
    this.timer = undefined;
  }
}
