/** What each sentence of a verdict needs. Raw values: a client can format them again. */
type Ns = number;
type Share = number;
type Count = number;
type EpochMs = number;

/** `service · operation` of a node. */
type Target = string;

export interface SentenceValues {
  // Beginnings.
  'lead.endpoint': { op: string; delta: Ns; slow: Ns; usual: Ns };
  'lead.trace.usual': { op: string; d: Ns; x: number; u: Ns };
  'lead.trace': { op: string; d: Ns };

  // Causes: `why` is one of those below, as text.
  cause: { ms: Ns; t: Target; why: string };
  second: { ms: Ns; t: Target; why: string };
  'own-time': { slow?: Ns; usual?: Ns };
  /** `n` queries together took `slow`. */
  database: { n?: Count; slow?: Ns; usual?: Ns };
  'n-plus-one': { n: Count; u?: Count; each?: Ns };
  /** `p` is what they could take together; absent when they usually do run together. */
  'serial-calls': { n: Count; p?: Ns };
  retry: { n: Count; e: Count; error: string; gap: Ns };
  timeout: { limit: Ns; share?: Share };
  network: { client: string; server: string; slow: Ns; usual?: Ns };
  queue: { queue: string; slow: Ns; usual?: Ns };
  straggler: { n: Count; slow: Ns; median: Ns };
  'missing-instrumentation': { ms: Ns; a: string; b: string };
  external: { peer: string };
  'new-call': Record<string, never>;
  error: { ms: Ns; error: string };

  // Endings.
  attribute: { p: Share; q: Share; key: string; value: string };
  when: { time: EpochMs; n: Count; service: string; version: string };

  // Instead of a cause.
  spread: { delta: Ns; n: Count; ms: Ns; t: Target };
  healthy: { op: string; slow: Ns; low: Ns; high: Ns };
  always: { op: string; share: Share; t: Target; ms: Ns };
  'too-little': { n: Count; m: Count; k: Count };
  unexplained: { ms: Ns; share: Share };

  // Remarks.
  'not-waited': { t: Target; ms: Ns };
  incomplete: { n: Count };
  arriving: Record<string, never>;
  skew: { host: string; ms: Ns };
  sampled: { n: Count; m: Count };

  // At the culprit's row; the second where its usual is known and the line has no room for both.
  tag: { ms: Ns; share: Share };
  'tag.usual': { x: number; u: Ns };

  /** A beginning and what follows it, as one sentence. */
  verdict: { lead: string; rest: string };
}

export type SentenceId = keyof SentenceValues;

/** One language: a sentence that is missing does not compile. */
export type Catalogue = { readonly [Id in SentenceId]: (values: SentenceValues[Id]) => string };
