/**
 * `/api/metrics/…`, what Jaeger's Monitor tab asks: rate, errors and durations of services, computed from stored spans
 * (https://www.jaegertracing.io/docs/latest/architecture/spm/#api). Answers are `jaeger.api_v2.metrics.MetricFamily` in protobuf's JSON.
 */
import { BadInput } from '../../base/errors.ts';
import { type HttpReply, type HttpRequest, type HttpRoute, json } from '../../base/listener.ts';
import { type SpanKind, spanKind, spanKindNames } from '../../model/span.ts';
import { type CallSeries, readCallSeries } from '../../query/call-series.ts';
import { type Asking, askingOf, type JaegerDeps } from './asking.ts';
import { type Figure, type Point, pointsOf } from './call-metrics.ts';
import { envelope, errorEnvelope } from './envelope.ts';
import { clampNs, explaining, floatOf } from './go-values.ts';
import { parseBool, parseInt64 } from './parameters.ts';

export function jaegerMetricsRoutes(given: JaegerDeps): HttpRoute[] {
  const deps = askingOf(given);
  return [
    get('/api/metrics/latencies', (request) => {
      const quantile = explaining("unable to parse param 'quantile'", () =>
        floatOf(request.query.get('quantile') ?? ''),
      );
      if (quantile < 0 || quantile > 1) throw new BadInput("unable to parse param 'quantile': expected 0 to 1");
      const help = `${quantile.toFixed(2)}th quantile latency, grouped by service`;
      return answer(deps, request, { kind: 'latency', quantile }, 'service_latencies', help);
    }),
    get('/api/metrics/calls', (request) =>
      answer(deps, request, { kind: 'calls' }, 'service_call_rate', 'calls/sec, grouped by service'),
    ),
    get('/api/metrics/errors', (request) => {
      const help = 'error rate, computed as a fraction of errors/sec over calls/sec, grouped by service';
      return answer(deps, request, { kind: 'errors' }, 'service_error_rate', help);
    }),
    // The least step that may be asked for, ms.
    get('/api/metrics/minstep', (request) => Promise.resolve(envelope(request, 1))),
  ];
}

function get(path: string, handle: (request: HttpRequest) => Promise<HttpReply>): HttpRoute {
  return { method: 'GET', path, handle: async (request) => handle(request), failed: errorEnvelope };
}

export interface MetricsQuestion {
  readonly services: readonly string[];
  readonly kinds: readonly SpanKind[];
  readonly byOperation: boolean;
  /** Of the last step. */
  readonly endMs: number;
  readonly stepMs: number;
  readonly steps: number;
  /** Each step looks back so far, a whole number of steps. */
  readonly windowMs: number;
}

const defaultLookbackMs = 3_600_000n;
const defaultStepMs = 5_000n;
const defaultRateMs = 600_000n;
/** As many as Prometheus answers. */
const maxSteps = 11_000n;
/** Slices that are read: the steps and the window before the first. */
const maxSlices = 50_000n;
/** A hundred years of ms. */
const maxLengthMs = 3_155_760_000_000n;

/** Throws `BadInput` with the text that Jaeger answers. */
export function parseMetrics(query: URLSearchParams, nowMs: number): MetricsQuestion {
  if (!query.has('service')) {
    throw new BadInput("unable to parse param 'service': please provide at least one service name");
  }
  const byOperation = parseBool(query, 'groupByOperation');
  const kinds = query.has('spanKind') ? query.getAll('spanKind').map(kindOf) : [spanKind.server];
  const end = parseInt64(query, 'endTs') ?? BigInt(Math.round(nowMs));
  const lookback = parseInt64(query, 'lookback') ?? defaultLookbackMs;
  const step = parseInt64(query, 'step') ?? defaultStepMs;
  const rate = parseInt64(query, 'ratePer') ?? defaultRateMs;
  if (step <= 0n) throw new BadInput("unable to parse param 'step': must be greater than 0");
  if (rate <= 0n) throw new BadInput("unable to parse param 'ratePer': must be greater than 0");
  if (lookback < 0n) throw new BadInput("unable to parse param 'lookback': must not be less than 0");
  if (lookback + rate > maxLengthMs || step > maxLengthMs) {
    throw new BadInput('lookback, step and ratePer must not be more than a hundred years');
  }
  const steps = lookback / step + 1n;
  if (steps > maxSteps) throw new BadInput(`exceeded maximum resolution of ${maxSteps} points: ask for a longer step`);
  const slices = rate > step ? rate / step : 1n;
  if (slices + steps > maxSlices) throw new BadInput('ratePer has too many steps: ask for a longer step');
  return {
    services: query.getAll('service'),
    kinds,
    byOperation,
    endMs: Number(BigInt.asIntN(53, end)),
    stepMs: Number(step),
    steps: Number(steps),
    windowMs: Number(slices * step),
  };
}

function kindOf(name: string): SpanKind {
  const kinds: readonly SpanKind[] = [0, 1, 2, 3, 4, 5];
  const kind = kinds.find((number) => spanKindNames[number] === name);
  if (kind === undefined) throw new BadInput(`unable to parse param 'spanKind': unsupported span kind: '${name}'`);
  return kind;
}

async function answer(
  { db, clock }: Asking,
  { query, closed }: HttpRequest,
  figure: Figure,
  name: string,
  help: string,
): Promise<HttpReply> {
  const asked = parseMetrics(query, clock.nowMs());
  const { services, kinds, byOperation, stepMs, steps, windowMs } = asked;
  // Windows end with their step, itself included.
  const firstMs = asked.endMs - (steps - 1) * stepMs;
  const range = { fromNs: toNs(firstMs - windowMs, 1n), toNs: toNs(asked.endMs) };
  const sliceNs = BigInt(stepMs) * 1_000_000n;
  const series = await readCallSeries(db, { services, kinds, range, sliceNs, byOperation }, closed);
  const windows = { steps, slices: windowMs / stepMs, windowSeconds: windowMs / 1000 };
  return json({
    name: byOperation ? name.replace('service', 'service_operation') : name,
    type: 'GAUGE',
    help: byOperation ? `${help} & operation` : help,
    metrics: series.flatMap((each) => {
      const points = pointsOf(each, figure, windows);
      return points.length === 0 ? [] : { labels: labelsOf(each, byOperation), metricPoints: points.map(pointJson) };
    }),
  });

  function pointJson({ step, value }: Point) {
    const timestamp = new Date(firstMs + step * stepMs).toISOString().replace('.000Z', 'Z');
    return { gaugeValue: { doubleValue: value }, timestamp };
  }
}

function labelsOf({ service, operation }: CallSeries, byOperation: boolean) {
  const labels = [{ name: 'service_name', value: service }];
  return byOperation ? [{ name: 'operation', value: operation }, ...labels] : labels;
}

function toNs(ms: number, plusNs = 0n): bigint {
  return clampNs(BigInt(ms) * 1_000_000n + plusNs);
}
