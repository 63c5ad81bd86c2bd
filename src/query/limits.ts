/**
 * How much one question may take. The engine stops a query that goes beyond (codes 159, 241), it never falls over. Its memory and
 * threads are bounded where the store is opened.
 */
export const limits = {
  /** A person waits for these. */
  searchTimeoutMs: 10_000,
  /** Looking inside all values for a word. What was found by then is the answer. */
  wordTimeoutMs: 3_000,
  /** Home, map, dependencies: they read a range of everything. */
  overviewTimeoutMs: 20_000,
  traceTimeoutMs: 20_000,
  /** Helpers of an answer, such as hints: rather none than late. */
  extraTimeoutMs: 2_000,
  /** Spans of one trace that are read; what is beyond is left out. */
  spansPerTrace: 300_000,
  tracesPerSearch: 1_500,
  /** Shapes or resources that one attribute condition may name. */
  dictionaryMatches: 20_000,
} as const;
