/**
 * Zipkin's spans of version 1 (https://github.com/openzipkin/zipkin-api/blob/master/zipkinCore.thrift), in which annotations at
 * both ends say what happened, as spans of version 2. As Zipkin does it: `cs` and `cr` make a client, `sr` and `ss` a server,
 * `ms` a producer, `mr` a consumer; a span with both halves of a call becomes two; `sa`, `ca` and `ma` are the other side.
 */
import type { AttributeValue } from '../model/attributes.ts';
import { type SpanKind, spanKind } from '../model/span.ts';
import type { ZipkinAnnotation, ZipkinEndpoint, ZipkinSpan } from './zipkin-span.ts';

export interface ZipkinV1Span {
  readonly traceId: string;
  readonly id: string;
  readonly parentId: string;
  readonly name: string;
  /** 0 is unknown, or: the other side of the call knows. */
  readonly timestampUs: bigint;
  readonly durationUs: bigint;
  readonly annotations: readonly ZipkinV1Annotation[];
  readonly binaryAnnotations: readonly ZipkinV1Tag[];
}

export interface ZipkinV1Annotation extends ZipkinAnnotation {
  readonly endpoint: ZipkinEndpoint | undefined;
}

export interface ZipkinV1Tag {
  readonly key: string;
  readonly value: AttributeValue;
  readonly endpoint: ZipkinEndpoint | undefined;
}

/** One side of a call: everything that one service said of the span. */
interface Half {
  kind: SpanKind;
  timestampUs: bigint;
  durationUs: bigint;
  local: ZipkinEndpoint | undefined;
  remote: ZipkinEndpoint | undefined;
  readonly annotations: ZipkinAnnotation[];
  readonly tags: Map<string, AttributeValue>;
}

type Core = 'cs' | 'cr' | 'ss' | 'sr' | 'ms' | 'mr' | 'ws' | 'wr';

const coreKinds: Readonly<Record<Core, SpanKind | undefined>> = {
  cs: spanKind.client,
  cr: spanKind.client,
  sr: spanKind.server,
  ss: spanKind.server,
  ms: spanKind.producer,
  mr: spanKind.consumer,
  ws: undefined,
  wr: undefined,
};

export function zipkinV1ToV2(span: ZipkinV1Span): ZipkinSpan[] {
  const { traceId, id, parentId, name } = span;
  return new Conversion(span).halves.map((half) => ({
    traceId,
    id,
    parentId,
    kind: half.kind,
    name,
    timestampUs: half.timestampUs,
    durationUs: half.durationUs > 0n ? half.durationUs : 0n,
    localEndpoint: half.local,
    remoteEndpoint: half.remote,
    annotations: half.annotations,
    tags: half.tags,
  }));
}

class Conversion {
  private readonly first = newHalf(undefined);
  readonly halves: Half[] = [this.first];
  private readonly byService = new Map<string, Half>();
  private readonly span: ZipkinV1Span;
  private readonly core: { [K in Core]?: ZipkinV1Annotation | undefined } = {};

  constructor(span: ZipkinV1Span) {
    this.span = span;
    this.takeAnnotations();
    this.takeTimes();
    this.takeTags();
  }

  /** The half of a service. What names no service goes to the first one. */
  private of(endpoint: ZipkinEndpoint | undefined): Half {
    if (endpoint === undefined) return this.first;
    const known = this.byService.get(endpoint.serviceName);
    if (known !== undefined) return known;
    if (this.first.local !== undefined) return this.add(endpoint);
    this.first.local = endpoint;
    this.byService.set(endpoint.serviceName, this.first);
    return this.first;
  }

  private add(endpoint: ZipkinEndpoint | undefined): Half {
    const half = newHalf(endpoint);
    this.halves.push(half);
    if (endpoint !== undefined && !this.byService.has(endpoint.serviceName))
      this.byService.set(endpoint.serviceName, half);
    return half;
  }

  private takeAnnotations(): void {
    for (const annotation of this.span.annotations) {
      const half = this.of(annotation.endpoint);
      if (annotation.endpoint !== undefined && isCore(annotation.value)) {
        this.core[annotation.value] = annotation;
        half.kind = coreKinds[annotation.value] ?? half.kind;
      } else half.annotations.push({ timestampUs: annotation.timestampUs, value: annotation.value });
    }
  }

