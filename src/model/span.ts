/** A span and what belongs to it, decoded, in OpenTelemetry's terms (https://opentelemetry.io/docs/specs/otel/trace/api/). */
import type { Attributes } from './attributes.ts';

/** Numbers as in OTLP. */
export const spanKind = { unspecified: 0, internal: 1, server: 2, client: 3, producer: 4, consumer: 5 } as const;
export type SpanKind = (typeof spanKind)[keyof typeof spanKind];
export const spanKindNames = ['unspecified', 'internal', 'server', 'client', 'producer', 'consumer'] as const;

export const statusCode = { unset: 0, ok: 1, error: 2 } as const;
export type StatusCode = (typeof statusCode)[keyof typeof statusCode];

export interface Resource {
  /** `service.name`, or `unknown_service`. */
  readonly service: string;
  readonly attributes: Attributes;
  readonly schemaUrl: string;
}

export interface Scope {
  readonly name: string;
  readonly version: string;
  readonly attributes: Attributes;
  readonly schemaUrl: string;
}

export interface SpanEvent {
  readonly timeNs: bigint;
  readonly name: string;
  readonly attributes: Attributes;
  readonly droppedAttributes: number;
}

export interface SpanLink {
  readonly traceId: string;
  readonly spanId: string;
  readonly traceState: string;
  readonly attributes: Attributes;
  readonly flags: number;
  readonly droppedAttributes: number;
}

export interface Span {
  /** 32 hex digits. */
  readonly traceId: string;
  /** 16 hex digits. */
  readonly spanId: string;
  /** 16 hex digits, or `''` when the span has no parent. */
  readonly parentSpanId: string;
  readonly traceState: string;
  readonly flags: number;
  readonly name: string;
  readonly kind: SpanKind;
  /** ns since the epoch, as sent: may be 0, before 1970 (the sign bit of OTLP's fixed64) or after `endNs`. */
  readonly startNs: bigint;
  readonly endNs: bigint;
  readonly attributes: Attributes;
  readonly events: readonly SpanEvent[];
  readonly links: readonly SpanLink[];
  readonly statusCode: StatusCode;
  readonly statusMessage: string;
  readonly droppedAttributes: number;
  readonly droppedEvents: number;
  readonly droppedLinks: number;
  readonly resource: Resource;
  readonly scope: Scope;
}
