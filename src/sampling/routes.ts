/**
 * Remote sampling: how Jaeger's and OpenTelemetry's clients learn how much to sample
 * (https://www.jaegertracing.io/docs/latest/architecture/sampling/#remote-sampling). Clients of Jaeger do not sample at all
 * while nobody answers.
 */
import { BadInput } from '../base/errors.ts';
import {
  type Failure,
  type GrpcRoute,
  type HttpReply,
  type HttpRequest,
  type HttpRoute,
  json,
} from '../base/listener.ts';
import type { AdaptiveState } from './adaptive.ts';
import { encodeStrategy, readStrategyRequest, type Strategy, strategyJson } from '../wire/jaeger-api-sampling.ts';

export interface SamplingDeps {
  /** What a client of this service is told. */
  strategyOf(service: string): Strategy;
  /** What adaptive sampling has found; absent where it is off. */
  readonly adaptiveState?: () => AdaptiveState;
}

/** On 5778, where clients ask `/sampling`, and older ones `/`. */
export function samplingRoutes(deps: SamplingDeps): HttpRoute[] {
  return [answering('/', deps), answering('/sampling', deps), refusingBaggage('/baggageRestrictions')];
}

/** On 14268, where clients without an agent asked Jaeger 1.x. */
export function collectorSamplingRoutes(deps: SamplingDeps): HttpRoute[] {
  return [answering('/api/sampling', deps), refusingBaggage('/api/baggageRestrictions')];
}

/** `jaeger.api_v2.SamplingManager`, on 5779 and 14250. */
export function samplingMethod(deps: SamplingDeps): GrpcRoute {
  return {
    path: '/jaeger.api_v2.SamplingManager/GetSamplingStrategy',
    maxMessageBytes: 64 * 1024,
    handle: async (message) => encodeStrategy(deps.strategyOf(readStrategyRequest(message))),
  };
}

/** `GET /api/sampling` of the page: what adaptive sampling estimates and tells, the busiest operation first. */
export function samplingStateRoute({ adaptiveState }: SamplingDeps): HttpRoute {
  return {
    method: 'GET',
    path: '/api/sampling',
    handle() {
      if (adaptiveState === undefined) return json({ adaptive: false, operations: [] });
      const operations = [...adaptiveState()].flatMap(([service, own]) =>
        Array.from(own, ([operation, each]) => ({ service, operation, ...each })),
      );
      return json({ adaptive: true, operations: operations.sort((a, b) => b.perSecond - a.perSecond) });
    },
  };
}

function answering(path: string, deps: SamplingDeps): HttpRoute {
  return {
    method: 'GET',
    path,
    handle: (request) => json(strategyJson(deps.strategyOf(serviceOf(request)))),
    failed: plainText,
  };
}

/**
 * Jaeger never kept restrictions of baggage. An empty list would mean that no baggage is allowed; after an error clients
 * go on allowing all.
 */
function refusingBaggage(path: string): HttpRoute {
  return {
    method: 'GET',
    path,
    handle(request) {
      serviceOf(request);
      throw new BadInput('baggage restrictions are not implemented', { status: 501 });
    },
    failed: plainText,
  };
}

function serviceOf({ query }: HttpRequest): string {
  const [service, ...more] = query.getAll('service');
  if (service === undefined || more.length > 0) throw new BadInput("'service' parameter must be provided once");
  return service;
}

function plainText({ status, message }: Failure): HttpReply {
  return { status, headers: { 'content-type': 'text/plain; charset=utf-8' }, body: `${message}\n` };
}
