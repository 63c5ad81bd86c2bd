/**
 * The receiver `jaeger`: what Jaeger's clients, agents and exporters send (https://www.jaegertracing.io/docs/1.76/architecture/apis/),
 * configured as the Collector's (https://github.com/open-telemetry/opentelemetry-collector-contrib/tree/main/receiver/jaegerreceiver).
 * `zipkin_thrift_compact` is Ariane's own addition: the agent's third port.
 */
import { BadInput, ConfigError } from '../base/errors.ts';
import type { HttpReply } from '../base/listener.ts';
import { boolean, bytes, count, object, optional, string } from '../base/schema.ts';
import { type Receiver, type ReceiverContext, receiver } from '../component/component.ts';
import { translateAgentCall } from '../wire/jaeger-agent.ts';
import { translatePostSpans } from '../wire/jaeger-proto.ts';
import { translateJaegerBatch } from '../wire/jaeger-thrift.ts';
import { ThriftBinaryReader, ThriftCompactReader } from '../wire/thrift.ts';
import type { Translated } from '../wire/translated.ts';
import { corsConfig, corsHeaders, preflight } from './cors.ts';
import { atPath, type Taker, taker } from './take.ts';

const grpcConfig = object({
  endpoint: string('localhost:14250'),
  /** 0 is gRPC's own default of 4. */
  max_recv_msg_size_mib: count(0),
  include_metadata: boolean(false),
});

const httpConfig = object({
  endpoint: string('localhost:14268'),
  /** Counted after decompression; 0 is the default. */
  max_request_body_size: bytes('20MiB'),
  include_metadata: boolean(false),
  cors: optional(corsConfig),
});

const udpConfig = (endpoint: string) =>
  object({
    endpoint: string(endpoint),
    /** Datagrams that may wait for the disk. */
    queue_size: count(1000),
    max_packet_size: count(65_000),
    /** Has no effect: datagrams are read as they come. */
    workers: count(10),
    /** 0 is as much as the system gives, up to 4 MiB. */
    socket_buffer_size: count(0),
  });

const udpProtocols = {
  thrift_compact: { endpoint: 'localhost:6831', Reader: ThriftCompactReader },
  thrift_binary: { endpoint: 'localhost:6832', Reader: ThriftBinaryReader },
  zipkin_thrift_compact: { endpoint: 'localhost:5775', Reader: ThriftCompactReader },
} as const;

const defaultGrpcMib = 4;
const defaultHttpBytes = 20 * 1024 * 1024;
const defaultSocketBufferBytes = 4 * 1024 * 1024;

export const jaeger = receiver({
  type: 'jaeger',
  config: object({
    protocols: object({
      grpc: optional(grpcConfig),
      thrift_http: optional(httpConfig),
      thrift_compact: optional(udpConfig(udpProtocols.thrift_compact.endpoint)),
      thrift_binary: optional(udpConfig(udpProtocols.thrift_binary.endpoint)),
      zipkin_thrift_compact: optional(udpConfig(udpProtocols.zipkin_thrift_compact.endpoint)),
    }),
  }),
  create({ protocols }, context): Receiver {
    const { grpc, thrift_http: http } = protocols;
    const path = `receivers.${context.id}.protocols`;
    if (Object.values(protocols).every((protocol) => protocol === undefined)) {
      throw new ConfigError(path, `names no protocol: expected one or more of ${Object.keys(protocols).join(', ')}`);
    }
    if (grpc) {
      const take = taker(context, 'traces', 'grpc');
      atPath(`${path}.grpc.endpoint`, () => context.listeners.at(grpc.endpoint)).grpc({
        path: '/jaeger.api_v2.CollectorService/PostSpans',
        maxMessageBytes: (grpc.max_recv_msg_size_mib || defaultGrpcMib) * 1024 * 1024,
        async handle(message) {
          await accept(take, translatePostSpans(message));
          return nothing;
        },
        failed: take.failed,
      });
    }
    if (http) {
      const take = taker(context, 'traces', 'http');
      const listener = atPath(`${path}.thrift_http.endpoint`, () => context.listeners.at(http.endpoint));
      listener.http({ method: 'OPTIONS', path: '/api/traces', handle: (request) => preflight(http.cors, request) });
      listener.http({
        method: 'POST',
        path: '/api/traces',
        async handle(request) {
          checkContentType(request.headers['content-type'] ?? '');
          const body = await request.body(http.max_request_body_size || defaultHttpBytes);
          await accept(take, translateJaegerBatch(new ThriftBinaryReader(body)));
          return { status: 202, headers: corsHeaders(http.cors, request) };
        },
        failed(failure, request) {
          take.failed(failure);
          return plainText(failure.status, failure.message, corsHeaders(http.cors, request));
        },
      });
    }
    for (const name of ['thrift_compact', 'thrift_binary', 'zipkin_thrift_compact'] as const) {
      const udp = protocols[name];
      if (udp) atPath(`${path}.${name}.endpoint`, () => takeDatagrams(name, udp, context));
    }
    return { stop: async () => {} };
  },
});

function takeDatagrams(
  name: keyof typeof udpProtocols,
  config: { endpoint: string; queue_size: number; max_packet_size: number; socket_buffer_size: number },
  context: ReceiverContext,
): void {
  const { Reader } = udpProtocols[name];
  const take = taker(context, 'traces', `udp_${name}`);
  context.listeners.udp({
    address: config.endpoint,
    maxBytes: config.max_packet_size,
    maxPending: config.queue_size,
    receiveBufferBytes: config.socket_buffer_size || defaultSocketBufferBytes,
    async handle(datagram) {
      const options = { parseStringTags: false, receivedMs: context.clock.nowMs() };
      await accept(take, translateAgentCall(new Reader(datagram), options));
    },
  });
}

async function accept(take: Taker, { bytes: encoded, count: spans, rejected }: Translated): Promise<void> {
  await take.accept({ bytes: encoded, count: spans });
  take.reject(rejected, 'invalid_id');
}

const nothing = new Uint8Array();

function checkContentType(given: string): void {
  const type = given.split(';', 1)[0]?.trim().toLowerCase() ?? '';
  if (type === 'application/x-thrift' || type === 'application/vnd.apache.thrift.binary') return;
  // Jaeger answers 400, not 415.
  throw new BadInput(`Unsupported content type: ${type === '' ? 'none' : type}; expected application/x-thrift`);
}

function plainText(status: number, text: string, headers: Readonly<Record<string, string>>): HttpReply {
  return {
    status,
    headers: { 'content-type': 'text/plain; charset=utf-8', 'x-content-type-options': 'nosniff', ...headers },
    body: `${text}\n`,
  };
}
