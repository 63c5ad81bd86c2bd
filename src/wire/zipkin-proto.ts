/** Zipkin's spans in protobuf (https://github.com/openzipkin/zipkin-api/blob/master/zipkin.proto). Ids of 64 bits are taken. */
import { BadInput } from '../base/errors.ts';
import type { AttributeValue } from '../model/attributes.ts';
import { type SpanKind, spanKind } from '../model/span.ts';
import { ProtoReader } from './protobuf.ts';
import type { Translated } from './translated.ts';
import { ipv4Text, ipv6Text } from './zipkin-address.ts';
import {
  type ZipkinAnnotation,
  type ZipkinEndpoint,
  type ZipkinOptions,
  type ZipkinSpan,
  ZipkinTranslation,
} from './zipkin-span.ts';

/** A `ListOfSpans`. Throws `BadInput`. */
export function translateZipkinProto(bytes: Uint8Array, options: ZipkinOptions): Translated {
  const translation = new ZipkinTranslation(options);
  const list = new ProtoReader(bytes);
  for (let index = 0; list.hasMore; ) {
    const field = list.key();
    if (field === 0x0a) translation.add(readSpan(list.message(), index++));
    else list.skip(field);
  }
  return translation.finish();
}

/** By the numbers of Zipkin's own enum. */
const kinds: readonly SpanKind[] = [
  spanKind.unspecified,
  spanKind.client,
  spanKind.server,
  spanKind.producer,
  spanKind.consumer,
];

function readSpan(reader: ProtoReader, index: number): ZipkinSpan {
  const annotations: ZipkinAnnotation[] = [];
  const tags = new Map<string, AttributeValue>();
  let traceId = '';
  let id = '';
  let parentId = '';
  let kind: SpanKind = spanKind.unspecified;
  let name = '';
  let timestampUs = 0n;
  let durationUs = 0n;
  let localEndpoint: ZipkinEndpoint | undefined;
  let remoteEndpoint: ZipkinEndpoint | undefined;
  while (reader.hasMore) {
    const field = reader.key();
    switch (field) {
      case 0x0a:
        traceId = readId(reader, 16, `spans[${index}].trace_id`);
        break;
      case 0x12:
        parentId = readId(reader, 8, `spans[${index}].parent_id`);
        break;
      case 0x1a:
        id = readId(reader, 8, `spans[${index}].id`);
        break;
      case 0x20:
        kind = kinds[reader.varint()] ?? spanKind.unspecified;
        break;
      case 0x2a:
        name = reader.string();
        break;
      case 0x31:
        timestampUs = BigInt.asIntN(64, reader.fixed64());
        break;
      case 0x38:
        durationUs = BigInt.asIntN(64, reader.varint64());
        break;
      case 0x42:
        localEndpoint = readEndpoint(reader.message());
        break;
      case 0x4a:
        remoteEndpoint = readEndpoint(reader.message());
        break;
      case 0x52:
        readAnnotation(reader.message(), annotations);
        break;
      case 0x5a:
        readTag(reader.message(), tags);
        break;
      default:
        reader.skip(field);
    }
  }
  if (traceId === '') throw new BadInput(`spans[${index}].trace_id: expected an id, got none`);
  if (id === '') throw new BadInput(`spans[${index}].id: expected an id, got none`);
  return {
    traceId,
    id,
    parentId,
    kind,
    name,
    timestampUs,
    durationUs,
    localEndpoint,
    remoteEndpoint,
    annotations,
    tags,
  };
}

/** In hex digits, with zeros in front of a shorter one; none and zeros are `''`. */
function readId(reader: ProtoReader, length: number, path: string): string {
  const bytes = reader.bytes();
  if (bytes.length > length) throw new BadInput(`${path}: expected at most ${length} bytes, got ${bytes.length}`);
  if (bytes.every((byte) => byte === 0)) return '';
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length)
    .toString('hex')
    .padStart(2 * length, '0');
}

function readEndpoint(reader: ProtoReader): ZipkinEndpoint {
  let serviceName = '';
  let ipv4 = '';
  let ipv6 = '';
  let port = 0;
  while (reader.hasMore) {
    const field = reader.key();
    if (field === 0x0a) serviceName = reader.string();
    else if (field === 0x12) ipv4 = ipv4Text(reader.bytes());
    else if (field === 0x1a) ipv6 = ipv6Text(reader.bytes());
    else if (field === 0x20) port = reader.varint() & 0xffff;
    else reader.skip(field);
  }
  return { serviceName, ipv4, ipv6, port };
}

/** Without its time or its value it is none. */
function readAnnotation(reader: ProtoReader, into: ZipkinAnnotation[]): void {
  let timestampUs = 0n;
  let value = '';
  while (reader.hasMore) {
    const field = reader.key();
    if (field === 0x09) timestampUs = BigInt.asIntN(64, reader.fixed64());
    else if (field === 0x12) value = reader.string();
    else reader.skip(field);
  }
  if (timestampUs !== 0n && value !== '') into.push({ timestampUs, value });
}

/** An entry of a map: a message of key and value. */
function readTag(reader: ProtoReader, into: Map<string, AttributeValue>): void {
  let key = '';
  let value = '';
  while (reader.hasMore) {
    const field = reader.key();
    if (field === 0x0a) key = reader.string();
    else if (field === 0x12) value = reader.string();
    else reader.skip(field);
  }
  into.set(key, value);
}
