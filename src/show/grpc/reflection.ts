/**
 * gRPC reflection (https://github.com/grpc/grpc/blob/master/doc/server-reflection.md): how grpcurl and its like learn the services
 * of a server. Both of its versions, whose messages are the same.
 */
import { encodeProtoFile, type ProtoFile, servicesOf, symbolsOf } from '../../wire/proto-file.ts';
import { ProtoReader, ProtoWriter } from '../../wire/protobuf.ts';
import type { GrpcMethod } from './jaeger-query.ts';

const maxRequestBytes = 64 * 1024;
const notFound = 5;
const unimplemented = 12;

/** `files` in an order in which each comes after what it imports. They are encoded when somebody asks. */
export function reflectionMethods(files: readonly ProtoFile[]): GrpcMethod[] {
  return ['grpc.reflection.v1', 'grpc.reflection.v1alpha'].map((version) => ({
    path: `/${version}.ServerReflection/ServerReflectionInfo`,
    maxMessageBytes: maxRequestBytes,
    async *stream(messages) {
      for await (const message of messages) yield answer(files, message);
    },
  }));
}

function answer(files: readonly ProtoFile[], message: Uint8Array): Uint8Array {
  const { host, kind, text } = readRequest(message);
  const writer = new ProtoWriter().stringField(1, host).bytesField(2, message);
  const fail = (code: number, problem: string) =>
    writer.messageField(7, (w) => w.varintField(1, code).stringField(2, problem)).finish();
  switch (kind) {
    case 'filename':
    case 'symbol': {
      const file = files.find((f) =>
        kind === 'filename' ? f.name === text : symbolsOf(f).some((s) => isPart(text, s)),
      );
      if (file === undefined) return fail(notFound, `${kind === 'filename' ? 'file' : 'symbol'} not found: ${text}`);
      return writer
        .messageField(4, (w) => {
          for (const each of withImports(file, files)) w.bytesField(1, encodeProtoFile(each));
        })
        .finish();
    }
    case 'services':
      return writer
        .messageField(6, (w) => {
          for (const name of servicesOf(files)) w.messageField(1, (s) => s.stringField(1, name));
        })
        .finish();
    case 'extension':
      return fail(notFound, `no extensions of ${text}`);
    case undefined:
      return fail(unimplemented, 'unknown reflection request');
  }
}

/** A method or a field belongs to what it is in: `jaeger.api_v2.QueryService.GetTrace`. */
function isPart(asked: string, symbol: string): boolean {
  return asked === symbol || asked.startsWith(`${symbol}.`);
}

/** The file first, then all that it needs, each once. */
function withImports(file: ProtoFile, files: readonly ProtoFile[]): ProtoFile[] {
  const needed = new Set([file]);
  for (const each of needed) {
    for (const name of each.imports ?? []) {
      const imported = files.find((f) => f.name === name);
      if (imported !== undefined) needed.add(imported);
    }
  }
  return [...needed];
}

interface ReflectionRequest {
  readonly host: string;
  readonly kind: 'filename' | 'symbol' | 'services' | 'extension' | undefined;
  readonly text: string;
}

/** Of a oneof the last one given counts. */
function readRequest(message: Uint8Array): ReflectionRequest {
  let [host, text] = ['', ''];
  let kind: ReflectionRequest['kind'];
  for (const reader = new ProtoReader(message); reader.hasMore; ) {
    const field = reader.key();
    if (field === 0x0a) host = reader.string();
    else if (field === 0x1a || field === 0x22 || field === 0x32 || field === 0x3a) {
      text = reader.string();
      kind = field === 0x1a ? 'filename' : field === 0x22 ? 'symbol' : field === 0x32 ? 'extension' : 'services';
    } else if (field === 0x2a) {
      reader.skip(field);
      kind = 'extension';
    } else reader.skip(field);
  }
  return { host, kind, text };
}
