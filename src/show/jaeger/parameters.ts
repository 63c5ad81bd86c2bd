/**
 * The parameters of Jaeger's HTTP API v1, with the texts of its errors
 * (https://github.com/jaegertracing/jaeger/blob/v2.20.0/cmd/jaeger/internal/extension/jaegerquery/internal/query_parser.go).
 */
import { parseDurationNs } from '../../base/duration.ts';
import { BadInput } from '../../base/errors.ts';
import type { TimeRange } from '../../query/find-spans.ts';
import { everything } from '../../query/find-spans.ts';
import { limits } from '../../query/limits.ts';
import type { SpanCondition } from '../../query/parse-search-text.ts';
import { emptySpanName } from '../../wire/jaeger-json.ts';

export interface JaegerSearch {
  /** When given, only these traces (32 hex digits) are asked for, and nothing else matters. */
  readonly traceIds: readonly string[];
  readonly conditions: readonly SpanCondition[];
  readonly range: TimeRange;
  readonly limit: number;
  readonly raw: boolean;
}

const defaultLimit = 100;
const defaultLookbackMs = 48 * 3_600_000;
const defaultDependencyLookbackMs = 24 * 3_600_000;

export function parseSearch(query: URLSearchParams, nowMs: number): JaegerSearch {
  const service = query.get('service') ?? '';
  const range = {
    fromNs: parseMicros(query, 'start') ?? toNs(nowMs - defaultLookbackMs),
    toNs: parseMicros(query, 'end') ?? toNs(nowMs),
  };
  const tags = parseTags(query.getAll('tag'), query.getAll('tags'));
  const limit = parseLimit(query.get('limit') ?? '');
  const least = parseDuration(query, 'minDuration');
  const most = parseDuration(query, 'maxDuration');
  const traceIds = query.getAll('traceID').map((id) => {
    try {
      return parseHexTraceId(id);
    } catch (cause) {
      throw new BadInput(`cannot parse traceID param: ${cause instanceof Error ? cause.message : ''}`, { cause });
    }
  });
  const raw = parseBool(query, 'raw');
  if (traceIds.length === 0 && service === '') throw new BadInput("parameter 'service' is required");
  if (least !== 0n && most !== 0n && most < least) {
    throw new BadInput("'maxDuration' should be greater than 'minDuration'");
  }
  if (limit <= 0 && traceIds.length === 0) throw new BadInput('search depth must be greater than 0');
  const conditions: SpanCondition[] = [{ kind: 'service', name: service }];
  const operation = query.get('operation') ?? '';
  if (operation !== '') conditions.push({ kind: 'operation', name: operation === emptySpanName ? '' : operation });
  if (least !== 0n) conditions.push({ kind: 'least', ns: least });
  if (most !== 0n) conditions.push({ kind: 'most', ns: most });
  for (const [key, value] of tags) conditions.push({ kind: 'attribute', key, value, isString: false });
  return { traceIds, conditions, range, limit: Math.min(limit, limits.tracesPerSearch), raw };
}

/** `endTs` and `lookback`, ms; by default the last day. */
export function parseDependencies(query: URLSearchParams, nowMs: number): TimeRange {
  const end = parseInt64(query, 'endTs') ?? BigInt(Math.round(nowMs));
  const lookback = parseInt64(query, 'lookback') ?? BigInt(defaultDependencyLookbackMs);
  return { fromNs: clamp((end - lookback) * 1_000_000n), toNs: clamp(end * 1_000_000n) };
}

/** A trace id in a path: 1 to 32 hex digits of either case, or 16 bytes in base64 (v3 clients use that). 32 hex digits. */
export function parseTraceId(text: string): string {
  try {
    return parseHexTraceId(text);
  } catch (error) {
    const bytes = /^[A-Za-z0-9+/_-]{22}(?:==)?$/.test(text) ? Buffer.from(text, 'base64') : undefined;
    if (bytes?.length === 16) return bytes.toString('hex');
    throw error;
  }
}

function parseHexTraceId(text: string): string {
  if (text.length > 32) throw new BadInput(`TraceID cannot be longer than 32 hex characters: ${text.slice(0, 100)}`);
  if (!/^[0-9a-fA-F]+$/.test(text)) throw syntaxError('ParseUint', text);
  return text.toLowerCase().padStart(32, '0');
}

