/**
 * The protobuf files of Jaeger's query and sampling services
 * (https://github.com/jaegertracing/jaeger-idl/tree/main/proto), of OTLP's traces and of gRPC's health check, as tables for
 * `proto-file.ts`.
 */
import { otlpMessages } from './otlp-messages.ts';
import type { ProtoFile } from './proto-file.ts';

const timestampFile = 'google/protobuf/timestamp.proto';
const durationFile = 'google/protobuf/duration.proto';
const timestamp = 'google.protobuf.Timestamp';
const duration = 'google.protobuf.Duration';

const google: readonly ProtoFile[] = [
  {
    name: timestampFile,
    package: 'google.protobuf',
    messages: { Timestamp: { seconds: '1 int64', nanos: '2 int32' } },
  },
  { name: durationFile, package: 'google.protobuf', messages: { Duration: { seconds: '1 int64', nanos: '2 int32' } } },
];

const search = (attributes: string) => ({
  service_name: '1 string',
  operation_name: '2 string',
  [attributes]: '3 map',
  start_time_min: `4 ${timestamp}`,
  start_time_max: `5 ${timestamp}`,
  duration_min: `6 ${duration}`,
  duration_max: `7 ${duration}`,
  search_depth: '8 int32',
  raw_traces: '9 bool',
});
const times = (first: number) => ({ start_time: `${first} ${timestamp}`, end_time: `${first + 1} ${timestamp}` });

const model: ProtoFile = {
  name: 'model.proto',
  package: 'jaeger.api_v2',
  imports: [timestampFile, durationFile],
  enums: {
    ValueType: ['STRING', 'BOOL', 'INT64', 'FLOAT64', 'BINARY'],
    SpanRefType: ['CHILD_OF', 'FOLLOWS_FROM'],
  },
  messages: {
    KeyValue: {
      key: '1 string',
      v_type: '2 ValueType',
      v_str: '3 string',
      v_bool: '4 bool',
      v_int64: '5 int64',
      v_float64: '6 double',
      v_binary: '7 bytes',
    },
    Log: { timestamp: `1 ${timestamp}`, fields: '2 KeyValue*' },
    SpanRef: { trace_id: '1 bytes', span_id: '2 bytes', ref_type: '3 SpanRefType' },
    Process: { service_name: '1 string', tags: '2 KeyValue*' },
    Span: {
      trace_id: '1 bytes',
      span_id: '2 bytes',
      operation_name: '3 string',
      references: '4 SpanRef*',
      flags: '5 uint32',
      start_time: `6 ${timestamp}`,
      duration: `7 ${duration}`,
      tags: '8 KeyValue*',
      logs: '9 Log*',
      process: '10 Process',
      process_id: '11 string',
      warnings: '12 string*',
    },
    DependencyLink: { parent: '1 string', child: '2 string', call_count: '3 uint64', source: '4 string' },
  },
};

const queryV2: ProtoFile = {
  name: 'query.proto',
  package: 'jaeger.api_v2',
  imports: [model.name, timestampFile, durationFile],
  messages: {
    GetTraceRequest: { trace_id: '1 bytes', ...times(2), raw_traces: '4 bool' },
    SpansResponseChunk: { spans: '1 Span*' },
    ArchiveTraceRequest: { trace_id: '1 bytes', ...times(2) },
    ArchiveTraceResponse: {},
    TraceQueryParameters: search('tags'),
    FindTracesRequest: { query: '1 TraceQueryParameters' },
    GetServicesRequest: {},
    GetServicesResponse: { services: '1 string*' },
    GetOperationsRequest: { service: '1 string', span_kind: '2 string' },
    Operation: { name: '1 string', span_kind: '2 string' },
    GetOperationsResponse: { operationNames: '1 string*', operations: '2 Operation*' },
    GetDependenciesRequest: times(1),
    GetDependenciesResponse: { dependencies: '1 DependencyLink*' },
  },
  services: {
    QueryService: {
      GetTrace: 'GetTraceRequest -> SpansResponseChunk*',
      ArchiveTrace: 'ArchiveTraceRequest -> ArchiveTraceResponse',
      FindTraces: 'FindTracesRequest -> SpansResponseChunk*',
      GetServices: 'GetServicesRequest -> GetServicesResponse',
      GetOperations: 'GetOperationsRequest -> GetOperationsResponse',
      GetDependencies: 'GetDependenciesRequest -> GetDependenciesResponse',
    },
  },
};

