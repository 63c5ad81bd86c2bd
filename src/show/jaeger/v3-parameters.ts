/**
 * The parameters of Jaeger's HTTP API v3: camelCase as protobuf's JSON has it, and the snake_case that 1.x took
 * (https://github.com/jaegertracing/jaeger/blob/main/cmd/jaeger/internal/extension/jaegerquery/internal/apiv3/query_parser.go).
 */
import { BadInput } from '../../base/errors.ts';
import { limits } from '../../query/limits.ts';
import { boolOf, durationOf, explaining, instantOf, intOf } from './go-values.ts';
import { conditionsOf, type JaegerSearch, parseTraceId } from './parameters.ts';
import { conditionsOfFilter, parseFilterJson } from './filter.ts';

const defaultDepth = 100n;

/** Throws `BadInput` with the text that Jaeger answers. */
export function parseV3Search(query: URLSearchParams): JaegerSearch {
  const asked = {
    service: text(query, 'query.serviceName'),
    operation: text(query, 'query.operationName'),
    attributes: parse(query, 'query.attributes', attributesOf) ?? new Map<string, string>(),
  };
  const filter = parse(query, 'query.filter', (json) => conditionsOfFilter(parseFilterJson(json)));
  const fromNs = parse(query, 'query.startTimeMin', instantOf);
  const toNs = parse(query, 'query.startTimeMax', instantOf);
  if (fromNs === undefined || toNs === undefined) {
    throw new BadInput('query.startTimeMin and query.startTimeMax are required');
  }
  if (fromNs >= toNs) throw new BadInput('query.startTimeMin must be before query.startTimeMax');
  const depth =
    parse(query, 'query.searchDepth', (t) => intOf(t, 64)) ?? parse(query, 'query.numTraces', (t) => intOf(t, 64));
  const leastNs = parse(query, 'query.durationMin', durationOf) ?? 0n;
  const mostNs = parse(query, 'query.durationMax', durationOf) ?? 0n;
  const raw = parse(query, 'query.rawTraces', boolOf) ?? false;
  const conditions = conditionsOf({ ...asked, leastNs, mostNs });
  if (filter !== undefined && conditions.length > 0) {
    throw new BadInput('query.filter cannot be combined with other conditions: express them in the filter');
  }
  return searchOf({ conditions: filter ?? conditions, fromNs, toNs, depth: depth ?? defaultDepth, raw });
}

export interface V3Search extends Pick<JaegerSearch, 'conditions' | 'raw'> {
  readonly fromNs: bigint;
  readonly toNs: bigint;
  readonly depth: bigint;
}

export function searchOf({ conditions, fromNs, toNs, depth, raw }: V3Search): JaegerSearch {
  if (depth <= 0n) throw new BadInput('search depth must be greater than 0');
  const most = BigInt(limits.tracesPerSearch);
  const limit = Number(depth < most ? depth : most);
  return { traceIds: [], conditions, range: { fromNs, toNs }, limit, raw };
}

/** Of `/api/v3/traces/{id}`. Its hints of time are only checked: the whole trace is found without them. */
export function parseV3Trace(id: string, query: URLSearchParams): { traceId: string; raw: boolean } {
  const traceId = explaining('malformed parameter trace_id', () => parseTraceId(id));
  parse(query, 'startTime', instantOf);
  parse(query, 'endTime', instantOf);
  return { traceId, raw: parse(query, 'rawTraces', boolOf) ?? false };
}

/** A parameter by its camelCase name or the snake_case one; `''` when absent. */
export function text(query: URLSearchParams, name: string): string {
  return query.get(name) || query.get(snakeCase(name)) || '';
}

export function parse<T>(query: URLSearchParams, name: string, read: (text: string) => T): T | undefined {
  const given = text(query, name);
  if (given === '') return undefined;
  return explaining(`malformed parameter ${query.get(name) ? name : snakeCase(name)}`, () => read(given));
}

function snakeCase(name: string): string {
  return name.replaceAll(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
}

function attributesOf(json: string): Map<string, string> {
  const attributes = new Map<string, string>();
  for (const [key, value] of Object.entries(objectOf(json))) {
    if (typeof value !== 'string') throw new BadInput(`the value of ${JSON.stringify(key)} must be a string`);
    attributes.set(key, value);
  }
  return attributes;
}

function objectOf(json: string): object {
  let parsed: unknown;
  try {
    parsed = JSON.parse(json);
  } catch (cause) {
    throw new BadInput(cause instanceof Error ? cause.message : 'malformed JSON', { cause });
  }
  if (parsed === null) return {};
  if (typeof parsed === 'object' && !Array.isArray(parsed)) return parsed;
  throw new BadInput('expected an object of strings');
}
