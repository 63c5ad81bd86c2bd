/**
 * The parameters of Zipkin's API v2, with the texts of its errors
 * (https://github.com/openzipkin/zipkin/blob/master/zipkin/src/main/java/zipkin2/storage/QueryRequest.java).
 */
import { BadInput } from '../../base/errors.ts';
import { everything, type TimeRange } from '../../query/find-spans.ts';
import { limits } from '../../query/limits.ts';
import type { SpanCondition } from '../../query/parse-search-text.ts';
import { remoteServiceKeys } from '../../wire/zipkin-out.ts';

export interface ZipkinSearch {
  /** `''` for any. */
  readonly service: string;
  /** Without the service. */
  readonly conditions: readonly SpanCondition[];
  readonly range: TimeRange;
  readonly limit: number;
}

const defaultLookbackMs = 86_400_000n;

export function parseZipkinSearch(query: URLSearchParams, nowMs: number): ZipkinSearch {
  const limit = positive('limit', integer(query, 'limit') ?? 10n);
  const range = parseRange(query, BigInt(Math.round(nowMs)));
  const least = integer(query, 'minDuration');
  const most = integer(query, 'maxDuration');
  if (least !== undefined) positive('minDuration', least);
  if (least === undefined && most !== undefined) throw new BadInput('maxDuration is only valid with minDuration');
  if (least !== undefined && most !== undefined && most < least) throw new BadInput('maxDuration < minDuration');
  const conditions: SpanCondition[] = [];
  const name = query.get('spanName') ?? '';
  if (name !== '' && name !== 'all') conditions.push({ kind: 'operation', name });
  const remote = query.get('remoteServiceName') ?? '';
  if (remote !== '')
    conditions.push({
      kind: 'any',
      conditions: remoteServiceKeys.map((key) => ({ kind: 'attribute', key, value: remote, isString: true })),
    });
  if (least !== undefined) conditions.push({ kind: 'least', ns: clamp(least * 1000n) });
  // Durations are told in whole µs: up to the last ns of the last one.
  if (most !== undefined) conditions.push({ kind: 'most', ns: clamp(most * 1000n + 999n) });
  conditions.push(...parseAnnotationQuery(query.get('annotationQuery') ?? ''));
  const service = query.get('serviceName') ?? '';
  return { service, conditions, range, limit: Math.min(Number(limit), limits.tracesPerSearch) };
}

/** `endTs` and `lookback`, ms; `endTs` is required where there is no default. */
export function parseRange(query: URLSearchParams, defaultEnd?: bigint): TimeRange {
  const endTs = integer(query, 'endTs') ?? defaultEnd;
  if (endTs === undefined) throw new BadInput("parameter 'endTs' is required");
  const end = positive('endTs', endTs);
  const lookback = positive('lookback', integer(query, 'lookback') ?? defaultLookbackMs);
  // The whole last ms.
  return { fromNs: clamp((end - lookback) * 1_000_000n), toNs: clamp(end * 1_000_000n + 999_999n) };
}

/** `http.method=GET and error and cache miss`: tags by value, tags by key alone, annotations. Of a tag given twice the last counts. */
export function parseAnnotationQuery(text: string): SpanCondition[] {
  const asked = new Map<string, string>();
  for (const part of text.split(' and ').slice(0, 100)) {
    const at = part.indexOf('=');
    const key = (at < 0 ? part : part.slice(0, at)).trim();
    if (key === '') continue;
    if (at >= 0) asked.set(key, part.slice(at + 1).trim());
    else if (!asked.has(key)) asked.set(key, '');
  }
  return Array.from(asked, ([key, value]): SpanCondition => {
    if (value !== '') return { kind: 'attribute', key, value, isString: false };
    return key === 'error' ? { kind: 'errors' } : { kind: 'has', name: key };
  });
}

/** Of the path of one trace, or of a list: 32 hex digits. */
export function parseZipkinTraceId(text: string): string {
  const id = text.trim().toLowerCase();
  if (id.length > 32) throw new BadInput('traceId.length > 32');
  if (!/^[0-9a-f]+$/.test(id)) {
    throw new BadInput(`${JSON.stringify(text.slice(0, 100))} should be lower-hex encoded with no prefix`);
  }
  if (/^0+$/.test(id)) throw new BadInput('traceId is all zeros');
  return id.padStart(32, '0');
}

export function parseTraceIds(query: URLSearchParams): string[] {
  const text = query.get('traceIds') ?? '';
  if (text === '') throw new BadInput('traceIds parameter is empty');
  const ids = new Set<string>();
  for (const part of text.split(',').slice(0, 1000)) {
    const id = parseZipkinTraceId(part);
    if (ids.has(id)) throw new BadInput(`redundant traceId: ${part}`);
    ids.add(id);
  }
  if (ids.size === 1) throw new BadInput('Use /api/v2/trace/{traceId} endpoint to retrieve a single trace');
  return [...ids];
}

export function required(query: URLSearchParams, name: string): string {
  const text = query.get(name) ?? '';
  if (text === '') throw new BadInput(`parameter '${name}' is required`);
  return text;
}

function integer(query: URLSearchParams, name: string): bigint | undefined {
  const text = query.get(name) ?? '';
  if (text === '') return undefined;
  if (!/^[+-]?\d{1,19}$/.test(text))
    throw new BadInput(`${name}: expected an integer, got ${JSON.stringify(text.slice(0, 40))}`);
  return BigInt(text.replace(/^\+/, ''));
}

function positive(name: string, value: bigint): bigint {
  if (value <= 0n) throw new BadInput(`${name} <= 0`);
  return value;
}

function clamp(ns: bigint): bigint {
  if (ns < everything.fromNs) return everything.fromNs;
  return ns > everything.toNs ? everything.toNs : ns;
}