/** OTLP's messages as their files have them, from the tables that read and write them. */
function otlpFile(part: string, names: readonly string[], imports: readonly string[] = []): ProtoFile {
  const ids: Readonly<Record<string, string>> = { id8: 'bytes', id16: 'bytes' };
  const messages = Object.values(otlpMessages).filter((message) => names.includes(message.name));
  const fieldsOf = (message: (typeof messages)[number]) =>
    message.fields.map(({ name, number, isRepeated, type }) => {
      const oneof = message.name === 'AnyValue' ? ' ?value' : '';
      const text =
        typeof type === 'string'
          ? (ids[type] ?? type)
          : 'message' in type
            ? `opentelemetry.proto.${otlpPart(type.message.name)}.v1.${type.message.name}`
            : name === 'kind'
              ? 'SpanKind'
              : 'StatusCode';
      return [name, `${number} ${text}${isRepeated ? '*' : ''}${oneof}`] as const;
    });
  return {
    name: `opentelemetry/proto/${part}/v1/${part}.proto`,
    package: `opentelemetry.proto.${part}.v1`,
    imports: imports.map((name) => `opentelemetry/proto/${name}/v1/${name}.proto`),
    messages: Object.fromEntries(messages.map((message) => [message.name, Object.fromEntries(fieldsOf(message))])),
  };
}

const commonMessages = ['AnyValue', 'ArrayValue', 'KeyValueList', 'KeyValue', 'InstrumentationScope', 'EntityRef'];

function otlpPart(name: string): string {
  if (name === 'Resource') return 'resource';
  return commonMessages.includes(name) ? 'common' : 'trace';
}

const otlpTraces = otlpFile(
  'trace',
  ['ResourceSpans', 'ScopeSpans', 'Span', 'Event', 'Link', 'Status'],
  ['common', 'resource'],
);

const otlp: readonly ProtoFile[] = [
  otlpFile('common', commonMessages),
  otlpFile('resource', ['Resource'], ['common']),
  {
    ...otlpTraces,
    messages: { TracesData: { resource_spans: '1 ResourceSpans*' }, ...otlpTraces.messages },
    enums: {
      SpanKind: ['UNSPECIFIED', 'INTERNAL', 'SERVER', 'CLIENT', 'PRODUCER', 'CONSUMER'].map((k) => `SPAN_KIND_${k}`),
      StatusCode: ['UNSET', 'OK', 'ERROR'].map((code) => `STATUS_CODE_${code}`),
    },
  },
];

const expression: ProtoFile = {
  name: 'expression/v1/expression.proto',
  package: 'jaeger.expression.v1',
  messages: {
    Expression: {
      attr: '1 AttributeReference ?term',
      field: '2 FieldReference ?term',
      nested: '3 NestedReference ?term',
      scalar: '4 Scalar ?term',
      list: '5 List ?term',
      call: '6 Call ?term',
    },
    AttributeReference: { key: '1 string', level: '2 string' },
    FieldReference: { name: '1 string', level: '2 string' },
    NestedReference: { level: '1 string' },
    Scalar: { value: '1 string', type: '2 string' },
    List: { values: '1 string*', type: '2 string' },
    Call: { op: '1 string', args: '2 Expression*' },
  },
};

const traces = 'opentelemetry.proto.trace.v1.TracesData';

