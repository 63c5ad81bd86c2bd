/** The APIs by which clients of Jaeger and Zipkin read, and are told what to sample, each on the port where they look for it. */
import type { HttpRoute, Listeners } from './base/listener.ts';
import type { Guard } from './listen/guards.ts';
import { createCatalogue } from './query/catalogue.ts';
import { withPlainErrors } from './query/plain-errors.ts';
import {
  collectorSamplingRoutes,
  type SamplingDeps,
  samplingMethod,
  samplingRoutes,
  samplingStateRoute,
} from './sampling/routes.ts';
import { healthMethods } from './show/grpc/health.ts';
import { jaegerQueryMethods } from './show/grpc/jaeger-query.ts';
import { reflectionMethods } from './show/grpc/reflection.ts';
import { openArchive } from './show/jaeger/archive.ts';
import type { JaegerDeps } from './show/jaeger/asking.ts';
import { jaegerMetricsRoutes } from './show/jaeger/metrics-routes.ts';
import { jaegerRoutes } from './show/jaeger/routes.ts';
import { jaegerV3Routes } from './show/jaeger/v3-routes.ts';
import { zipkinRoutes } from './show/zipkin/routes.ts';
import { queryFiles, samplingFiles } from './wire/jaeger-api-files.ts';
import { servicesOf } from './wire/proto-file.ts';

export interface CompatibleApis extends Omit<JaegerDeps, 'archive'> {
  readonly version: string;
  /** Of the page, `localhost:16686`, which has its own guards. */
  readonly pageEndpoint: string;
  /** Jaeger's gRPC, with health and reflection. */
  readonly grpcEndpoint: string;
  readonly zipkinEndpoint: string;
  readonly archiveDir: string;
  readonly sampling: SamplingDeps & {
    readonly httpEndpoint: string;
    readonly grpcEndpoint: string;
    /** Of Jaeger 1.x's collector, which answers clients without an agent: 14250 and 14268. */
    readonly collectorGrpcEndpoint: string;
    readonly collectorHttpEndpoint: string;
  };
  readonly listeners: Listeners;
  /** Stands in front of what reads on the other ports: they are shared with receivers, who take spans from anywhere. */
  readonly guard: Guard;
}

/** Registers them; the listeners are still to be started. */
export function registerCompatibleApis(given: CompatibleApis): void {
  const { listeners, guard, pageEndpoint, grpcEndpoint, zipkinEndpoint, database } = given;
  // What shapes and resources mean is remembered once for all of them.
  const shared = { ...given, catalogue: createCatalogue(withPlainErrors(database)) };
  const jaeger: JaegerDeps = { ...shared, archive: openArchive(given.archiveDir) };
  const page = listeners.at(pageEndpoint);
  const onPage = [
    ...jaegerRoutes(jaeger),
    ...jaegerV3Routes(jaeger),
    ...jaegerMetricsRoutes(jaeger),
    ...zipkinRoutes(shared, '/zipkin'),
    samplingStateRoute(given.sampling),
  ];
  for (const route of onPage) page.http(route);
  const grpc = [
    ...jaegerQueryMethods(jaeger),
    ...healthMethods(servicesOf(queryFiles), () => database.state === 'ready'),
    ...reflectionMethods(queryFiles),
  ];
  for (const method of grpc) listeners.at(grpcEndpoint).grpc(method);
  const zipkin = listeners.at(zipkinEndpoint);
  for (const route of [...zipkinRoutes(shared, ''), ...zipkinRoutes(shared, '/zipkin')]) {
    zipkin.http(behind(guard, route));
  }
  registerSampling(given);
}

function registerSampling({ listeners, sampling, database }: CompatibleApis): void {
  for (const route of samplingRoutes(sampling)) listeners.at(sampling.httpEndpoint).http(route);
  for (const route of collectorSamplingRoutes(sampling)) listeners.at(sampling.collectorHttpEndpoint).http(route);
  listeners.at(sampling.collectorGrpcEndpoint).grpc(samplingMethod(sampling));
  const grpc = [
    samplingMethod(sampling),
    ...healthMethods(servicesOf(samplingFiles), () => database.state === 'ready'),
    ...reflectionMethods(samplingFiles),
  ];
  for (const method of grpc) listeners.at(sampling.grpcEndpoint).grpc(method);
}

function behind(guard: Guard, route: HttpRoute): HttpRoute {
  return { ...route, handle: (request) => guard.refuse?.(request) ?? route.handle(request) };
}
