/**
 * Sampling strategies as Jaeger's remote sampling tells them to clients, in JSON and in protobuf
 * (https://github.com/jaegertracing/jaeger-idl/blob/main/proto/api_v2/sampling.proto).
 */
import { ProtoReader, ProtoWriter } from './protobuf.ts';

export type Sampling =
  /** Of each trace, 0 to 1. */
  | { readonly kind: 'probabilistic'; readonly rate: number }
  | { readonly kind: 'rate-limiting'; readonly tracesPerSecond: number };

/** What a client of one service does. */
export interface Strategy {
  readonly sampling: Sampling;
  /** By the operation that begins a trace. A client that knows of it goes by it alone. */
  readonly perOperation?: PerOperation;
}

export interface PerOperation {
  /** Of operations that are not listed. */
  readonly defaultRate: number;
  /** So many traces of each operation are sampled whatever its rate. */
  readonly leastPerSecond: number;
  /** 0 is no limit. */
  readonly mostPerSecond: number;
  readonly rates: readonly { readonly operation: string; readonly rate: number }[];
}

const types = { probabilistic: 'PROBABILISTIC', 'rate-limiting': 'RATE_LIMITING' } as const;

/** With its zeros, which clients in some languages need. */
export function strategyJson({ sampling, perOperation }: Strategy): unknown {
  return {
    strategyType: types[sampling.kind],
    ...(sampling.kind === 'probabilistic'
      ? { probabilisticSampling: { samplingRate: sampling.rate } }
      : { rateLimitingSampling: { maxTracesPerSecond: sampling.tracesPerSecond } }),
    ...(perOperation !== undefined && {
      operationSampling: {
        defaultSamplingProbability: perOperation.defaultRate,
        defaultLowerBoundTracesPerSecond: perOperation.leastPerSecond,
        perOperationStrategies: perOperation.rates.map(({ operation, rate }) => ({
          operation,
          probabilisticSampling: { samplingRate: rate },
        })),
        defaultUpperBoundTracesPerSecond: perOperation.mostPerSecond,
      },
    }),
  };
}

/** `SamplingStrategyResponse`. */
export function encodeStrategy({ sampling, perOperation }: Strategy): Uint8Array {
  const writer = new ProtoWriter();
  if (sampling.kind === 'probabilistic') writer.messageField(2, (w) => w.doubleField(1, sampling.rate));
  else writer.varintField(1, 1).messageField(3, (w) => w.varintField(1, sampling.tracesPerSecond));
  if (perOperation === undefined) return writer.finish();
  writer.messageField(4, (w) => {
    w.doubleField(1, perOperation.defaultRate).doubleField(2, perOperation.leastPerSecond);
    for (const { operation, rate } of perOperation.rates) {
      w.messageField(3, (each) => each.stringField(1, operation).messageField(2, (p) => p.doubleField(1, rate)));
    }
    w.doubleField(4, perOperation.mostPerSecond);
  });
  return writer.finish();
}

/** The service that a `SamplingStrategyParameters` asks for. Throws `BadInput` for malformed bytes. */
export function readStrategyRequest(message: Uint8Array): string {
  let service = '';
  for (const reader = new ProtoReader(message); reader.hasMore; ) {
    const field = reader.key();
    if (field === 0x0a) service = reader.string();
    else reader.skip(field);
  }
  return service;
}