/** As Go's `strconv.ParseBool` reads it; absent is false. */
export function parseBool(query: URLSearchParams, name: string): boolean {
  const text = query.get(name) ?? '';
  if (['', '0', 'f', 'F', 'false', 'FALSE', 'False'].includes(text)) return false;
  if (['1', 't', 'T', 'true', 'TRUE', 'True'].includes(text)) return true;
  throw unparsable(name, syntaxError('ParseBool', text));
}

/** A whole number of µs since the epoch, as ns; undefined when absent. Time hints of `/api/traces/{id}` are only checked. */
export function parseMicros(query: URLSearchParams, name: string): bigint | undefined {
  const micros = parseInt64(query, name);
  return micros === undefined ? undefined : clamp(micros * 1000n);
}

function parseInt64(query: URLSearchParams, name: string): bigint | undefined {
  const text = query.get(name) ?? '';
  if (text === '') return undefined;
  try {
    return int64Of(text, 64);
  } catch (error) {
    throw unparsable(name, error);
  }
}

function parseLimit(text: string): number {
  return text === '' ? defaultLimit : Number(int64Of(text, 32));
}

function int64Of(text: string, bits: number): bigint {
  if (!/^[+-]?\d+$/.test(text)) throw syntaxError('ParseInt', text);
  const value = text.length > 40 ? 2n ** 64n : BigInt(text.replace(/^\+/, ''));
  if (BigInt.asIntN(bits, value) !== value) {
    throw new BadInput(`strconv.ParseInt: parsing ${JSON.stringify(text.slice(0, 100))}: value out of range`);
  }
  return value;
}

/** Go durations, ns; absent is 0. */
function parseDuration(query: URLSearchParams, name: string): bigint {
  const text = query.get(name) ?? '';
  if (text === '') return 0n;
  const ns = parseDurationNs(text);
  if (ns !== undefined && Math.abs(ns) < 2 ** 63) return BigInt(ns);
  const problem = /^[+-]?\d+\.?\d*$/.test(text) ? 'missing unit in duration' : 'invalid duration';
  throw unparsable(name, new BadInput(`time: ${problem} ${JSON.stringify(text.slice(0, 100))}`));
}

function parseTags(simple: readonly string[], json: readonly string[]): Map<string, string> {
  const tags = new Map<string, string>();
  for (const tag of simple) {
    const at = tag.indexOf(':');
    if (at < 0) throw new BadInput(`malformed 'tag' parameter, expecting key:value, received: ${tag.slice(0, 200)}`);
    tags.set(tag.slice(0, at), tag.slice(at + 1));
  }
  for (const text of json) {
    for (const [key, value] of Object.entries(parseTagsJson(text))) {
      if (typeof value !== 'string') {
        throw new BadInput(
          `malformed 'tags' parameter, cannot unmarshal JSON: the value of ${JSON.stringify(key)} must be a string`,
        );
      }
      tags.set(key, value);
    }
  }
  return tags;
}

function parseTagsJson(text: string): object {
  let parsed: unknown;
  try {
    parsed = JSON.parse(text);
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : '';
    throw new BadInput(`malformed 'tags' parameter, cannot unmarshal JSON: ${why}`, { cause });
  }
  if (parsed === null) return {};
  if (typeof parsed === 'object' && !Array.isArray(parsed)) return parsed;
  throw new BadInput(`malformed 'tags' parameter, cannot unmarshal JSON: expected an object of strings`);
}

function unparsable(name: string, cause: unknown): BadInput {
  return new BadInput(`unable to parse param '${name}': ${cause instanceof Error ? cause.message : ''}`, { cause });
}

function syntaxError(parser: string, text: string): BadInput {
  return new BadInput(`strconv.${parser}: parsing ${JSON.stringify(text.slice(0, 100))}: invalid syntax`);
}

function toNs(ms: number): bigint {
  return clamp(BigInt(Math.round(ms)) * 1_000_000n);
}

function clamp(ns: bigint): bigint {
  if (ns < everything.fromNs) return everything.fromNs;
  return ns > everything.toNs ? everything.toNs : ns;
}
