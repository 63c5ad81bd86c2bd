/** For tests: receivers on free ports, with an intake that keeps what it is given. */
import { type Clock, systemClock } from '../base/clock.ts';
import { silentLog } from '../base/log.ts';
import { type Metrics, createMetrics } from '../base/metrics.ts';
import type { AcceptedRequest, ReceiverType } from '../component/component.ts';
import { createListeners, type Opened } from '../listen/listeners.ts';
import type { Signal } from '../model/batch.ts';
import { ProtoWriter } from '../wire/protobuf.ts';
import { otlp } from './otlp.ts';

export interface Taken extends AcceptedRequest {
  readonly signal: Signal;
}

export interface Receiving extends Started {
  /** `127.0.0.1:…` */
  readonly grpc: string;
  /** `http://127.0.0.1:…` */
  readonly http: string;
}

/** Starts `otlp` with these additions to the configuration of its protocols. */
export async function receive(config: { grpc?: object; http?: object } = {}): Promise<Receiving> {
  const endpoint = '127.0.0.1:0';
  const protocols = { grpc: { endpoint, ...config.grpc }, http: { endpoint, ...config.http } };
  const started = await start(otlp, { protocols });
  const [grpc, http] = started.ports;
  return Object.assign(started, { grpc: `127.0.0.1:${grpc?.port}`, http: `http://127.0.0.1:${http?.port}` });
}

export interface Started {
  readonly taken: Taken[];
  /** Set it, and the intake refuses. */
  refusal: Error | undefined;
  readonly metrics: Metrics;
  /** TCP first, then UDP, each in the order in which the receiver asked for them. */
  readonly ports: readonly Opened[];
  stop(): Promise<void>;
}

/** Starts any receiver. */
export async function start<C>(type: ReceiverType<C>, config: unknown, clock: Clock = systemClock): Promise<Started> {
  const metrics = createMetrics();
  const listeners = createListeners({ log: silentLog, metrics });
  const started: { -readonly [K in keyof Started]: Started[K] } = {
    taken: [],
    refusal: undefined,
    metrics,
    ports: [],
    stop: () => listeners.stop(100),
  };
  const intake = {
    async accept(signal: Signal, request: AcceptedRequest) {
      if (started.refusal) throw started.refusal;
      started.taken.push({ signal, ...request, bytes: Uint8Array.from(request.bytes) });
    },
  };
  const parsed = type.config.parse(config, `receivers.${type.type}`);
  type.create(parsed, { id: type.type, log: silentLog, metrics, clock, listeners, intake });
  started.ports = await listeners.start();
  return started;
}

/** A request of these spans, ids good unless given. */
export function tracesRequest(...spans: { traceId?: Buffer; spanId?: Buffer; name?: string }[]): Uint8Array {
  const request = new ProtoWriter()
    .messageField(1, (resourceSpans) => {
      resourceSpans.messageField(1, (resource) => {
        resource.messageField(1, (kv) =>
          kv.stringField(1, 'service.name').messageField(2, (v) => v.stringField(1, 'shop')),
        );
      });
      resourceSpans.messageField(2, (scopeSpans) => {
        for (const span of spans) {
          scopeSpans.messageField(2, (w) => {
            w.bytesField(1, span.traceId ?? Buffer.alloc(16, 1)).bytesField(2, span.spanId ?? Buffer.alloc(8, 2));
            w.stringField(5, span.name ?? 'GET /')
              .fixed64Field(7, 1n)
              .fixed64Field(8, 2n);
          });
        }
      });
    })
    .finish();
  return Uint8Array.from(request);
}
