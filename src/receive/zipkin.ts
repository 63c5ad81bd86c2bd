/**
 * The receiver `zipkin`: what Zipkin's clients post (https://zipkin.io/zipkin-api/#/default/post_spans), configured as the
 * Collector's (https://github.com/open-telemetry/opentelemetry-collector-contrib/tree/main/receiver/zipkinreceiver).
 */
import type { HttpRequest } from '../base/listener.ts';
import { boolean, bytes, object, optional, string } from '../base/schema.ts';
import { type Receiver, receiver } from '../component/component.ts';
import { ThriftBinaryReader } from '../wire/thrift.ts';
import type { Translated } from '../wire/translated.ts';
import { translateZipkinV1Json, translateZipkinV2Json } from '../wire/zipkin-json.ts';
import { translateZipkinProto } from '../wire/zipkin-proto.ts';
import type { ZipkinOptions } from '../wire/zipkin-span.ts';
import { translateZipkinThrift } from '../wire/zipkin-thrift.ts';
import { corsConfig, corsHeaders, preflight } from './cors.ts';
import { atPath, taker } from './take.ts';

const httpKeys = {
  endpoint: string('localhost:9411'),
  /** Counted after decompression; 0 is the default. */
  max_request_body_size: bytes('20MiB'),
  include_metadata: boolean(false),
  cors: optional(corsConfig),
};

const defaultHttpBytes = 20 * 1024 * 1024;

type Translate = (body: Uint8Array, options: ZipkinOptions) => Translated;

/** By content type; `json` is also what anything else is taken for: curl says that it sends a form. */
const versions: Readonly<Record<'v1' | 'v2', Readonly<Record<string, Translate>> & { readonly json: Translate }>> = {
  v1: {
    json: translateZipkinV1Json,
    'application/x-thrift': (body, options) => translateZipkinThrift(new ThriftBinaryReader(body), options),
  },
  v2: { json: translateZipkinV2Json, 'application/x-protobuf': translateZipkinProto },
};

export const zipkin = receiver({
  type: 'zipkin',
  config: object({
    /** Before the Collector's 0.128 everything of HTTP stood here, and it still may. */
    ...httpKeys,
    protocols: optional(object({ http: optional(object(httpKeys)) })),
    /** Texts that look like numbers or booleans become such. */
    parse_string_tags: boolean(false),
  }),
  create({ protocols, parse_string_tags: parseStringTags, ...outer }, context): Receiver {
    const http = protocols?.http ?? outer;
    const path = `receivers.${context.id}.${protocols?.http ? 'protocols.http.' : ''}endpoint`;
    const listener = atPath(path, () => context.listeners.at(http.endpoint));
    for (const version of ['v1', 'v2'] as const) {
      const take = taker(context, 'traces', `http_${version}`);
      const route = `/api/${version}/spans`;
      listener.http({ method: 'OPTIONS', path: route, handle: (request) => preflight(http.cors, request) });
      listener.http({
        method: 'POST',
        path: route,
        async handle(request) {
          const translate = versions[version][typeOf(request)] ?? versions[version].json;
          const body = await request.body(http.max_request_body_size || defaultHttpBytes);
          const spans = translate(body, { parseStringTags, receivedMs: context.clock.nowMs() });
          await take.accept(spans);
          take.reject(spans.rejected, 'invalid_id');
          return { status: 202, headers: corsHeaders(http.cors, request) };
        },
        failed(failure, request) {
          take.failed(failure);
          const headers = { 'content-type': 'text/plain; charset=utf-8', ...corsHeaders(http.cors, request) };
          return { status: failure.status, headers, body: `${failure.message}\n` };
        },
      });
    }
    return { stop: async () => {} };
  },
});

function typeOf({ headers }: HttpRequest): string {
  return headers['content-type']?.split(';', 1)[0]?.trim().toLowerCase() ?? '';
}
