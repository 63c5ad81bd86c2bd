/**
 * google.rpc.Status (https://github.com/googleapis/googleapis/blob/master/google/rpc/status.proto): how gRPC's
 * `grpc-status-details-bin` and OTLP/HTTP's error bodies say what went wrong, with RetryInfo where repeating makes sense.
 */
import { ProtoWriter } from './protobuf.ts';

export interface RpcStatus {
  /** gRPC code: 3 is INVALID_ARGUMENT. */
  readonly code: number;
  readonly message: string;
  readonly retryAfterMs?: number;
}

const retryInfoType = 'type.googleapis.com/google.rpc.RetryInfo';

export function encodeRpcStatus({ code, message, retryAfterMs }: RpcStatus): Uint8Array {
  const writer = new ProtoWriter().varintField(1, code).stringField(2, message);
  if (retryAfterMs === undefined) return writer.finish();
  const seconds = Math.floor(retryAfterMs / 1000);
  const nanos = Math.round((retryAfterMs - seconds * 1000) * 1e6);
  const retryInfo = new ProtoWriter().messageField(1, (delay) => delay.varintField(1, seconds).varintField(2, nanos));
  return writer.messageField(3, (any) => any.stringField(1, retryInfoType).bytesField(2, retryInfo.finish())).finish();
}

/** As protobuf's JSON mapping writes it. */
export function rpcStatusJson({ code, message, retryAfterMs }: RpcStatus): unknown {
  if (retryAfterMs === undefined) return { code, message };
  return { code, message, details: [{ '@type': retryInfoType, retryDelay: `${retryAfterMs / 1000}s` }] };
}
