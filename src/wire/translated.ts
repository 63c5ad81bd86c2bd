/** What a translator of another format gives a receiver. */
import { BadInput } from '../base/errors.ts';
import type { Span } from '../model/span.ts';
import { encodeTraces } from './otlp-proto.ts';

export interface Translated {
  /** An `ExportTraceServiceRequest`. */
  readonly bytes: Uint8Array;
  /** Spans in `bytes`. */
  readonly count: number;
  /** Spans left out because a trace id or span id is zero. */
  readonly rejected: number;
}

/** So that a body full of nothing does not become long work: beyond it, a request is refused whole. */
const maxRejected = 10_000;
/** Spans held as objects before they become bytes: a large body must not become a much larger heap. */
const maxHeld = 1000;

/** Takes spans one by one. Requests concatenated are a request, so what is held is encoded as it comes. */
export class Translation {
  private readonly parts: Uint8Array[] = [];
  private held: Span[] = [];
  private count = 0;
  private rejected = 0;

  add(span: Span): void {
    this.held.push(span);
    if (this.held.length >= maxHeld) this.encode();
  }

  /** A span without an id. */
  reject(): void {
    if (++this.rejected > maxRejected) throw new BadInput(`more than ${maxRejected} spans without valid ids`);
  }

  finish(): Translated {
    this.encode();
    const [first = new Uint8Array()] = this.parts;
    const bytes = this.parts.length > 1 ? Buffer.concat(this.parts) : first;
    return { bytes, count: this.count, rejected: this.rejected };
  }

  private encode(): void {
    if (this.held.length === 0) return;
    this.parts.push(encodeTraces(this.held));
    this.count += this.held.length;
    this.held = [];
  }
}
