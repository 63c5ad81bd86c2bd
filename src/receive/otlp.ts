/**
 * The receiver `otlp`: traces, metrics and logs over gRPC and HTTP (https://opentelemetry.io/docs/specs/otlp/), configured as
 * the Collector's (https://github.com/open-telemetry/opentelemetry-collector/tree/main/receiver/otlpreceiver).
 */
import { ConfigError } from '../base/errors.ts';
import type { HttpReply, HttpRequest } from '../base/listener.ts';
import { boolean, bytes, count, object, optional, string } from '../base/schema.ts';
import { type Receiver, type ReceiverContext, receiver } from '../component/component.ts';
import { type Signal, signals } from '../model/batch.ts';
import { inspectors, withoutRejected } from '../wire/otlp-inspect.ts';
import { otlpFromJson } from '../wire/otlp-json.ts';
import {
  type Accepted,
  type Format,
  encodeFailure,
  encodeResponse,
  formatOf,
  requestNames,
} from '../wire/otlp-reply.ts';
import { corsConfig, corsHeaders, preflight } from './cors.ts';
import { atPath, taker } from './take.ts';

const grpcConfig = object({
  endpoint: string('localhost:4317'),
  /** 0 is gRPC's own default of 4. */
  max_recv_msg_size_mib: count(0),
  include_metadata: boolean(false),
});

const httpConfig = object({
  endpoint: string('localhost:4318'),
  traces_url_path: string('/v1/traces'),
  metrics_url_path: string('/v1/metrics'),
  logs_url_path: string('/v1/logs'),
  /** Counted after decompression; 0 is the default. */
  max_request_body_size: bytes('20MiB'),
  include_metadata: boolean(false),
  cors: optional(corsConfig),
});

const grpcPaths: Readonly<Record<Signal, string>> = {
  traces: '/opentelemetry.proto.collector.trace.v1.TraceService/Export',
  metrics: '/opentelemetry.proto.collector.metrics.v1.MetricsService/Export',
  logs: '/opentelemetry.proto.collector.logs.v1.LogsService/Export',
};

const defaultGrpcMib = 4;
const defaultHttpBytes = 20 * 1024 * 1024;

export const otlp = receiver({
  type: 'otlp',
  config: object({ protocols: object({ grpc: optional(grpcConfig), http: optional(httpConfig) }) }),
  create({ protocols }, context): Receiver {
    const { grpc, http } = protocols;
    const path = `receivers.${context.id}.protocols`;
    if (grpc === undefined && http === undefined) {
      throw new ConfigError(path, 'names no protocol: expected grpc, http or both');
    }
    if (grpc) {
      const listener = atPath(`${path}.grpc.endpoint`, () => context.listeners.at(grpc.endpoint));
      const maxMessageBytes = (grpc.max_recv_msg_size_mib || defaultGrpcMib) * 1024 * 1024;
      for (const signal of signals) {
        const take = checkingTaker(context, signal, 'grpc');
        listener.grpc({
          path: grpcPaths[signal],
          maxMessageBytes,
          handle: async (message) => encodeResponse(signal, 'protobuf', await take.accept(message)),
          failed: take.failed,
        });
      }
    }
    if (http) {
      const listener = atPath(`${path}.http.endpoint`, () => context.listeners.at(http.endpoint));
      const maxBytes = http.max_request_body_size || defaultHttpBytes;
      for (const signal of signals) {
        const take = checkingTaker(context, signal, 'http');
        const path = http[`${signal}_url_path`];
        listener.http({ method: 'OPTIONS', path, handle: (request) => preflight(http.cors, request) });
        listener.http({
          method: 'POST',
          path,
          async handle(request) {
            const format = formatOf(request.headers['content-type']);
            const body = await request.body(maxBytes);
            const message = format === 'json' ? otlpFromJson(requestNames[signal], body) : body;
            return reply(200, format, encodeResponse(signal, format, await take.accept(message)), request);
          },
          failed(failure, request) {
            take.failed(failure);
            const format = knownFormat(request);
            return reply(failure.status, format, encodeFailure(format, failure), request);
          },
        });
      }
    }
    if (grpc?.include_metadata || http?.include_metadata) {
      context.log.info('include_metadata has no effect: no component reads the metadata of requests', {
        receiver: context.id,
      });
    }
    const reply = (status: number, format: Format, body: Uint8Array | string, request: HttpRequest): HttpReply => {
      const type = format === 'json' ? 'application/json' : 'application/x-protobuf';
      return { status, headers: { 'content-type': type, ...corsHeaders(http?.cors, request) }, body };
    };
    return { stop: async () => {} };
  },
});

/** An error is written as the request was; where that cannot be told, as JSON. */
function knownFormat(request: HttpRequest): Format {
  try {
    return formatOf(request.headers['content-type']);
  } catch {
    return 'json';
  }
}

/** Checks requests of one signal over one transport, hands them in, and counts what became of them. */
function checkingTaker(context: ReceiverContext, signal: Signal, transport: 'grpc' | 'http') {
  const take = taker(context, signal, transport);
  const inspect = inspectors[signal];
  return {
    async accept(message: Uint8Array): Promise<Accepted> {
      const { count: items, rejected } = inspect(message);
      const kept = rejected.length === 0 ? message : withoutRejected(message, rejected);
      await take.accept({ bytes: kept, count: items });
      if (rejected.length === 0) return { rejected: 0 };
      take.reject(rejected.length, 'invalid_id');
      return {
        rejected: rejected.length,
        message: `${rejected.length} without valid ids; the first: ${rejected[0]?.reason}`,
      };
    },
    failed: take.failed,
  };
}
