/**
 * The messages of OTLP 1.x, said once (https://github.com/open-telemetry/opentelemetry-proto): checking, reading JSON and
 * writing JSON all follow these tables. An entry is `name: 'number type'`; `*` repeats, a capital names a message or an enum,
 * `id16` and `id8` are bytes of that length which JSON writes in hex.
 */
const definitions = {
  ExportTraceServiceRequest: { resource_spans: '1 ResourceSpans*' },
  ResourceSpans: { resource: '1 Resource', scope_spans: '2 ScopeSpans*', schema_url: '3 string' },
  ScopeSpans: { scope: '1 InstrumentationScope', spans: '2 Span*', schema_url: '3 string' },
  Span: {
    trace_id: '1 id16',
    span_id: '2 id8',
    trace_state: '3 string',
    parent_span_id: '4 id8',
    flags: '16 fixed32',
    name: '5 string',
    kind: '6 SpanKind',
    start_time_unix_nano: '7 fixed64',
    end_time_unix_nano: '8 fixed64',
    attributes: '9 KeyValue*',
    dropped_attributes_count: '10 uint32',
    events: '11 Event*',
    dropped_events_count: '12 uint32',
    links: '13 Link*',
    dropped_links_count: '14 uint32',
    status: '15 Status',
  },
  Event: {
    time_unix_nano: '1 fixed64',
    name: '2 string',
    attributes: '3 KeyValue*',
    dropped_attributes_count: '4 uint32',
  },
  Link: {
    trace_id: '1 id16',
    span_id: '2 id8',
    trace_state: '3 string',
    attributes: '4 KeyValue*',
    dropped_attributes_count: '5 uint32',
    flags: '6 fixed32',
  },
  Status: { message: '2 string', code: '3 StatusCode' },

  ExportLogsServiceRequest: { resource_logs: '1 ResourceLogs*' },
  ResourceLogs: { resource: '1 Resource', scope_logs: '2 ScopeLogs*', schema_url: '3 string' },
  ScopeLogs: { scope: '1 InstrumentationScope', log_records: '2 LogRecord*', schema_url: '3 string' },
  LogRecord: {
    time_unix_nano: '1 fixed64',
    observed_time_unix_nano: '11 fixed64',
    severity_number: '2 SeverityNumber',
    severity_text: '3 string',
    body: '5 AnyValue',
    attributes: '6 KeyValue*',
    dropped_attributes_count: '7 uint32',
    flags: '8 fixed32',
    trace_id: '9 id16',
    span_id: '10 id8',
    event_name: '12 string',
  },

  ExportMetricsServiceRequest: { resource_metrics: '1 ResourceMetrics*' },
  ResourceMetrics: { resource: '1 Resource', scope_metrics: '2 ScopeMetrics*', schema_url: '3 string' },
  ScopeMetrics: { scope: '1 InstrumentationScope', metrics: '2 Metric*', schema_url: '3 string' },
  Metric: {
    name: '1 string',
    description: '2 string',
    unit: '3 string',
    gauge: '5 Gauge',
    sum: '7 Sum',
    histogram: '9 Histogram',
    exponential_histogram: '10 ExponentialHistogram',
    summary: '11 Summary',
    metadata: '12 KeyValue*',
  },
  Gauge: { data_points: '1 NumberDataPoint*' },
  Sum: {
    data_points: '1 NumberDataPoint*',
    aggregation_temporality: '2 AggregationTemporality',
    is_monotonic: '3 bool',
  },
  Histogram: { data_points: '1 HistogramDataPoint*', aggregation_temporality: '2 AggregationTemporality' },
  ExponentialHistogram: {
    data_points: '1 ExponentialHistogramDataPoint*',
    aggregation_temporality: '2 AggregationTemporality',
  },
  Summary: { data_points: '1 SummaryDataPoint*' },
  NumberDataPoint: {
    attributes: '7 KeyValue*',
    start_time_unix_nano: '2 fixed64',
    time_unix_nano: '3 fixed64',
    as_double: '4 double',
    as_int: '6 sfixed64',
    exemplars: '5 Exemplar*',
    flags: '8 uint32',
  },
  HistogramDataPoint: {
    attributes: '9 KeyValue*',
    start_time_unix_nano: '2 fixed64',
    time_unix_nano: '3 fixed64',
    count: '4 fixed64',
    sum: '5 double',
    bucket_counts: '6 fixed64*',
    explicit_bounds: '7 double*',
    exemplars: '8 Exemplar*',
    flags: '10 uint32',
    min: '11 double',
    max: '12 double',
  },
  ExponentialHistogramDataPoint: {
    attributes: '1 KeyValue*',
    start_time_unix_nano: '2 fixed64',
    time_unix_nano: '3 fixed64',
    count: '4 fixed64',
    sum: '5 double',
    scale: '6 sint32',
    zero_count: '7 fixed64',
    positive: '8 Buckets',
    negative: '9 Buckets',
    flags: '10 uint32',
    exemplars: '11 Exemplar*',
    min: '12 double',
    max: '13 double',
    zero_threshold: '14 double',
  },
  Buckets: { offset: '1 sint32', bucket_counts: '2 uint64*' },
  SummaryDataPoint: {
    attributes: '7 KeyValue*',
    start_time_unix_nano: '2 fixed64',
    time_unix_nano: '3 fixed64',
    count: '4 fixed64',
    sum: '5 double',
    quantile_values: '6 ValueAtQuantile*',
    flags: '8 uint32',
  },
  ValueAtQuantile: { quantile: '1 double', value: '2 double' },
  Exemplar: {
    filtered_attributes: '7 KeyValue*',
    time_unix_nano: '2 fixed64',
    as_double: '3 double',
    as_int: '6 sfixed64',
    span_id: '4 id8',
    trace_id: '5 id16',
  },

  Resource: { attributes: '1 KeyValue*', dropped_attributes_count: '2 uint32', entity_refs: '3 EntityRef*' },
  EntityRef: { schema_url: '1 string', type: '2 string', id_keys: '3 string*', description_keys: '4 string*' },
  InstrumentationScope: {
    name: '1 string',
    version: '2 string',
    attributes: '3 KeyValue*',
    dropped_attributes_count: '4 uint32',
  },
  KeyValue: { key: '1 string', value: '2 AnyValue' },
  AnyValue: {
    string_value: '1 string',
    bool_value: '2 bool',
    int_value: '3 int64',
    double_value: '4 double',
    array_value: '5 ArrayValue',
    kvlist_value: '6 KeyValueList',
    bytes_value: '7 bytes',
  },
  ArrayValue: { values: '1 AnyValue*' },
  KeyValueList: { values: '1 KeyValue*' },

  ExportTraceServiceResponse: { partial_success: '1 ExportTracePartialSuccess' },
  ExportTracePartialSuccess: { rejected_spans: '1 int64', error_message: '2 string' },
  ExportMetricsServiceResponse: { partial_success: '1 ExportMetricsPartialSuccess' },
  ExportMetricsPartialSuccess: { rejected_data_points: '1 int64', error_message: '2 string' },
  ExportLogsServiceResponse: { partial_success: '1 ExportLogsPartialSuccess' },
  ExportLogsPartialSuccess: { rejected_log_records: '1 int64', error_message: '2 string' },
} satisfies Record<string, Record<string, string>>;

