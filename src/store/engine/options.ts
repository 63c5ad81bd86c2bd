/** What the engine's child process is started with (one JSON argument), and what the two processes tell each other. */
export interface EngineOptions {
  /** chDB's own folder. */
  readonly folder: string;
  /** Where insert bodies are spilled; emptied at start. */
  readonly spillFolder: string;
  /** Written at start: chDB reads its caches' and pools' sizes from a file only. */
  readonly configFile: string;
  /** A Unix socket (mode 0600), or a TCP address where a test or a benchmark plays a remote server. */
  readonly listen: { readonly socket: string } | { readonly host: string; readonly port: number };
  /** Asked from every request when given. */
  readonly password?: string;
  /** Queries that read at the same moment. */
  readonly readers: number;
  /** Requests that wait for a session, per lane; more are refused. */
  readonly maxWaiting: number;
  /** What all queries, inserts, merges and caches may take together. Resident memory is about 225 MB more (the library). */
  readonly memoryBytes: number;
}

export const engineDefaults = { readers: 4, maxWaiting: 128, memoryBytes: 350 * 2 ** 20 } as const;

/** Sent once by the child. */
export type EngineReport =
  | { readonly kind: 'ready'; readonly port: number; readonly version: string }
  | { readonly kind: 'refused'; readonly code: number; readonly message: string };

/** Sent by the parent: finish what runs, then end. Losing the parent ends the child at once. */
export type EngineOrder = { readonly kind: 'stop'; readonly withinMs: number };
