/**
 * The tables, as numbered migrations: forward only, idempotent, run at start. Applied ones are never edited; a change is a new one.
 *
 * Attributes are kept as *shapes*: a row holds `shape`, a hash of its ordered keys with their types, and `vals`, the values in
 * that order; the table `shapes` says what a shape is. It is the cheapest layout measured, for writing and for reading.
 * Shape 0 is "inline": `vals` is key, type, value, key, type, value … (for ever new keys of a hostile or careless sender).
 * A value's text by type letter: s the string, b `true`/`false`, i decimal, d JavaScript's shortest form (`NaN`, `Infinity`),
 * y base64, j OTLP JSON of the AnyValue, n empty.
 */
export interface Migration {
  readonly id: number;
  readonly name: string;
  readonly statements: readonly string[];
}

// Without these a restart that inserts a block file again would store it twice, and a power cut could lose an acknowledged one.
const durable = `non_replicated_deduplication_window = 10000, fsync_after_insert = 1, fsync_part_directory = 1`;

/**
 * The schema of the OpenTelemetry Collector's ClickHouse exporter, so that dashboards made for it work:
 * https://github.com/open-telemetry/opentelemetry-collector-contrib/tree/main/exporter/clickhouseexporter
 *
 * The small tables are looked up as constants and not joined: as fast (0.1 µs a row), a query that asks for no attributes
 * pays nothing, and it works inside the arrays of events and links. A filter on ServiceName uses the primary key.
 */
const otelTraces = `CREATE OR REPLACE VIEW otel_traces AS
  WITH
    (SELECT (groupArray(id), groupArray(keys)) FROM shapes) AS known_shapes,
    (SELECT (groupArray(id), groupArray(mapFromArrays(keys, vals))) FROM resources) AS known_resources,
    (SELECT (groupArray(id), groupArray(name), groupArray(version)) FROM scopes) AS known_scopes,
    -- Written so that no branch can fail on the rows of the other: which one is computed is the server's to choose.
    (shape, vals) -> if(shape = 0,
      mapFromArrays(
        arrayMap(i -> vals[3 * i + 1], range(intDiv(length(vals), 3))),
        arrayMap(i -> vals[3 * i + 3], range(intDiv(length(vals), 3)))
      ),
      mapFromArrays(
        arrayResize(known_shapes.2[transform(shape, known_shapes.1, arrayEnumerate(known_shapes.1), 0)], length(vals)),
        vals
      )
    ) AS attributes,
    transform(res_id, known_resources.1, arrayEnumerate(known_resources.1), 0) AS resource_row,
    transform(scope_id, known_scopes.1, arrayEnumerate(known_scopes.1), 0) AS scope_row
  SELECT
    fromUnixTimestamp64Nano(ts) AS Timestamp,
    lower(hex(trace_id)) AS TraceId,
    lower(hex(span_id)) AS SpanId,
    if(parent_id = toFixedString('', 8), '', lower(hex(parent_id))) AS ParentSpanId,
    trace_state AS TraceState,
    name AS SpanName,
    transform(kind, [1, 2, 3, 4, 5], ['Internal', 'Server', 'Client', 'Producer', 'Consumer'], 'Unspecified') AS SpanKind,
    service AS ServiceName,
    known_resources.2[resource_row] AS ResourceAttributes,
    known_scopes.2[scope_row] AS ScopeName,
    known_scopes.3[scope_row] AS ScopeVersion,
    attributes(shape, vals) AS SpanAttributes,
    toUInt64(greatest(duration, 0)) AS Duration,
    transform(status, [1, 2], ['Ok', 'Error'], 'Unset') AS StatusCode,
    status_message AS StatusMessage,
    arrayMap(t -> fromUnixTimestamp64Nano(t), events.ts) AS \`Events.Timestamp\`,
    events.name AS \`Events.Name\`,
    arrayMap((s, v) -> attributes(s, v), events.shape, events.vals) AS \`Events.Attributes\`,
    arrayMap(t -> lower(hex(t)), links.trace_id) AS \`Links.TraceId\`,
    arrayMap(t -> lower(hex(t)), links.span_id) AS \`Links.SpanId\`,
    links.trace_state AS \`Links.TraceState\`,
    arrayMap((s, v) -> attributes(s, v), links.shape, links.vals) AS \`Links.Attributes\`
  FROM spans`;

