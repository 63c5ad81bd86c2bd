/**
 * Ariane's own HTTP API on 16686, typed once for the server, the UI and the CLI. Times: `…Ns` are ns (numbers; epoch ns
 * as decimal strings), `…Us` epoch µs, `…Ms` epoch ms. Errors: `{ "error": { "status": 404, "message": "…" } }`.
 *
 *   GET    /api/stats                       Stats
 *   GET    /api/home?start&end              Home           (µs; default: the last hour)
 *   GET    /api/search?…                    SearchAnswer   (parameters of SearchQuery)
 *   GET    /api/suggest?q&start&end         Suggestions    completion for the search bar
 *   GET    /api/trace/{id}                  TraceHead      id: exact, 64-bit, or a prefix of ≥ 6 digits
 *   GET    /api/trace/{id}/skeleton         binary, `model/skeleton.ts`
 *   GET    /api/trace/{id}/spans?ids=a,b    { spans: SpanDetails[] }   at most 200 ids
 *   GET    /api/trace/{id}/find?q=          { span_ids: string[] }     text in names, services, attributes, events
 *   GET    /api/why/{id}?lang=              TraceVerdict
 *   GET    /api/why?service&operation&…      EndpointWhy    start, end, baselineStart, baselineEnd (µs); minDuration, maxDuration; lang
 *   GET    /api/services                    is Jaeger's
 *   GET    /api/map?start&end               ServiceMap
 *   GET    /api/live                        text/event-stream: `stats` events (Stats) every second while something changes
 *   GET    /api/demo                        DemoState
 *   POST   /api/demo/{start|stop|index|remove}   DemoState   (`index` adds the missing index; `remove` deletes the demo's data)
 */
import type { EndpointVerdict, TraceVerdict } from '../../diagnose/verdict-types.ts';

export type {
  AttributeFinding,
  Cause,
  CauseKind,
  EndpointCause,
  EndpointVerdict,
  Language,
  Sentence,
  TraceVerdict,
} from '../../diagnose/verdict-types.ts';

export interface ApiError {
  readonly error: { readonly status: number; readonly message: string };
}

export interface SignalStats {
  /** Acknowledged since start. */
  readonly received: number;
  readonly refused: number;
  readonly stored: number;
  /** Acknowledged, not in the store yet. */
  readonly spooled: number;
  /** Accepted and let go, because this signal is not stored. */
  readonly not_stored: number;
  readonly quarantined: number;
}

export interface Stats {
  readonly version: string;
  readonly uptime_s: number;
  readonly signals: Readonly<Record<'traces' | 'metrics' | 'logs', SignalStats>>;
  readonly store: {
    readonly state: 'starting' | 'ready' | 'restarting' | 'failed';
    readonly bytes: number;
    readonly spans: number;
    /** Epoch ms of the oldest and the newest span; null in an empty store. */
    readonly oldest_ms: number | null;
    readonly newest_ms: number | null;
    readonly limit_bytes: number;
    readonly retention_days: number;
    readonly data_dir: string;
  };
  /** Ports, and what is wrong with those that could not be opened. */
  readonly ports: readonly { readonly address: string; readonly what: string; readonly problem: string | null }[];
}

/** Home: "What is slow now?", ordered by time lost. */
export interface Home {
  readonly startUs: number;
  readonly endUs: number;
  readonly rows: readonly HomeRow[];
  /** `lost` once a usual exists; `total` (calls × mean) until then. */
  readonly order: 'lost' | 'total';
}

/** An endpoint: an operation by which requests enter a service (root, SERVER or CONSUMER spans). */
export interface HomeRow {
  readonly service: string;
  readonly operation: string;
  readonly calls: number;
  readonly errors: number;
  /** Calls per second in the range. */
  readonly rate: number;
  readonly meanNs: number;
  /** Null under 20 calls. */
  readonly p50Ns: number | null;
  readonly p95Ns: number | null;
  readonly p99Ns: number | null;
  /** Calls × (mean − the median of the period before), where that exists. */
  readonly lostNs: number | null;
  readonly totalNs: number;
  /** Mean duration in 30 equal slices of the range, null where no call was. */
  readonly sparkNs: readonly (number | null)[];
  /** Slowest trace of the row, as a way in, and one line of why. */
  readonly slowest: { readonly traceId: string; readonly durationNs: number };
  readonly why: string | null;
}

/**
 * A search's parameters, in the address as they are here. `q` is the search bar: words (in names and attribute values),
 * `key=value`, `>500ms`, `<2s`, `error`, a trace id.
 */
