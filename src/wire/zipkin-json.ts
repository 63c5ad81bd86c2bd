/**
 * Zipkin's spans in JSON: version 2 (https://zipkin.io/zipkin-api/zipkin2-api.yaml) and version 1
 * (https://zipkin.io/zipkin-api/zipkin-api.yaml). Unknown keys are ignored, null is nothing, ids may be 64 bits long.
 */
import { isUtf8 } from 'node:buffer';
import { BadInput } from '../base/errors.ts';
import type { AttributeValue } from '../model/attributes.ts';
import { type SpanKind, spanKind } from '../model/span.ts';
import { JsonProblem, JsonScanner, KeyTable } from './json-scanner.ts';
import type { Translated } from './translated.ts';
import {
  type ZipkinAnnotation,
  type ZipkinEndpoint,
  type ZipkinOptions,
  type ZipkinSpan,
  ZipkinTranslation,
} from './zipkin-span.ts';
import { type ZipkinV1Annotation, type ZipkinV1Span, type ZipkinV1Tag, zipkinV1ToV2 } from './zipkin-v1.ts';

/** A list of spans of version 2. Throws `BadInput` with the path: `[3].traceId: …`. */
export function translateZipkinV2Json(text: Uint8Array, options: ZipkinOptions): Translated {
  const translation = new ZipkinTranslation(options);
  new ZipkinReader(text).spans((reader) => translation.add(reader.spanV2()));
  return translation.finish();
}

/** A list of spans of version 1. */
export function translateZipkinV1Json(text: Uint8Array, options: ZipkinOptions): Translated {
  const translation = new ZipkinTranslation(options);
  new ZipkinReader(text).spans((reader) => {
    for (const half of zipkinV1ToV2(reader.spanV1())) translation.add(half);
  });
  return translation.finish();
}

const maxDepth = 32;

const keysOf = <T extends string>(...names: T[]) => new KeyTable<T>(names.map((name) => [name, name]));

const v2Keys = keysOf(
  'traceId',
  'id',
  'parentId',
  'kind',
  'name',
  'timestamp',
  'duration',
  'localEndpoint',
  'remoteEndpoint',
  'annotations',
  'tags',
);
const v1Keys = keysOf('traceId', 'id', 'parentId', 'name', 'timestamp', 'duration', 'annotations', 'binaryAnnotations');
const endpointKeys = keysOf('serviceName', 'ipv4', 'ipv6', 'port');
const annotationKeys = keysOf('timestamp', 'value', 'endpoint');
const tagKeys = keysOf('key', 'value', 'endpoint');

const kinds: Readonly<Record<string, SpanKind>> = {
  CLIENT: spanKind.client,
  SERVER: spanKind.server,
  PRODUCER: spanKind.producer,
  CONSUMER: spanKind.consumer,
};

const noAnnotations: readonly ZipkinAnnotation[] = [];

class ZipkinReader {
  private readonly json: JsonScanner;
  /** Where the reader is. Left as it is when something is thrown. */
  private readonly path: (string | number)[] = [];

  constructor(text: Uint8Array) {
    // What is no UTF-8 is replaced, as Zipkin does.
    const readable = isUtf8(text) ? text : Buffer.from(Buffer.from(text).toString());
    this.json = new JsonScanner(readable, maxDepth);
  }

  spans(take: (reader: this) => void): void {
    try {
      this.items(() => take(this));
      this.json.finish();
    } catch (error) {
      if (!(error instanceof JsonProblem)) throw error;
      const where = this.path.map((step, i) => (typeof step === 'number' ? `[${step}]` : i === 0 ? step : `.${step}`));
      throw new BadInput(
        where.length === 0 ? `malformed JSON: ${error.message}` : `${where.join('')}: ${error.message}`,
      );
    }
  }

  spanV2(): ZipkinSpan {
    let traceId: string | undefined;
    let id: string | undefined;
    let parentId = '';
    let kind: SpanKind = spanKind.unspecified;
    let name = '';
    let timestampUs = 0n;
    let durationUs = 0n;
    let localEndpoint: ZipkinEndpoint | undefined;
    let remoteEndpoint: ZipkinEndpoint | undefined;
    let annotations = noAnnotations;
    let tags: Map<string, AttributeValue> | undefined;
    this.members(v2Keys, (key) => {
      switch (key) {
        case 'traceId':
          traceId = this.id(32);
          break;
        case 'id':
          id = this.id(16);
          break;
        case 'parentId':
          parentId = this.parentId();
          break;
        case 'kind':
          kind = kinds[this.text()] ?? spanKind.unspecified;
          break;
        case 'name':
          name = this.text();
          break;
        case 'timestamp':
          timestampUs = this.microseconds();
          break;
        case 'duration':
          durationUs = this.microseconds();
          break;
        case 'localEndpoint':
          localEndpoint = this.endpoint();
          break;
        case 'remoteEndpoint':
          remoteEndpoint = this.endpoint();
          break;
        case 'annotations':
          annotations = this.list(() => this.annotation());
          break;
        case 'tags':
          tags = this.tags();
      }
    });
    return {
      traceId: need(traceId, 'a traceId'),
      id: need(id, 'an id'),
      parentId,
      kind,
      name,
      timestampUs,
      durationUs,
      localEndpoint,
      remoteEndpoint,
      annotations,
      tags: tags ?? new Map<string, AttributeValue>(),
    };
  }