const severities = ['TRACE', 'DEBUG', 'INFO', 'WARN', 'ERROR', 'FATAL'].flatMap((s) => [s, `${s}2`, `${s}3`, `${s}4`]);

/** Names by number. OTLP writes enums as numbers; protobuf's JSON mapping also has readers accept the names. */
const enums: Record<string, readonly string[]> = {
  SpanKind: ['UNSPECIFIED', 'INTERNAL', 'SERVER', 'CLIENT', 'PRODUCER', 'CONSUMER'].map((k) => `SPAN_KIND_${k}`),
  StatusCode: ['UNSET', 'OK', 'ERROR'].map((c) => `STATUS_CODE_${c}`),
  SeverityNumber: ['UNSPECIFIED', ...severities].map((s) => `SEVERITY_NUMBER_${s}`),
  AggregationTemporality: ['UNSPECIFIED', 'DELTA', 'CUMULATIVE'].map((t) => `AGGREGATION_TEMPORALITY_${t}`),
};

export type MessageName = keyof typeof definitions;

export type Scalar =
  | 'string'
  | 'bytes'
  | 'id8'
  | 'id16'
  | 'bool'
  | 'uint32'
  | 'sint32'
  | 'int64'
  | 'uint64'
  | 'fixed32'
  | 'fixed64'
  | 'sfixed64'
  | 'double';

/** Wire types by scalar (https://protobuf.dev/programming-guides/encoding/#structure). */
export const wireTypes: Readonly<Record<Scalar, number>> = {
  string: 2,
  bytes: 2,
  id8: 2,
  id16: 2,
  bool: 0,
  uint32: 0,
  sint32: 0,
  int64: 0,
  uint64: 0,
  fixed32: 5,
  fixed64: 1,
  sfixed64: 1,
  double: 1,
};

export interface Field {
  readonly number: number;
  /** As in the .proto file: `trace_id`. */
  readonly name: string;
  /** As in JSON: `traceId`. */
  readonly jsonName: string;
  readonly isRepeated: boolean;
  readonly type: Scalar | { readonly enum: readonly string[] } | { readonly message: Message };
}

export interface Message {
  readonly name: string;
  readonly fields: readonly Field[];
  /** By JSON name and by .proto name. */
  readonly byName: ReadonlyMap<string, Field>;
  readonly byNumber: ReadonlyMap<number, Field>;
}

export const otlpMessages = compile();

function compile(): Readonly<Record<MessageName, Message>> {
  const building = new Map(Object.keys(definitions).map((name) => [name, emptyMessage(name)]));
  for (const [name, fields] of Object.entries(definitions)) {
    const message = building.get(name);
    for (const [fieldName, text] of Object.entries<string>(fields)) {
      const [number = '', type = ''] = text.replace('*', '').split(' ');
      const inner = building.get(type);
      const field: Field = {
        number: Number(number),
        name: fieldName,
        jsonName: fieldName.replaceAll(/_(\w)/g, (_, letter: string) => letter.toUpperCase()),
        isRepeated: text.endsWith('*'),
        type: inner ? { message: inner } : enums[type] ? { enum: enums[type] } : (type as Scalar),
      };
      message?.fields.push(field);
      message?.byName.set(field.jsonName, field).set(field.name, field);
      message?.byNumber.set(field.number, field);
    }
  }
  const compiled: Partial<Record<string, Message>> = Object.fromEntries(building);
  return compiled as Record<MessageName, Message>;
}

function emptyMessage(name: string) {
  return { name, fields: [] as Field[], byName: new Map<string, Field>(), byNumber: new Map<number, Field>() };
}