export interface SearchQuery {
  readonly q?: string;
  readonly service?: string;
  readonly operation?: string;
  /** `key=value`, repeatable. A value in double quotes is a string for sure; otherwise `200` finds the number and the text. */
  readonly attribute?: readonly string[];
  readonly minDuration?: string;
  readonly maxDuration?: string;
  readonly errors?: boolean;
  readonly startUs?: number;
  readonly endUs?: number;
  /** Default 50, at most 1500. */
  readonly limit?: number;
  readonly order?: 'newest' | 'slowest';
  /** Also compute each trace's `leader` (traces of up to 2,000 spans, the first 100): slower. */
  readonly leaders?: boolean;
}

export interface SearchAnswer {
  readonly traces: readonly TraceSummary[];
  /** True when there may be more than `limit`. */
  readonly more: boolean;
  /**
   * When nothing matched: what to drop, the condition that excludes most first. `drop` is a parameter as it stands in the address
   * (`service=shop`, `attribute=a=b`, `errors=true`), a part of `q`, or `range`. `wouldFind` counts traces, up to some thousands.
   */
  readonly hints: readonly { readonly drop: string; readonly wouldFind: number }[];
  /** Epoch ms of the newest trace found; of the newest span in the store where none was, for "newest: 3 days ago". Null in an empty store. */
  readonly newestMs: number | null;
  readonly tookMs: number;
}

export interface TraceSummary {
  readonly traceId: string;
  /** The root span's, or the earliest span's when no root arrived. */
  readonly service: string;
  readonly operation: string;
  readonly hasRoot: boolean;
  /** Epoch ns as a decimal string. */
  readonly startNs: string;
  /** The root span's; from first start to last end when no root arrived. */
  readonly durationNs: number;
  readonly spans: number;
  readonly errors: number;
  readonly services: readonly { readonly name: string; readonly spans: number }[];
  /** The node that owns most of the critical path; null in summaries that did not compute it. */
  readonly leader: { readonly service: string; readonly operation: string; readonly share: number } | null;
}

export interface Suggestions {
  readonly items: readonly {
    readonly kind: 'service' | 'operation' | 'key' | 'value';
    /** What the bar should hold after choosing it. */
    readonly insert: string;
    readonly label: string;
  }[];
}

export interface TraceHead {
  readonly traceId: string;
  readonly summary: TraceSummary;
  /** False while it is under 60 s old and may still grow. */
  readonly settled: boolean;
  /** Other traces that the prefix fits, newest first. */
  readonly alsoMatching: readonly string[];
  readonly isDemo: boolean;
}

/** Everything of a span, values as text with their type letter (`model/attributes.ts`). */
export interface SpanDetails {
  readonly spanId: string;
  readonly parentSpanId: string;
  readonly service: string;
  readonly operation: string;
  readonly kind: string;
  readonly startNs: string;
  readonly durationNs: number;
  readonly status: 'unset' | 'ok' | 'error';
  readonly statusMessage: string;
  readonly traceState: string;
  readonly attributes: readonly AttributeView[];
  readonly resource: readonly AttributeView[];
  readonly scope: { readonly name: string; readonly version: string; readonly attributes: readonly AttributeView[] };
  readonly events: readonly {
    readonly timeNs: string;
    readonly name: string;
    readonly attributes: readonly AttributeView[];
  }[];
  readonly links: readonly {
    readonly traceId: string;
    readonly spanId: string;
    readonly attributes: readonly AttributeView[];
  }[];
  readonly dropped: { readonly attributes: number; readonly events: number; readonly links: number };
}

export interface AttributeView {
  readonly key: string;
  readonly type: string;
  readonly text: string;
}

export interface ServiceMap {
  readonly services: readonly {
    readonly name: string;
    readonly calls: number;
    readonly errors: number;
    readonly p95Ns: number | null;
  }[];
  readonly edges: readonly {
    readonly from: string;
    readonly to: string;
    readonly calls: number;
    readonly errors: number;
    readonly p95Ns: number | null;
  }[];
}

export interface DemoState {
  readonly running: boolean;
  readonly hasIndex: boolean;
  readonly requests: number;
  /** Whether spans of the demo are stored. */
  readonly hasData: boolean;
  readonly shopUrl: string | null;
  readonly problem: string | null;
}

/** Why an endpoint's slow calls are slow. `calls` are all that entered it in the range; cohorts are a sample of them. */
export interface EndpointWhy extends EndpointVerdict {
  readonly question: {
    readonly service: string;
    /** The one asked for, or that by which most time is spent. */
    readonly operation: string;
    readonly start_us: number;
    readonly end_us: number;
    readonly baseline_start_us?: number;
    readonly baseline_end_us?: number;
  };
  readonly calls: {
    readonly count: number;
    readonly mean_ns: number;
    readonly p50_ns: number;
    readonly p95_ns: number;
  };
  /** Where there are too few to compare: the slowest one by itself. */
  readonly slowest?: TraceVerdict;
}
