/** The parameters of Ariane's own API, read from an address. Each refusal says which parameter, and what was expected. */
import { parseDurationNs } from '../../base/duration.ts';
import { BadInput } from '../../base/errors.ts';
import type { TraceIdQuery } from '../../model/ids.ts';
import { everything, type SearchOrder, type TimeRange } from '../../query/find-spans.ts';
import { limits } from '../../query/limits.ts';
import { parseAttribute, parseSearchText, type SpanCondition } from '../../query/parse-search-text.ts';
import type { Language } from './types.ts';

/** A condition, and how a hint names it: a parameter as it stands in the address, or a part of `q`. */
export interface NamedCondition {
  readonly name: string;
  readonly condition: SpanCondition;
}

export interface SearchParameters {
  readonly conditions: readonly NamedCondition[];
  /** Where `q` may be a trace id. */
  readonly traceIds: readonly TraceIdQuery[];
  readonly range: TimeRange;
  readonly limit: number;
  readonly order: SearchOrder;
  /** Whether the critical path's leader of each trace is wanted. */
  readonly leaders: boolean;
}

const defaultLimit = 50;
const longestText = 4096;

export function parseSearchParameters(query: URLSearchParams): SearchParameters {
  const conditions: NamedCondition[] = [];
  const add = (name: string, condition: SpanCondition) => conditions.push({ name, condition });
  const service = textOf(query, 'service');
  if (service !== '') add(`service=${service}`, { kind: 'service', name: service });
  const operation = textOf(query, 'operation');
  if (operation !== '') add(`operation=${operation}`, { kind: 'operation', name: operation });
  for (const text of query.getAll('attribute').slice(0, 32)) {
    const condition = parseAttribute(text.slice(0, longestText));
    if (condition === undefined) throw refusal('attribute', 'key=value', text);
    add(`attribute=${text}`, condition);
  }
  for (const name of ['minDuration', 'maxDuration'] as const) {
    const text = textOf(query, name);
    if (text !== '')
      add(`${name}=${text}`, { kind: name === 'minDuration' ? 'least' : 'most', ns: durationOf(name, text) });
  }
  if (flagOf(query, 'errors')) add('errors=true', { kind: 'errors' });
  const { conditions: terms, traceIds } = parseSearchText(textOf(query, 'q'));
  for (const { text, condition } of terms) add(text, condition);
  return {
    conditions,
    traceIds,
    range: rangeOf(query, 'startUs', 'endUs', everything),
    limit: limitOf(query),
    order: orderOf(query),
    leaders: flagOf(query, 'leaders'),
  };
}

/** µs in the address, ns here. An absent end is that of `fallback`. */
export function rangeOf(query: URLSearchParams, start: string, end: string, fallback: TimeRange): TimeRange {
  return { fromNs: microsOf(query, start) ?? fallback.fromNs, toNs: microsOf(query, end) ?? fallback.toNs };
}

/** `?lang=`, or what Accept-Language likes best among ours. */
export function languageOf(query: URLSearchParams, acceptLanguage = ''): Language {
  const asked = query.get('lang') ?? '';
  if (asked !== '') {
    if (asked === 'en' || asked === 'fr') return asked;
    throw refusal('lang', 'en or fr', asked);
  }
  const liked = acceptLanguage.split(',').map((entry) => {
    const [tag = '', ...parameters] = entry.trim().toLowerCase().split(';');
    const weight = parameters.map((p) => /^\s*q=([\d.]+)\s*$/.exec(p)?.[1]).find((q) => q !== undefined);
    return { language: tag.slice(0, 2), weight: weight === undefined ? 1 : Number(weight) };
  });
  const [best] = liked
    .filter(({ language, weight }) => (language === 'en' || language === 'fr') && weight > 0)
    .sort((a, b) => b.weight - a.weight);
  return best?.language === 'fr' ? 'fr' : 'en';
}

function textOf(query: URLSearchParams, name: string): string {
  const text = query.get(name) ?? '';
  if (text.length > longestText)
    throw new BadInput(`${name}: ${text.length} characters, at most ${longestText} are read`);
  return text;
}

function microsOf(query: URLSearchParams, name: string): bigint | undefined {
  const text = query.get(name) ?? '';
  if (text === '') return undefined;
  if (!/^[+-]?\d{1,20}$/.test(text)) throw refusal(name, 'whole µs since 1970', text);
  const ns = BigInt(text.replace(/^\+/, '')) * 1000n;
  if (ns < everything.fromNs) return everything.fromNs;
  return ns > everything.toNs ? everything.toNs : ns;
}

function durationOf(name: string, text: string): bigint {
  const ns = parseDurationNs(text);
  if (ns === undefined || ns < 0 || ns >= 2 ** 63) throw refusal(name, 'a duration such as 500ms or 2s', text);
  return BigInt(ns);
}

function flagOf(query: URLSearchParams, name: string): boolean {
  const text = query.get(name) ?? '';
  if (['', 'false', '0'].includes(text)) return false;
  if (['true', '1'].includes(text)) return true;
  throw refusal(name, 'true or false', text);
}

function limitOf(query: URLSearchParams): number {
  const text = query.get('limit') ?? '';
  if (text === '') return defaultLimit;
  const limit = /^\d{1,9}$/.test(text) ? Number(text) : 0;
  if (limit < 1) throw refusal('limit', `a number from 1 to ${limits.tracesPerSearch}`, text);
  return Math.min(limit, limits.tracesPerSearch);
}

function orderOf(query: URLSearchParams): SearchOrder {
  const text = query.get('order') ?? '';
  if (text === '' || text === 'newest') return 'newest';
  if (text === 'slowest') return 'slowest';
  throw refusal('order', 'newest or slowest', text);
}

function refusal(name: string, expected: string, got: string): BadInput {
  return new BadInput(`${name}: expected ${expected}, got ${JSON.stringify(got.slice(0, 100))}`);
}
