/**
 * What flows between components. The payload stays OTLP protobuf bytes (`Export…ServiceRequest`); two such requests
 * concatenated are one valid request, because protobuf merges repeated fields
 * (https://protobuf.dev/programming-guides/encoding/#last-one-wins), so a batch is a list of parts and joining costs nothing.
 */
export const signals = ['traces', 'metrics', 'logs'] as const;
export type Signal = (typeof signals)[number];

/** One acknowledged request, or what a processor made of it. Read-only after hand-over. */
export interface Part {
  /** A valid OTLP `ExportTraceServiceRequest` (or metrics, logs) on its own. */
  readonly bytes: Uint8Array;
  /** Spans, data points or log records in it. */
  readonly count: number;
  /** When Ariane took it, ms since the epoch. Kept by the spool, so that a replay builds the very same rows. */
  readonly receivedMs: number;
  /** Its number in the spool of its signal: 1, 2, 3 …; ascending, with a gap only where records were lost (damage, a power cut). */
  readonly seq: number;
}

export interface Batch {
  readonly signal: Signal;
  /** The pipeline that it flows through, as in YAML: `traces`, `traces/demo`. Part of an exporter's exactly-once key. */
  readonly pipeline: string;
  readonly parts: readonly Part[];
}

/** Spans, data points or log records in the batch. */
export function countOf(batch: Batch): number {
  return batch.parts.reduce((sum, part) => sum + part.count, 0);
}

export function sizeOf(batch: Batch): number {
  return batch.parts.reduce((sum, part) => sum + part.bytes.length, 0);
}