const queryV3: ProtoFile = {
  name: 'query_service.proto',
  package: 'jaeger.api_v3',
  imports: [timestampFile, durationFile, otlpTraces.name, expression.name],
  messages: {
    GetTraceRequest: { trace_id: '1 string', ...times(2), raw_traces: '4 bool' },
    TraceQueryParameters: { ...search('attributes'), filter: '10 jaeger.expression.v1.Call' },
    FindTracesRequest: { query: '1 TraceQueryParameters' },
    GetServicesRequest: {},
    GetServicesResponse: { services: '1 string*' },
    GetOperationsRequest: { service: '1 string', span_kind: '2 string' },
    Operation: { name: '1 string', span_kind: '2 string' },
    GetOperationsResponse: { operations: '1 Operation*' },
    GetDependenciesRequest: times(1),
    DependenciesResponse: { dependencies: '1 Dependency*' },
    Dependency: { parent: '1 string', child: '2 string', call_count: '3 uint64' },
    ServiceSummary: { name: '1 string', span_count: '2 int32', error_span_count: '3 int32' },
    TraceSummary: {
      trace_id: '1 string',
      root_service_name: '2 string',
      root_operation_name: '3 string',
      min_start_time_unix_nano: '4 fixed64',
      max_end_time_unix_nano: '5 fixed64',
      span_count: '6 int32',
      error_span_count: '7 int32',
      orphan_span_count: '8 int32',
      services: '9 ServiceSummary*',
    },
    FindTraceSummariesRequest: { query: '1 TraceQueryParameters' },
    FindTraceSummariesResponse: { summaries: '1 TraceSummary*' },
  },
  services: {
    QueryService: {
      GetTrace: `GetTraceRequest -> ${traces}*`,
      FindTraces: `FindTracesRequest -> ${traces}*`,
      GetServices: 'GetServicesRequest -> GetServicesResponse',
      GetOperations: 'GetOperationsRequest -> GetOperationsResponse',
      GetDependencies: 'GetDependenciesRequest -> DependenciesResponse',
      FindTraceSummaries: 'FindTraceSummariesRequest -> FindTraceSummariesResponse*',
    },
  },
};

const health: ProtoFile = {
  name: 'grpc/health/v1/health.proto',
  package: 'grpc.health.v1',
  enums: { ServingStatus: ['UNKNOWN', 'SERVING', 'NOT_SERVING', 'SERVICE_UNKNOWN'] },
  messages: { HealthCheckRequest: { service: '1 string' }, HealthCheckResponse: { status: '1 ServingStatus' } },
  services: {
    Health: { Check: 'HealthCheckRequest -> HealthCheckResponse', Watch: 'HealthCheckRequest -> HealthCheckResponse*' },
  },
};

/** https://github.com/jaegertracing/jaeger-idl/blob/main/proto/api_v2/sampling.proto */
const sampling: ProtoFile = {
  name: 'sampling.proto',
  package: 'jaeger.api_v2',
  enums: { SamplingStrategyType: ['PROBABILISTIC', 'RATE_LIMITING'] },
  messages: {
    ProbabilisticSamplingStrategy: { samplingRate: '1 double' },
    RateLimitingSamplingStrategy: { maxTracesPerSecond: '1 int32' },
    OperationSamplingStrategy: { operation: '1 string', probabilisticSampling: '2 ProbabilisticSamplingStrategy' },
    PerOperationSamplingStrategies: {
      defaultSamplingProbability: '1 double',
      defaultLowerBoundTracesPerSecond: '2 double',
      perOperationStrategies: '3 OperationSamplingStrategy*',
      defaultUpperBoundTracesPerSecond: '4 double',
    },
    SamplingStrategyResponse: {
      strategyType: '1 SamplingStrategyType',
      probabilisticSampling: '2 ProbabilisticSamplingStrategy',
      rateLimitingSampling: '3 RateLimitingSamplingStrategy',
      operationSampling: '4 PerOperationSamplingStrategies',
    },
    SamplingStrategyParameters: { serviceName: '1 string' },
  },
  services: {
    SamplingManager: { GetSamplingStrategy: 'SamplingStrategyParameters -> SamplingStrategyResponse' },
  },
};

/** Each after what it imports. */
export const queryFiles: readonly ProtoFile[] = [...google, model, queryV2, ...otlp, expression, queryV3, health];
export const samplingFiles: readonly ProtoFile[] = [sampling, health];
