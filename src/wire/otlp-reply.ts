/**
 * What an OTLP sender is answered (https://opentelemetry.io/docs/specs/otlp/#otlphttp-response): the response message with a
 * partial success where something was rejected, or a google.rpc.Status, in the encoding of the request.
 */
import { BadInput } from '../base/errors.ts';
import type { Signal } from '../model/batch.ts';
import type { MessageName } from './otlp-messages.ts';
import { ProtoWriter } from './protobuf.ts';
import { type RpcStatus, encodeRpcStatus, rpcStatusJson } from './rpc-status.ts';

export type Format = 'protobuf' | 'json';

/** What became of a request: `rejected` items were not kept, and why. */
export interface Accepted {
  readonly rejected: number;
  readonly message?: string;
}

export const requestNames = {
  traces: 'ExportTraceServiceRequest',
  metrics: 'ExportMetricsServiceRequest',
  logs: 'ExportLogsServiceRequest',
} as const satisfies Record<Signal, MessageName>;

const rejectedNames: Readonly<Record<Signal, string>> = {
  traces: 'rejectedSpans',
  metrics: 'rejectedDataPoints',
  logs: 'rejectedLogRecords',
};

const nothing = new Uint8Array();

/** The format of a body by its Content-Type. Throws `BadInput` with 415 for any other. */
export function formatOf(contentType: string | undefined): Format {
  const type = contentType?.split(';')[0]?.trim().toLowerCase();
  if (type === 'application/x-protobuf' || type === 'application/protobuf') return 'protobuf';
  if (type === 'application/json') return 'json';
  const expected = 'application/x-protobuf or application/json';
  throw new BadInput(`expected content-type ${expected}, got ${JSON.stringify(contentType ?? '')}`, { status: 415 });
}

/** An `Export…ServiceResponse`. As protobuf it is empty when everything was kept. */
export function encodeResponse(signal: Signal, format: 'protobuf', accepted: Accepted): Uint8Array;
export function encodeResponse(signal: Signal, format: Format, accepted: Accepted): Uint8Array | string;
export function encodeResponse(
  signal: Signal,
  format: Format,
  { rejected, message = '' }: Accepted,
): Uint8Array | string {
  if (format === 'json') {
    if (rejected === 0 && message === '') return '{}';
    return JSON.stringify({ partialSuccess: { [rejectedNames[signal]]: String(rejected), errorMessage: message } });
  }
  if (rejected === 0 && message === '') return nothing;
  const writer = new ProtoWriter();
  return writer.messageField(1, (partial) => partial.varintField(1, rejected).stringField(2, message)).finish();
}

export function encodeFailure(format: Format, status: RpcStatus): Uint8Array | string {
  return format === 'json' ? JSON.stringify(rpcStatusJson(status)) : encodeRpcStatus(status);
}
