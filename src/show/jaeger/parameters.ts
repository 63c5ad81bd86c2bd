/**
 * The parameters of Jaeger's HTTP API v1, with the texts of its errors
 * (https://github.com/jaegertracing/jaeger/blob/v2.20.0/cmd/jaeger/internal/extension/jaegerquery/internal/query_parser.go).
 */
import { BadInput } from '../../base/errors.ts';
import type { TimeRange } from '../../query/find-spans.ts';
import { limits } from '../../query/limits.ts';
import type { SpanCondition } from '../../query/parse-search-text.ts';
import { emptySpanName } from '../../wire/jaeger-json.ts';
import { boolOf, clampNs, durationOf, explaining, intOf, syntaxError } from './go-values.ts';

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
  const depth = query.get('limit') ?? '';
  const limit = depth === '' ? defaultLimit : Number(intOf(depth, 32));
  const least = parse(query, 'minDuration', durationOf) ?? 0n;
  const most = parse(query, 'maxDuration', durationOf) ?? 0n;
  const traceIds = query
    .getAll('traceID')
    .map((id) => explaining('cannot parse traceID param', () => parseHexTraceId(id)));
  const raw = parseBool(query, 'raw');
  if (traceIds.length === 0 && service === '') throw new BadInput("parameter 'service' is required");
  if (least !== 0n && most !== 0n && most < least) {
    throw new BadInput("'maxDuration' should be greater than 'minDuration'");
  }
  if (limit <= 0 && traceIds.length === 0) throw new BadInput('search depth must be greater than 0');
  const conditions = conditionsOf({
    service,
    operation: query.get('operation') ?? '',
    attributes: tags,
    leastNs: least,
    mostNs: most,
  });
  return { traceIds, conditions, range, limit: Math.min(limit, limits.tracesPerSearch), raw };
}

/** What all versions of the API can ask of a span; `''` and 0 ask nothing. */
export interface Asked {
  readonly service: string;
  readonly operation: string;
  readonly attributes: ReadonlyMap<string, string>;
  readonly leastNs: bigint;
  readonly mostNs: bigint;
}

/** Each is looked up by itself, so their number is bounded. */
export const maxConditions = 100;

export function conditionsOf({ service, operation, attributes, leastNs, mostNs }: Asked): SpanCondition[] {
  if (attributes.size > maxConditions) throw new BadInput(`more than ${maxConditions} tags`);
  const conditions: SpanCondition[] = [];
  if (service !== '') conditions.push({ kind: 'service', name: service });
  if (operation !== '') conditions.push({ kind: 'operation', name: operation === emptySpanName ? '' : operation });
  if (leastNs !== 0n) conditions.push({ kind: 'least', ns: leastNs });
  if (mostNs !== 0n) conditions.push({ kind: 'most', ns: mostNs });
  for (const [key, value] of attributes) conditions.push({ kind: 'attribute', key, value, isString: false });
  return conditions;
}

/** `endTs` and `lookback`, ms; by default the last day. */
export function parseDependencies(query: URLSearchParams, nowMs: number): TimeRange {
  const end = parseInt64(query, 'endTs') ?? BigInt(Math.round(nowMs));
  const lookback = parseInt64(query, 'lookback') ?? BigInt(defaultDependencyLookbackMs);
  return { fromNs: clampNs((end - lookback) * 1_000_000n), toNs: clampNs(end * 1_000_000n) };
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
  return parse(query, name, boolOf) ?? false;
}

/** A whole number of µs since the epoch, as ns; undefined when absent. Time hints of `/api/traces/{id}` are only checked. */
export function parseMicros(query: URLSearchParams, name: string): bigint | undefined {
  const micros = parseInt64(query, name);
  return micros === undefined ? undefined : clampNs(micros * 1000n);
}

export function parseInt64(query: URLSearchParams, name: string): bigint | undefined {
  return parse(query, name, (text) => intOf(text, 64));
}

/** One parameter by `read`, whose error says which it was; undefined when it is absent or empty. */
export function parse<T>(query: URLSearchParams, name: string, read: (text: string) => T): T | undefined {
  const text = query.get(name) ?? '';
  return text === '' ? undefined : explaining(`unable to parse param '${name}'`, () => read(text));
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

function toNs(ms: number): bigint {
  return clampNs(BigInt(Math.round(ms)) * 1_000_000n);
}