  private takeTimes(): void {
    const { core } = this;
    // A tracer that gave the times of the span itself may have left out where they began.
    core.cs ??= this.beginOf(core.cr);
    core.sr ??= this.beginOf(core.ss);
    const { cs, cr, sr, ss, ms, mr, ws, wr } = core;
    if (cs && sr) {
      this.takeTime(cs, cr);
      const client = this.of(cs.endpoint);
      // A service that calls itself has one name on both sides, and still two halves.
      const isLoop = cs.endpoint?.serviceName === sr.endpoint?.serviceName;
      if (isLoop) client.kind = spanKind.client;
      const server = isLoop ? this.add(sr.endpoint) : this.of(sr.endpoint);
      server.kind = spanKind.server;
      server.timestampUs = sr.timestampUs;
      if (ss) server.durationUs = ss.timestampUs - sr.timestampUs;
    } else if (cs && cr) this.takeTime(cs, cr);
    else if (sr && ss) this.takeTime(sr, ss);
    else this.takeIncomplete();
    if (ms) {
      this.of(ms.endpoint).kind = spanKind.producer;
      this.takeTime(ms, ws);
    }
    if (mr) {
      if (ms) {
        const consumer = this.add(mr.endpoint);
        consumer.kind = spanKind.consumer;
        consumer.timestampUs = mr.timestampUs;
      } else if (wr) this.takeTime(wr, mr);
      else this.takeTime(mr, undefined);
    }
    if (!ms && !mr) {
      for (const wire of [ws, wr]) {
        if (wire) this.of(wire.endpoint).annotations.push({ timestampUs: wire.timestampUs, value: wire.value });
      }
    }
  }

  private beginOf(end: ZipkinV1Annotation | undefined): ZipkinV1Annotation | undefined {
    const { timestampUs, durationUs } = this.span;
    if (!end || timestampUs === 0n || durationUs === 0n || timestampUs + durationUs !== end.timestampUs)
      return undefined;
    return { ...end, timestampUs };
  }

  /** The span's own times go before those of the annotations. */
  private takeTime(begin: ZipkinV1Annotation, end: ZipkinV1Annotation | undefined): void {
    const half = this.of(begin.endpoint);
    const { timestampUs, durationUs } = this.span;
    if (timestampUs !== 0n && durationUs !== 0n) {
      half.timestampUs = timestampUs;
      half.durationUs = durationUs;
    } else {
      half.timestampUs = begin.timestampUs;
      if (end) half.durationUs = end.timestampUs - begin.timestampUs;
    }
  }

  /** Only one end is known: the other is a remark. */
  private takeIncomplete(): void {
    const { cs, cr, sr, ss } = this.core;
    for (const half of this.halves) {
      const [begin, end] = half.kind === spanKind.client ? [cs, cr] : half.kind === spanKind.server ? [sr, ss] : [];
      if (begin) half.timestampUs = begin.timestampUs;
      if (end) half.annotations.push({ timestampUs: end.timestampUs, value: end.value });
    }
    if (this.span.timestampUs === 0n) return;
    this.first.timestampUs = this.span.timestampUs;
    this.first.durationUs = this.span.durationUs;
  }

  private takeTags(): void {
    const { cs, cr, sr, ss, ms, mr } = this.core;
    const addresses: { sa?: ZipkinEndpoint; ca?: ZipkinEndpoint; ma?: ZipkinEndpoint } = {};
    for (const { key, value, endpoint } of this.span.binaryAnnotations) {
      if (key === 'sa' || key === 'ca' || key === 'ma') {
        if (endpoint !== undefined) addresses[key] = endpoint;
        continue;
      }
      const half = this.of(endpoint);
      // The component of a local span; without a value it only carries the endpoint.
      if (key !== 'lc') half.tags.set(key, value);
      else if (value !== '') half.tags.set('component', value);
    }
    const { sa, ca, ma } = addresses;
    const client = cs ?? cr;
    const server = sr ?? ss;
    const broker = ms ?? mr;
    if (!client && !server) {
      if (ca && sa) this.of(ca).remote = sa;
      else if (sa) this.of(undefined).remote = sa;
      else if (ca) {
        const half = this.of(undefined);
        half.kind = spanKind.server;
        half.remote = ca;
      }
    }
    if (client && sa) this.halfOf(client, spanKind.client).remote = sa;
    if (server && ca) {
      // Finagle names the server itself as its client.
      const isItself = ca.serviceName === server.endpoint?.serviceName;
      this.halfOf(server, spanKind.server).remote = isItself ? { ...ca, serviceName: '' } : ca;
    }
    if (broker && ma) this.of(broker.endpoint).remote = ma;
  }

  /** Where a service calls itself, two halves have its name. */
  private halfOf(annotation: ZipkinV1Annotation, kind: SpanKind): Half {
    const name = annotation.endpoint?.serviceName;
    return (
      this.halves.find((half) => half.kind === kind && half.local?.serviceName === name) ?? this.of(annotation.endpoint)
    );
  }
}

function newHalf(local: ZipkinEndpoint | undefined): Half {
  return {
    kind: spanKind.unspecified,
    timestampUs: 0n,
    durationUs: 0n,
    local,
    remote: undefined,
    annotations: [],
    tags: new Map(),
  };
}

function isCore(value: string): value is Core {
  return Object.hasOwn(coreKinds, value);
}
