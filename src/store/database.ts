/**
 * The store as the rest of Ariane sees it: a ClickHouse, embedded or remote, spoken to by `@clickhouse/client`.
 * `query/` asks through `select`; the exporter `ariane` writes through `insertFile`.
 */
export interface Database {
  /**
   * Runs one SELECT and gives its rows as objects (64-bit integers as strings, as ClickHouse's JSON does).
   * Values are always bound: `{name:Type}` in the SQL, never put into it. The query is killed when `signal` aborts.
   */
  select<Row>(query: SelectQuery): Promise<Row[]>;
  /** The same, as raw bytes of `RowBinary` or `Native`, for large answers. */
  selectBytes(query: SelectQuery & { format: 'RowBinary' | 'Native' }): Promise<Uint8Array>;
  /** DDL and other statements without an answer. */
  command(sql: string, params?: QueryParams): Promise<void>;
  /** Inserts one immutable block file in ClickHouse `Native` format. The same token twice inserts once. */
  insertFile(insert: { table: string; columns: readonly string[]; path: string; token: string }): Promise<void>;
  /** `starting` until the first `ready`; `restarting` while the engine child is being replaced. */
  readonly state: 'starting' | 'ready' | 'restarting' | 'failed';
}

export type QueryParams = Readonly<Record<string, unknown>>;

export interface SelectQuery {
  readonly sql: string;
  readonly params?: QueryParams;
  readonly signal?: AbortSignal;
  /** Defaults: 30 s. */
  readonly timeoutMs?: number;
  readonly settings?: Readonly<Record<string, string | number>>;
}
