/**
 * The block `ariane:` of the YAML: what a Collector has no key for. Defaults, checks and types are said here and nowhere else.
 */
import { boolean, bytes, durationMs, type Infer, list, number, object, oneOf, string } from '../base/schema.ts';

export const settingsSchema = object({
  /** Folder of everything that Ariane keeps. Empty: `$XDG_DATA_HOME/ariane`, else `~/.local/share/ariane`. */
  data_dir: string(''),

  storage: object({
    /** A ClickHouse server, `http://user:password@host:8123`. Empty: the embedded engine, in the data folder. */
    url: string(''),
    /** Database with Ariane's tables. */
    database: string('ariane'),
    /** How long each signal is kept, counted from when it was received. Metrics and logs are not stored yet. */
    retention: object({
      traces: durationMs('168h'),
      metrics: durationMs('720h'),
      logs: durationMs('168h'),
    }),
    /** All tables together; the oldest days go first. The smaller of the two limits holds. */
    max_disk: bytes('10GB'),
    /** The same as a share of the disk that holds the data folder, 0 to 100. Only for the embedded engine. */
    max_disk_percent: number(20),
    /** Memory that the embedded engine may use for queries, inserts and caches; its process needs about 225 MB more. */
    max_memory: bytes('350MB'),
  }),

  /** Where acknowledged requests lie until every exporter has taken them. */
  spool: object({
    /** `interval`: written before the ack, synced every second. `always`: synced before the ack. */
    fsync: oneOf(['interval', 'always'], 'interval'),
    /** On disk, per signal: a flood of one never refuses another. Beyond it senders are told to try again later. */
    max_size: object({
      traces: bytes('2GB'),
      metrics: bytes('512MB'),
      logs: bytes('512MB'),
    }),
    /** Per signal: what the pipelines may hold in memory at one time, read from the spool and not yet taken. */
    max_in_flight: bytes('32MB'),
  }),

  /** The page, Ariane's API and the compatible query APIs. */
  query: object({
    endpoint: string('localhost:16686'),
    /** Jaeger's gRPC query API. */
    grpc_endpoint: string('localhost:16685'),
    /** Zipkin's API, where its receiver may listen, too. Under `/zipkin` it is at `endpoint` as well. */
    zipkin_endpoint: string('localhost:9411'),
    /** Names besides localhost and the bound address that a browser may use (against DNS rebinding). */
    allowed_hosts: list(string()),
  }),

  /** Remote sampling: what clients are told to sample. */
  sampling: object({
    http_endpoint: string('localhost:5778'),
    grpc_endpoint: string('localhost:5779'),
    /** Jaeger's strategies in JSON: a path, or an http:// address. Empty: every service has the default. */
    strategies_file: string(''),
    /** The file is read again so often; 0s never. */
    reload_interval: durationMs('10s'),
    /** Share of traces, 0 to 1, of services that the file does not name. */
    default_probability: number(1),
    /** Rates by operation that follow the stored traffic, for services that the file does not name. */
    adaptive: object({
      enabled: boolean(false),
      /** Traces of each operation. */
      target_samples_per_second: number(1),
      calculation_interval: durationMs('1m'),
      /** Of operations that were not seen yet. With all of them sampled at first, the traffic is known after one interval. */
      initial_sampling_probability: number(1),
      min_sampling_probability: number(0.00001),
      /** So many are sampled whatever the rate: one a minute. */
      min_samples_per_second: number(0.016666666666666666),
    }),
  }),

  ui: object({
    enabled: boolean(true),
  }),
});

export type Settings = Infer<typeof settingsSchema>;