export const migrations: readonly Migration[] = [
  {
    id: 1,
    name: 'spans with shapes',
    statements: [
      `CREATE TABLE IF NOT EXISTS spans (
        -- The day of the span's time where that is plausible, else of its arrival: wild clocks must not open partitions.
        day Date,
        service String CODEC(ZSTD(1)),
        name String CODEC(ZSTD(1)),
        -- Start, ns since 1970, as sent (may be negative).
        ts Int64 CODEC(Delta, ZSTD(1)),
        -- End minus start, ns, as sent (may be negative).
        duration Int64 CODEC(ZSTD(1)),
        trace_id FixedString(16) CODEC(ZSTD(1)),
        span_id FixedString(8) CODEC(ZSTD(1)),
        -- Eight zero bytes: no parent.
        parent_id FixedString(8) CODEC(ZSTD(1)),
        kind UInt8 CODEC(ZSTD(1)),
        status UInt8 CODEC(ZSTD(1)),
        status_message String CODEC(ZSTD(1)),
        flags UInt32 CODEC(ZSTD(1)),
        trace_state String CODEC(ZSTD(1)),
        res_id UInt64 CODEC(ZSTD(1)),
        scope_id UInt64 CODEC(ZSTD(1)),
        shape UInt64 CODEC(ZSTD(1)),
        vals Array(String) CODEC(ZSTD(1)),
        -- Empty, or dropped attributes, events, links.
        dropped Array(UInt32) CODEC(ZSTD(1)),
        events Nested(ts Int64, name String, shape UInt64, vals Array(String), dropped UInt32) CODEC(ZSTD(1)),
        links Nested(trace_id FixedString(16), span_id FixedString(8), trace_state String, flags UInt32, shape UInt64, vals Array(String), dropped UInt32) CODEC(ZSTD(1)),
        INDEX by_trace trace_id TYPE bloom_filter(0.01) GRANULARITY 1,
        INDEX by_time ts TYPE minmax GRANULARITY 1,
        -- Used by has(vals, 'x'), hasAny, hasAll, hasAnyTokens and hasAllTokens, but not by vals[3] = 'x': a search for a value
        -- asks has(vals, 'x') beside its exact condition. A bound {x:String} serves as well as a literal.
        INDEX by_value vals TYPE text(tokenizer = 'array')
      )
      -- A trace has one span in each of many places: with granules and blocks of half the default size it is read in 12 ms and not
      -- in 21, and writing costs the same. Still smaller ones cost 5 % more.
      ENGINE = MergeTree PARTITION BY day ORDER BY (service, name, ts)
      SETTINGS index_granularity = 4096, min_compress_block_size = 32768, ${durable}`,
      `CREATE TABLE IF NOT EXISTS shapes (
        id UInt64, keys Array(String), types String, day Date
      ) ENGINE = ReplacingMergeTree(day) ORDER BY id SETTINGS ${durable}`,
      `CREATE TABLE IF NOT EXISTS resources (
        id UInt64, service String, keys Array(String), types String, vals Array(String), schema_url String, dropped UInt32, day Date
      ) ENGINE = ReplacingMergeTree(day) ORDER BY id SETTINGS ${durable}`,
      `CREATE TABLE IF NOT EXISTS scopes (
        id UInt64, name String, version String, keys Array(String), types String, vals Array(String), schema_url String, dropped UInt32, day Date
      ) ENGINE = ReplacingMergeTree(day) ORDER BY id SETTINGS ${durable}`,
    ],
  },
  {
    id: 2,
    name: 'otel_traces',
    statements: [otelTraces],
  },
];