  spanV1(): ZipkinV1Span {
    let traceId: string | undefined;
    let id: string | undefined;
    let parentId = '';
    let name = '';
    let timestampUs = 0n;
    let durationUs = 0n;
    let annotations: readonly ZipkinV1Annotation[] = [];
    let binaryAnnotations: readonly ZipkinV1Tag[] = [];
    this.members(v1Keys, (key) => {
      switch (key) {
        case 'traceId':
          traceId = this.id(32);
          break;
        case 'id':
          id = this.id(16);
          break;
        case 'parentId':
          parentId = this.parentId();
          break;
        case 'name':
          name = this.text();
          break;
        case 'timestamp':
          timestampUs = this.microseconds();
          break;
        case 'duration':
          durationUs = this.microseconds();
          break;
        case 'annotations':
          annotations = this.list(() => this.annotation());
          break;
        case 'binaryAnnotations':
          binaryAnnotations = this.list(() => this.binaryAnnotation());
      }
    });
    return {
      traceId: need(traceId, 'a traceId'),
      id: need(id, 'an id'),
      parentId,
      name,
      timestampUs,
      durationUs,
      annotations,
      binaryAnnotations,
    };
  }

  /** Without its time or its value it is none, and refused. */
  private annotation(): ZipkinV1Annotation {
    let timestampUs: bigint | undefined;
    let value: string | undefined;
    let endpoint: ZipkinEndpoint | undefined;
    this.members(annotationKeys, (key) => {
      if (key === 'timestamp') timestampUs = this.microseconds();
      else if (key === 'value') value = this.text();
      else endpoint = this.endpoint();
    });
    return { timestampUs: need(timestampUs, 'a timestamp'), value: need(value, 'a value'), endpoint };
  }

  private binaryAnnotation(): ZipkinV1Tag {
    let name: string | undefined;
    let value = '';
    let endpoint: ZipkinEndpoint | undefined;
    this.members(tagKeys, (key) => {
      if (key === 'key') name = this.text();
      else if (key === 'value') value = this.text();
      else endpoint = this.endpoint();
    });
    return { key: need(name, 'a key'), value, endpoint };
  }

  private endpoint(): ZipkinEndpoint {
    let serviceName = '';
    let ipv4 = '';
    let ipv6 = '';
    let port = 0;
    this.members(endpointKeys, (key) => {
      if (key === 'serviceName') serviceName = this.text();
      else if (key === 'ipv4') ipv4 = this.text();
      else if (key === 'ipv6') ipv6 = this.text();
      else port = Number(BigInt.asUintN(16, this.microseconds()));
    });
    return { serviceName, ipv4, ipv6, port };
  }

  private tags(): Map<string, AttributeValue> {
    const { json, path } = this;
    const tags = new Map<string, AttributeValue>();
    json.enterObject();
    while (json.nextMember()) {
      const key = json.text();
      if (this.isNull()) continue;
      path.push(key);
      tags.set(key, this.text());
      path.pop();
    }
    return tags;
  }

  /** Calls for each key of the table that has a value. */
  private members<T extends string>(keys: KeyTable<T>, take: (key: T) => void): void {
    const { json, path } = this;
    json.enterObject();
    while (json.nextMember()) {
      const key = json.find(keys);
      if (key === undefined) json.skip();
      else if (!this.isNull()) {
        path.push(key);
        take(key);
        path.pop();
      }
    }
  }

  private items(take: () => void): void {
    const { json, path } = this;
    json.enterArray();
    for (let index = 0; json.nextItem(); index++) {
      path.push(index);
      take();
      path.pop();
    }
  }

  private list<T>(read: () => T): T[] {
    const list: T[] = [];
    this.items(() => list.push(read()));
    return list;
  }

  private isNull(): boolean {
    if (!this.json.isNext('n')) return false;
    this.json.word();
    return true;
  }

  /** A text; some senders write numbers and booleans where one is meant. */
  private text(): string {
    const { json } = this;
    if (json.isNext('"')) return json.string();
    if (json.isNext('t') || json.isNext('f')) return String(json.word());
    if (json.isNext('{') || json.isNext('[')) throw json.unexpected('a text');
    return json.number();
  }

  private id(digits: number): string {
    return idOf(this.text(), digits);
  }

  /** Some senders write no parent as zeros, or as nothing. */
  private parentId(): string {
    const text = this.text();
    return text.length <= 16 && isZero.test(text) ? '' : idOf(text, 16);
  }

  /** A whole number, also as text or with a fraction, which is cut off. */
  private microseconds(): bigint {
    const text = this.text();
    if (/^-?\d{1,15}$/.test(text)) return BigInt(Number(text));
    const number = /^-?\d{1,19}(?:\.\d+)?(?:[eE][+-]?\d+)?$/.test(text) ? Number(text) : Number.NaN;
    if (!(Math.abs(number) < 2 ** 62)) throw new JsonProblem(`expected a whole number, got ${show(text)}`);
    return /^-?\d+$/.test(text) ? BigInt(text) : BigInt(Math.trunc(number));
  }
}

function need<T>(value: T | undefined, what: string): T {
  if (value === undefined) throw new JsonProblem(`expected ${what}, got none`);
  return value;
}

/** In lower case, with zeros in front of one that is shorter than it could be. */
function idOf(text: string, digits: number): string {
  if (text.length > digits || !isHex.test(text) || isZero.test(text)) {
    throw new JsonProblem(`expected 1 to ${digits} hex digits and not only zeros, got ${show(text)}`);
  }
  const padded = text.length === digits ? text : text.padStart(digits, '0');
  return hasCapitals.test(padded) ? padded.toLowerCase() : padded;
}

const isHex = /^[0-9a-fA-F]+$/;
const isZero = /^0*$/;
const hasCapitals = /[A-F]/;

function show(text: string): string {
  return JSON.stringify(text.length > 40 ? `${text.slice(0, 37)}...` : text);
}
