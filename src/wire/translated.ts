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
export const maxRejectedSpans = 10_000;

export function tooManyRejected(): BadInput {
  return new BadInput(`more than ${maxRejectedSpans} spans without valid ids`);
}

export function translated(spans: readonly Span[], rejected: number): Translated {
  return { bytes: encodeTraces(spans), count: spans.length, rejected };
}
