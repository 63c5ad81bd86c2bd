/**
 * Zipkin's spans of version 1 in Thrift (https://github.com/openzipkin/zipkin-api/blob/master/thrift/zipkinCore.thrift): a
 * list in the binary protocol over HTTP, `emitZipkinBatch` in the compact one in datagrams.
 */
import type { AttributeValue } from '../model/attributes.ts';
import { type ThriftReader, thriftType } from './thrift.ts';
import type { Translated } from './translated.ts';
import { ipv4Text, ipv6Text } from './zipkin-address.ts';
import { type ZipkinEndpoint, type ZipkinOptions, ZipkinTranslation } from './zipkin-span.ts';
import { type ZipkinV1Annotation, type ZipkinV1Span, type ZipkinV1Tag, zipkinV1ToV2 } from './zipkin-v1.ts';

/** A `list<Span>`. Throws `BadInput`. */
export function translateZipkinThrift(reader: ThriftReader, options: ZipkinOptions): Translated {
  const translation = new ZipkinTranslation(options);
  for (let left = reader.listOf(thriftType.struct); left > 0; left--) {
    const span = readSpan(reader);
    if (span.id === noId || span.traceId === noId + noId) translation.reject();
    else for (const half of zipkinV1ToV2(span)) translation.add(half);
  }
  return translation.finish();
}

const noId = '0000000000000000';

function readSpan(reader: ThriftReader): ZipkinV1Span {
  let traceLow = noId;
  let traceHigh = noId;
  let id = noId;
  let parentId = '';
  let name = '';
  let timestampUs = 0n;
  let durationUs = 0n;
  let annotations: readonly ZipkinV1Annotation[] = [];
  let binaryAnnotations: readonly ZipkinV1Tag[] = [];
  reader.enter();
  for (let key = reader.field(); key !== 0; key = reader.field()) {
    switch (key) {
      case 0x1a:
        traceLow = readId(reader);
        break;
      case 0x3b:
        name = reader.string();
        break;
      case 0x4a:
        id = readId(reader);
        break;
      case 0x5a:
        parentId = readId(reader);
        break;
      case 0x6f:
        annotations = readAnnotations(reader);
        break;
      case 0x8f:
        binaryAnnotations = readTags(reader);
        break;
      case 0xaa:
        timestampUs = readLong(reader);
        break;
      case 0xba:
        durationUs = readLong(reader);
        break;
      case 0xca:
        traceHigh = readId(reader);
        break;
      default:
        reader.skip(key & 15);
    }
  }
  return {
    traceId: traceHigh + traceLow,
    id,
    parentId: parentId === noId ? '' : parentId,
    name,
    timestampUs,
    durationUs,
    annotations,
    binaryAnnotations,
  };
}

function readId(reader: ThriftReader): string {
  reader.i64();
  return reader.hex;
}

function readLong(reader: ThriftReader): bigint {
  reader.i64();
  return reader.bigint;
}

function readAnnotations(reader: ThriftReader): readonly ZipkinV1Annotation[] {
  const annotations: ZipkinV1Annotation[] = [];
  for (let left = reader.listOf(thriftType.struct); left > 0; left--) {
    let timestampUs: bigint | undefined;
    let value = '';
    let endpoint: ZipkinEndpoint | undefined;
    reader.enter();
    for (let key = reader.field(); key !== 0; key = reader.field()) {
      if (key === 0x1a) timestampUs = readLong(reader);
      else if (key === 0x2b) value = reader.string();
      else if (key === 0x3c) endpoint = readEndpoint(reader);
      else reader.skip(key & 15);
    }
    if (timestampUs === undefined) throw reader.missing('Annotation.timestamp');
    // What says nothing is no event.
    if (value !== '') annotations.push({ timestampUs, value, endpoint });
  }
  return annotations;
}

const noBytes: Buffer = Buffer.alloc(0);

function readTags(reader: ThriftReader): readonly ZipkinV1Tag[] {
  const tags: ZipkinV1Tag[] = [];
  for (let left = reader.listOf(thriftType.struct); left > 0; left--) {
    let name: string | undefined;
    let bytes = noBytes;
    let type = 6;
    let endpoint: ZipkinEndpoint | undefined;
    reader.enter();
    for (let key = reader.field(); key !== 0; key = reader.field()) {
      if (key === 0x1b) name = reader.string();
      else if (key === 0x2b) bytes = reader.binary();
      else if (key === 0x38) type = reader.i32();
      else if (key === 0x4c) endpoint = readEndpoint(reader);
      else reader.skip(key & 15);
    }
    if (name === undefined) throw reader.missing('BinaryAnnotation.key');
    tags.push({ key: name, value: valueOf(type, bytes), endpoint });
  }
  return tags;
}

/** Values are bytes, numbers in them most significant byte first; what does not fit its type is shown as it is. */
function valueOf(type: number, buffer: Buffer): AttributeValue {
  const { length } = buffer;
  if (type === 0) return length === 1 && buffer[0] === 1;
  if (type === 2 && length === 2) return BigInt(buffer.readInt16BE());
  if (type === 3 && length === 4) return BigInt(buffer.readInt32BE());
  if (type === 4 && length === 8) return buffer.readBigInt64BE();
  if (type === 5 && length === 8) return buffer.readDoubleBE();
  return type === 6 ? buffer.toString() : buffer.toString('base64');
}

function readEndpoint(reader: ThriftReader): ZipkinEndpoint {
  let serviceName = '';
  let ipv4 = '';
  let ipv6 = '';
  let port = 0;
  reader.enter();
  for (let key = reader.field(); key !== 0; key = reader.field()) {
    if (key === 0x18) ipv4 = ipv4OfInt(reader.i32());
    else if (key === 0x26) port = reader.i16() & 0xffff;
    else if (key === 0x3b) serviceName = reader.string();
    else if (key === 0x4b) ipv6 = ipv6Text(reader.binary());
    else reader.skip(key & 15);
  }
  return { serviceName, ipv4, ipv6, port };
}

function ipv4OfInt(bits: number): string {
  return bits === 0 ? '' : ipv4Text(Uint8Array.of(bits >>> 24, bits >>> 16, bits >>> 8, bits));
}
