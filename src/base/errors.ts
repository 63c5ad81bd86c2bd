/**
 * The few error classes of Ariane. Each is mapped to an answer in one place: configuration errors stop start-up
 * (`cli`), the others answer the sender (`listen`). Anything else that is thrown is our own bug and is logged whole.
 */

/** The configuration cannot be used. `path` is where: `processors.batch.send_batch_size`. Stops start-up. */
export class ConfigError extends Error {
  override readonly name = 'ConfigError';
  readonly path: string;
  constructor(path: string, problem: string, options?: ErrorOptions) {
    super(path === '' ? problem : `${path}: ${problem}`, options);
    this.path = path;
  }
}

/** The sender or asker made a mistake that repeating will not mend: HTTP 400 or `status`, gRPC INVALID_ARGUMENT. */
export class BadInput extends Error {
  override readonly name = 'BadInput';
  /** HTTP status: 400 unless a narrower one fits (404, 405, 413, 415). */
  readonly status: number;
  constructor(message: string, options?: ErrorOptions & { status?: number }) {
    super(message, options);
    this.status = options?.status ?? 400;
  }
}

/** Not now, but later: HTTP 429 or 503 with Retry-After, gRPC RESOURCE_EXHAUSTED or UNAVAILABLE with RetryInfo. */
export class Overloaded extends Error {
  override readonly name = 'Overloaded';
  readonly retryAfterMs: number;
  /** `full`: a limit is reached (429, RESOURCE_EXHAUSTED). `unavailable`: a part is down or starting (503, UNAVAILABLE). */
  readonly reason: 'full' | 'unavailable';
  constructor(
    message: string,
    options: ErrorOptions & { retryAfterMs?: number; reason?: 'full' | 'unavailable' } = {},
  ) {
    super(message, options);
    this.retryAfterMs = options.retryAfterMs ?? 1000;
    this.reason = options.reason ?? 'full';
  }
}

/** Whoever asked is gone: the work was ended, nobody reads the answer, and nothing is wrong. */
export class ClientGone extends Error {
  override readonly name = 'ClientGone';
  constructor() {
    super('the client went away');
  }
}

/** The text of anything thrown, with its causes: `cannot open store: permission denied`. */
export function describeError(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  return error.cause === undefined ? error.message : `${error.message}: ${describeError(error.cause)}`;
}
