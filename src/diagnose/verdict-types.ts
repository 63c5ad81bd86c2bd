/** What a diagnosis answers: the JSON of `/api/why`. Times in ns; one sentence is an id, its values and the text in one language. */
export type CauseKind =
  | 'own-time'
  | 'database'
  | 'n-plus-one'
  | 'serial-calls'
  | 'retry'
  | 'timeout'
  | 'network'
  | 'queue'
  | 'straggler'
  | 'missing-instrumentation'
  | 'external'
  | 'new-call'
  | 'error';

export type Language = 'en' | 'fr';

/** `values` hold raw numbers (ns, counts, shares 0..1) and names, so that a client can format them again. */
export interface Sentence {
  readonly id: string;
  readonly values: Readonly<Record<string, string | number>>;
  readonly text: string;
}

export interface Cause {
  readonly service: string;
  readonly operation: string;
  readonly kind: CauseKind;
  /** ns of the critical path that belong to it. */
  readonly contribution_ns: number;
  /** ns it usually takes, where that is known. */
  readonly usual_ns?: number;
  readonly excess_ns?: number;
  /** Of the excess where a usual exists, of the duration otherwise; 0..1. */
  readonly share: number;
  /** The costliest first. */
  readonly evidence: readonly { readonly trace_id: string; readonly span_id: string }[];
  /** Every row of the trace whose critical-path time is counted here. */
  readonly span_ids: readonly string[];
  readonly sentence: Sentence;
}

/** One trace's verdict. The causes' `contribution_ns` and `unexplained_ns` add up to `duration_ns` exactly. */
export interface TraceVerdict {
  readonly trace_id: string;
  readonly duration_ns: number;
  readonly usual_ns?: number;
  readonly verdict: Sentence;
  /** The span where the time goes, and the tag of its row ("the time goes here · 350 ms (70 %)"). Absent for a trace of no duration. */
  readonly culprit?: {
    readonly span_id: string;
    readonly self_path_ns: number;
    readonly share: number;
    readonly tag: Sentence;
  };
  readonly causes: readonly Cause[];
  readonly unexplained_ns: number;
  /** Spans nobody waited for. */
  readonly not_waited_for: readonly string[];
  /** Further remarks: incomplete, arriving, skew, not-waited. */
  readonly notes: readonly Sentence[];
}

/** A key = value that the slow calls share and the usual ones do not. Shares 0..1; `p_value` of a G-test. */
export interface AttributeFinding {
  readonly key: string;
  readonly value: string;
  readonly slow_share: number;
  readonly usual_share: number;
  readonly p_value: number;
}

/** Means over the calls of a cohort, ns of the critical path. */
export interface EndpointCause extends Omit<Cause, 'span_ids' | 'usual_ns' | 'excess_ns'> {
  readonly usual_ns: number;
  /** Negative where the slow calls spend less. */
  readonly excess_ns: number;
  readonly attributes: readonly AttributeFinding[];
}

/**
 * An endpoint's verdict. The causes' `contribution_ns` and `unexplained_ns` (what is not listed) add up to `slow.mean_ns` exactly.
 */
export interface EndpointVerdict {
  /** `spread`: slower, but for no common cause. */
  readonly found: 'slower' | 'spread' | 'healthy' | 'too-little';
  readonly verdict: Sentence;
  /** `traces` were found, the means are over the `sampled` ones. */
  readonly slow: {
    readonly traces: number;
    readonly sampled: number;
    readonly mean_ns: number;
    readonly from_ns: number;
  };
  readonly usual: { readonly traces: number; readonly sampled: number; readonly mean_ns: number };
  /** Since when, where it began inside the time asked about. */
  readonly since_ms?: number;
  readonly appeared?: { readonly service: string; readonly version: string; readonly time_ms: number };
  readonly causes: readonly EndpointCause[];
  readonly unexplained_ns: number;
  /** The 99th percentile of the slow calls, and what it would be with the first cause `faster` (0..1). */
  readonly what_if?: { readonly faster: number; readonly p99_ns: number; readonly then_p99_ns: number };
  readonly notes: readonly Sentence[];
}
