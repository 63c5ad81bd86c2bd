/** Handing requests in, counted by what becomes of them: the same for every receiver. */
import { ConfigError, Overloaded } from '../base/errors.ts';
import type { Failure } from '../base/listener.ts';
import type { AcceptedRequest, ReceiverContext } from '../component/component.ts';
import type { Signal } from '../model/batch.ts';

export interface Taker {
  /** Resolves when the request is on disk. One without items is done at once. */
  accept(request: AcceptedRequest): Promise<void>;
  /** Items of a request that cannot be kept. */
  reject(items: number, reason: string): void;
  /** A request answered with an error. */
  readonly failed: (failure: Failure) => void;
}

/** `transport` as in `grpc`, `http`, `udp_thrift_compact`. */
export function taker({ id, intake, metrics }: ReceiverContext, signal: Signal, transport: string): Taker {
  const labels = { receiver: id, signal, transport };
  const accepted = metrics
    .counter('receiver_accepted_total', 'Spans, data points and log records taken and on disk.')
    .with(labels);
  const refused = metrics.counter('receiver_refused_total', 'Spans, data points and log records refused, by reason.');
  const failed = metrics.counter('receiver_failed_requests_total', 'Requests answered with an error, by reason.');
  return {
    async accept(request) {
      if (request.count === 0) return;
      try {
        await intake.accept(signal, request);
      } catch (error) {
        refused.add(request.count, { ...labels, reason: error instanceof Overloaded ? error.reason : 'failed' });
        throw error;
      }
      accepted.add(request.count);
    },
    reject: (items, reason) => {
      if (items > 0) refused.add(items, { ...labels, reason });
    },
    failed: (failure) => failed.add(1, { ...labels, reason: reasonOf(failure) }),
  };
}

function reasonOf({ status }: Failure): string {
  const reasons: Readonly<Record<number, string>> = {
    400: 'malformed',
    408: 'too_slow',
    413: 'too_large',
    415: 'unknown_encoding',
    429: 'full',
    503: 'unavailable',
  };
  return reasons[status] ?? 'failed';
}

/** Runs `open`; when it does not like an address, says where in the configuration that stands. */
export function atPath<T>(path: string, open: () => T): T {
  try {
    return open();
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    throw new ConfigError(path, error.message, { cause: error });
  }
}
