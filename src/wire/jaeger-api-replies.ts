/**
 * Answers of Jaeger's gRPC query services
 * (https://github.com/jaegertracing/jaeger-idl/blob/main/proto/api_v2/query.proto, model.proto beside it, and
 * https://github.com/jaegertracing/jaeger-idl/blob/main/proto/api_v3/query_service.proto). Version 3 gives spans as OTLP.
 */
import type { Span } from '../model/span.ts';
import { type JaegerProcess, type JaegerSpan, type JaegerTag, splitSharedSpans, toJaegerTrace } from './jaeger-json.ts';
import { ProtoWriter } from './protobuf.ts';

export interface Named {
  readonly name: string;
  /** `server`, `client` … or `''`. */
  readonly spanKind: string;
}

export interface Link {
  readonly parent: string;
  readonly child: string;
  readonly calls: number;
}

/** `GetServicesResponse` of both versions. */
export function encodeServices(services: readonly string[]): Uint8Array {
  const writer = new ProtoWriter();
  for (const service of services) writer.stringField(1, service);
  return writer.finish();
}

/** `GetOperationsResponse`; version 2 has the names alone, too. */
export function encodeOperations(operations: readonly Named[], version: 2 | 3): Uint8Array {
  const writer = new ProtoWriter();
  if (version === 2) for (const name of new Set(operations.map((o) => o.name))) writer.stringField(1, name);
  for (const { name, spanKind } of operations) {
    writer.messageField(version === 2 ? 2 : 1, (w) => w.stringField(1, name).stringField(2, spanKind));
  }
  return writer.finish();
}

/** `GetDependenciesResponse` of version 2, `DependenciesResponse` of 3. */
export function encodeDependencies(links: readonly Link[]): Uint8Array {
  const writer = new ProtoWriter();
  for (const { parent, child, calls } of links) {
    writer.messageField(1, (w) => w.stringField(1, parent).stringField(2, child).varintField(3, calls));
  }
  return writer.finish();
}

/** In the terms of `jaeger.api_v3.TraceSummary`. */
export interface SummaryMessage {
  readonly traceId: string;
  readonly rootServiceName: string;
  readonly rootOperationName: string;
  readonly minStartTimeUnixNano: bigint;
  readonly maxEndTimeUnixNano: bigint;
  readonly spanCount: number;
  readonly errorSpanCount: number;
  readonly orphanSpanCount: number;
  readonly services: readonly { readonly name: string; readonly spanCount: number; readonly errorSpanCount: number }[];
}

/** `FindTraceSummariesResponse`. */
export function encodeSummaries(summaries: readonly SummaryMessage[]): Uint8Array {
  const writer = new ProtoWriter();
  for (const summary of summaries) {
    writer.messageField(1, (w) => {
      w.stringField(1, summary.traceId)
        .stringField(2, summary.rootServiceName)
        .stringField(3, summary.rootOperationName)
        .fixed64Field(4, summary.minStartTimeUnixNano)
        .fixed64Field(5, summary.maxEndTimeUnixNano)
        .varintField(6, summary.spanCount)
        .varintField(7, summary.errorSpanCount)
        .varintField(8, summary.orphanSpanCount);
      for (const { name, spanCount, errorSpanCount } of summary.services) {
        w.messageField(9, (s) => s.stringField(1, name).varintField(2, spanCount).varintField(3, errorSpanCount));
      }
    });
  }
  return writer.finish();
}

const maxSpansInChunk = 100;
/** A client takes 4 MiB at once unless told otherwise. */
const maxChunkBytes = 1024 * 1024;

/** One trace as `SpansResponseChunk`s of version 2: at most 100 spans each, and about 1 MiB where one span is not larger. */
export function* encodeSpanChunks(spans: readonly Span[], { raw }: { raw: boolean }): Generator<Uint8Array> {
  const shown = raw ? spans : splitSharedSpans(spans);
  const { spans: translated, processes } = toJaegerTrace(spans, { raw });
  let chunk: Uint8Array[] = [];
  let bytes = 0;
  const finish = () => {
    const writer = new ProtoWriter();
    for (const span of chunk) writer.bytesField(1, span);
    chunk = [];
    bytes = 0;
    return writer.finish();
  };
  for (const [i, span] of translated.entries()) {
    const exact = shown[i];
    const process = processes[span.processID];
    if (exact === undefined || process === undefined) continue;
    const message = encodeSpan(span, exact, process);
    if (chunk.length === maxSpansInChunk || (chunk.length > 0 && bytes + message.length > maxChunkBytes))
      yield finish();
    chunk.push(message);
    bytes += message.length;
  }
  if (chunk.length > 0) yield finish();
}

/** `model.Span`: as in Jaeger's JSON, but with times to the nanosecond and the process in each span. */
function encodeSpan(span: JaegerSpan, exact: Span, process: JaegerProcess): Uint8Array {
  const writer = new ProtoWriter()
    .bytesField(1, idBytes(exact.traceId))
    .bytesField(2, idBytes(exact.spanId))
    .stringField(3, span.operationName);
  for (const { traceID, spanID, refType } of span.references) {
    writer.messageField(4, (w) => {
      w.bytesField(1, idBytes(traceID.padStart(32, '0'))).bytesField(2, idBytes(spanID));
      w.varintField(3, refType === 'CHILD_OF' ? 0 : 1);
    });
  }
  writer.varintField(5, exact.flags & 1);
  writeNs(writer, 6, exact.startNs);
  writeNs(writer, 7, exact.endNs > exact.startNs ? exact.endNs - exact.startNs : 0n);
  writeTags(writer, 8, span.tags);
  for (const [i, log] of span.logs.entries()) {
    writer.messageField(9, (w) => {
      writeNs(w, 1, exact.events[i]?.timeNs ?? 0n);
      writeTags(w, 2, log.fields);
    });
  }
  writer.messageField(10, (w) => {
    w.stringField(1, process.serviceName);
    writeTags(w, 2, process.tags);
  });
  for (const warning of span.warnings ?? []) writer.stringField(12, warning);
  return writer.finish();
}

function writeTags(writer: ProtoWriter, field: number, tags: readonly JaegerTag[]): void {
  for (const tag of tags) writer.messageField(field, (w) => writeTag(w, tag));
}

function writeTag(writer: ProtoWriter, { key, type, value }: JaegerTag): void {
  writer.stringField(1, key);
  switch (type) {
    case 'string':
      writer.stringField(3, String(value));
      break;
    case 'bool':
      writer.varintField(2, 1).varintField(4, value === true ? 1 : 0);
      break;
    case 'int64':
      writer.varintField(2, 2).varintField(5, BigInt(value));
      break;
    case 'float64':
      writer.varintField(2, 3).doubleField(6, Number(value));
      break;
    case 'binary':
      writer.varintField(2, 4).bytesField(7, Buffer.from(String(value), 'base64'));
      break;
  }
}

/** `google.protobuf.Timestamp` and `Duration`: nanos are from 0 up, also before 1970. */
function writeNs(writer: ProtoWriter, field: number, ns: bigint): void {
  const nanos = ((ns % 1_000_000_000n) + 1_000_000_000n) % 1_000_000_000n;
  writer.messageField(field, (w) => w.varintField(1, (ns - nanos) / 1_000_000_000n).varintField(2, nanos));
}

function idBytes(hex: string): Uint8Array {
  return Buffer.from(hex, 'hex');
}
