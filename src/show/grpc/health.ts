/** gRPC's own health check (https://github.com/grpc/grpc/blob/master/doc/health-checking.md), which probes and balancers ask. */
import { BadInput } from '../../base/errors.ts';
import { ProtoReader, ProtoWriter } from '../../wire/protobuf.ts';
import type { GrpcMethod } from './jaeger-query.ts';

const serving = 1;
const notServing = 2;
const serviceUnknown = 3;

const maxRequestBytes = 64 * 1024;

/** `services` are those of the listener; the empty name is all of them. */
export function healthMethods(services: readonly string[], isServing: () => boolean): GrpcMethod[] {
  const statusOf = (message: Uint8Array) => {
    const name = readService(message);
    if (name !== '' && !services.includes(name)) return serviceUnknown;
    return isServing() ? serving : notServing;
  };
  return [
    {
      path: '/grpc.health.v1.Health/Check',
      maxMessageBytes: maxRequestBytes,
      async handle(message) {
        const status = statusOf(message);
        if (status === serviceUnknown) throw new BadInput('unknown service', { status: 404 });
        return encode(status);
      },
    },
    {
      path: '/grpc.health.v1.Health/Watch',
      maxMessageBytes: maxRequestBytes,
      async *stream(messages, { closed }) {
        for await (const message of messages) {
          yield encode(statusOf(message));
          // It stays as it is until the process ends, and with it the call.
          if (!closed.aborted) await new Promise((resolve) => closed.addEventListener('abort', resolve));
          return;
        }
      },
    },
  ];
}

function encode(status: number): Uint8Array {
  return new ProtoWriter().varintField(1, status).finish();
}

function readService(message: Uint8Array): string {
  let name = '';
  for (const reader = new ProtoReader(message); reader.hasMore; ) {
    const field = reader.key();
    if (field === 0x0a) name = reader.string();
    else reader.skip(field);
  }
  return name;
}
