/**
 * Zipkin's spans in JSON: version 2 (https://zipkin.io/zipkin-api/zipkin2-api.yaml) and version 1
 * (https://zipkin.io/zipkin-api/zipkin-api.yaml). Unknown keys are ignored; ids may be 64 bits long.
 */
import { BadInput } from '../base/errors.ts';
import type { AttributeValue } from '../model/attributes.ts';
import { type SpanKind, spanKind } from '../model/span.ts';
import type { Translated } from './translated.ts';
import {
  type ZipkinAnnotation,
  type ZipkinEndpoint,
  type ZipkinOptions,
  type ZipkinSpan,
  translateZipkin,
} from './zipkin-span.ts';
import { type ZipkinV1Annotation, type ZipkinV1Span, type ZipkinV1Tag, zipkinV1ToV2 } from './zipkin-v1.ts';

/** A list of spans of version 2. Throws `BadInput` with the path: `[3].traceId: …`. */
export function translateZipkinV2Json(text: Uint8Array, options: ZipkinOptions): Translated {
  return translateZipkin(listIn(text).map(spanV2), options);
}

/** A list of spans of version 1. */
export function translateZipkinV1Json(text: Uint8Array, options: ZipkinOptions): Translated {
  return translateZipkin(
    listIn(text).flatMap((item, i) => zipkinV1ToV2(spanV1(item, i))),
    options,
  );
}

type Json = Readonly<Record<string, unknown>>;

function listIn(text: Uint8Array): readonly unknown[] {
  let value: unknown;
  try {
    value = JSON.parse(Buffer.from(text.buffer, text.byteOffset, text.length).toString());
  } catch (cause) {
    throw new BadInput('malformed JSON', { cause });
  }
  if (!Array.isArray(value)) throw new BadInput('expected a JSON list of spans');
  return value;
}

const kinds: Readonly<Record<string, SpanKind>> = {
  CLIENT: spanKind.client,
  SERVER: spanKind.server,
  PRODUCER: spanKind.producer,
  CONSUMER: spanKind.consumer,
};

function spanV2(item: unknown, index: number): ZipkinSpan {
  const path = `[${index}]`;
  const json = objectAt(item, path);
  const { kind, annotations, tags } = json;
  // Each key by its name: a spread would make this object four times as dear.
  return {
    traceId: idOf(json['traceId'], 32, path, 'traceId'),
    id: idOf(json['id'], 16, path, 'id'),
    parentId: parentIdOf(json['parentId'], path),
    kind: typeof kind === 'string' ? (kinds[kind] ?? spanKind.unspecified) : spanKind.unspecified,
    name: textOf(json['name'], path, 'name'),
    timestampUs: microsecondsOf(json['timestamp'], path, 'timestamp'),
    durationUs: microsecondsOf(json['duration'], path, 'duration'),
    localEndpoint: endpointOf(json['localEndpoint'], path, 'localEndpoint'),
    remoteEndpoint: endpointOf(json['remoteEndpoint'], path, 'remoteEndpoint'),
    annotations: isAbsent(annotations)
      ? noAnnotations
      : listAt(annotations, path, 'annotations').map(annotationOf(path)),
    tags: isAbsent(tags) ? new Map() : tagsOf(tags, path),
  };
}

const noAnnotations: readonly ZipkinAnnotation[] = [];

function annotationOf(path: string): (item: unknown, index: number) => ZipkinAnnotation {
  return (item, index) => {
    const at = `${path}.annotations[${index}]`;
    const json = objectAt(item, at);
    return {
      timestampUs: microsecondsOf(json['timestamp'], at, 'timestamp'),
      value: textOf(json['value'], at, 'value'),
    };
  };
}

/** Values are texts; some senders write numbers and booleans. */
function tagsOf(value: unknown, path: string): Map<string, AttributeValue> {
  const tags = new Map<string, AttributeValue>();
  const json = objectAt(value, `${path}.tags`);
  for (const key in json) {
    const given = json[key];
    if (!isAbsent(given)) tags.set(key, typeof given === 'string' ? given : textOf(given, `${path}.tags`, key));
  }
  return tags;
}

function spanV1(item: unknown, index: number): ZipkinV1Span {
  const path = `[${index}]`;
  const json = objectAt(item, path);
  const { annotations, binaryAnnotations } = json;
  return {
    traceId: idOf(json['traceId'], 32, path, 'traceId'),
    id: idOf(json['id'], 16, path, 'id'),
    parentId: parentIdOf(json['parentId'], path),
    name: textOf(json['name'], path, 'name'),
    timestampUs: microsecondsOf(json['timestamp'], path, 'timestamp'),
    durationUs: microsecondsOf(json['duration'], path, 'duration'),
    annotations: isAbsent(annotations)
      ? []
      : listAt(annotations, path, 'annotations').map((each, i): ZipkinV1Annotation => {
          const at = `${path}.annotations[${i}]`;
          const annotation = objectAt(each, at);
          return {
            timestampUs: microsecondsOf(annotation['timestamp'], at, 'timestamp'),
            value: textOf(annotation['value'], at, 'value'),
            endpoint: endpointOf(annotation['endpoint'], at, 'endpoint'),
          };
        }),
    binaryAnnotations: isAbsent(binaryAnnotations)
      ? []
      : listAt(binaryAnnotations, path, 'binaryAnnotations').map((each, i): ZipkinV1Tag => {
          const at = `${path}.binaryAnnotations[${i}]`;
          const tag = objectAt(each, at);
          return {
            key: textOf(tag['key'], at, 'key'),
            value: textOf(tag['value'], at, 'value'),
            endpoint: endpointOf(tag['endpoint'], at, 'endpoint'),
          };
        }),
  };
}

/** Some senders write no parent as zeros. */
function parentIdOf(value: unknown, path: string): string {
  if (isAbsent(value) || value === '') return '';
  return typeof value === 'string' && /^0{1,16}$/.test(value) ? '' : idOf(value, 16, path, 'parentId');
}

const isHex = /^[0-9a-fA-F]+$/;
const isZero = /^0*$/;
const hasCapitals = /[A-F]/;

/** Padded with zeros in front: an id may be shorter than it could be. */
function idOf(value: unknown, digits: number, path: string, key: string): string {
  if (typeof value !== 'string' || value.length > digits || !isHex.test(value) || isZero.test(value)) {
    throw new BadInput(`${path}.${key}: expected 1 to ${digits} hex digits and not only zeros, got ${show(value)}`);
  }
  const padded = value.length === digits ? value : value.padStart(digits, '0');
  return hasCapitals.test(padded) ? padded.toLowerCase() : padded;
}

function endpointOf(value: unknown, path: string, key: string): ZipkinEndpoint | undefined {
  if (isAbsent(value)) return undefined;
  const at = `${path}.${key}`;
  const json = objectAt(value, at);
  const { port } = json;
  return {
    serviceName: textOf(json['serviceName'], at, 'serviceName'),
    ipv4: textOf(json['ipv4'], at, 'ipv4'),
    ipv6: textOf(json['ipv6'], at, 'ipv6'),
    port: isAbsent(port) ? 0 : Number(microsecondsOf(port, at, 'port')) & 0xffff,
  };
}

/** A whole number, also as text or with a fraction, which is cut off. */
function microsecondsOf(value: unknown, path: string, key: string): bigint {
  if (isAbsent(value)) return 0n;
  const number = typeof value === 'string' && /^\d{1,19}(\.\d{1,19})?$/.test(value) ? Number(value) : value;
  if (typeof number !== 'number' || !Number.isFinite(number) || Math.abs(number) > 2 ** 62) {
    throw new BadInput(`${path}.${key}: expected a whole number, got ${show(value)}`);
  }
  return BigInt(Math.trunc(number));
}

function textOf(value: unknown, path: string, key: string): string {
  if (typeof value === 'string') return value;
  if (isAbsent(value)) return '';
  if (typeof value === 'number' || typeof value === 'boolean') return String(value);
  throw new BadInput(`${path}.${key}: expected a text, got ${show(value)}`);
}

function objectAt(value: unknown, path: string): Json {
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as Json;
  throw new BadInput(`${path}: expected an object, got ${show(value)}`);
}

function listAt(value: unknown, path: string, key: string): readonly unknown[] {
  if (Array.isArray(value)) return value;
  throw new BadInput(`${path}.${key}: expected a list, got ${show(value)}`);
}

function isAbsent(value: unknown): value is null | undefined {
  return value === undefined || value === null;
}

function show(value: unknown): string {
  if (typeof value === 'object' && value !== null) return Array.isArray(value) ? 'a list' : 'an object';
  const text = JSON.stringify(value) ?? 'nothing';
  return text.length > 40 ? `${text.slice(0, 37)}...` : text;
}
