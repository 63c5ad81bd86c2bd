/**
 * The search bar's language, pure: words, `"two words"`, `key=value`, `key="exact string"`, `>500ms`, `<2s`, `error`, a trace id in
 * any form. Everything must hold of one span. What fits nothing is a word, so no text is an error.
 */
import { parseDurationNs } from '../base/duration.ts';
import { parseTraceIdQuery, type TraceIdQuery } from '../model/ids.ts';

/** One condition on a span. */
export type SpanCondition =
  | { readonly kind: 'service'; readonly name: string }
  | { readonly kind: 'operation'; readonly name: string }
  | {
      readonly kind: 'attribute';
      readonly key: string;
      readonly value: string;
      /** The value was quoted: the string `200`, not the number. */
      readonly isString: boolean;
    }
  | { readonly kind: 'least'; readonly ns: bigint }
  | { readonly kind: 'most'; readonly ns: bigint }
  | { readonly kind: 'errors' }
  /** Has an attribute of this key, whatever its value, or an event of this name. */
  | { readonly kind: 'has'; readonly name: string }
  | { readonly kind: 'word'; readonly text: string }
  /** At least one of them. */
  | { readonly kind: 'any'; readonly conditions: readonly SpanCondition[] };

export interface SearchText {
  /** Each with the part of the text it came from. */
  readonly conditions: readonly { readonly text: string; readonly condition: SpanCondition }[];
  /** Where the whole text may be a trace id: how to look for it, in that order, before anything else. */
  readonly traceIds: readonly TraceIdQuery[];
}

const maxTerms = 32;

export function parseSearchText(text: string): SearchText {
  const trimmed = text.trim();
  const terms = splitTerms(trimmed).slice(0, maxTerms);
  return {
    conditions: terms.map((term) => ({ text: term, condition: parseTerm(term) })),
    traceIds: findTraceIds(trimmed),
  };
}

/** `key=value`, as a parameter or a term has it. Undefined without a key. */
export function parseAttribute(text: string): SpanCondition | undefined {
  const at = text.indexOf('=');
  if (at <= 0) return undefined;
  const { value, isQuoted } = unquote(text.slice(at + 1));
  return attributeCondition(text.slice(0, at).trim(), value, isQuoted);
}

/** Some keys name what is no attribute but a column. */
export function attributeCondition(key: string, value: string, isString: boolean): SpanCondition {
  switch (key) {
    case 'service':
    case 'service.name':
      return { kind: 'service', name: value };
    case 'operation':
    case 'name':
      return { kind: 'operation', name: value };
    default:
      return { kind: 'attribute', key, value, isString };
  }
}

/** Splits at blanks outside double quotes. A quote that is never closed is a character like any other. */
function splitTerms(text: string): string[] {
  return text.match(/(?:"(?:[^"\\]|\\.)*"|[^\s"]|")+/g) ?? [];
}

function parseTerm(term: string): SpanCondition {
  if (term === 'error' || term === 'errors') return { kind: 'errors' };
  const duration = parseBound(term);
  if (duration !== undefined) return duration;
  if (!term.startsWith('"')) {
    const attribute = parseAttribute(term);
    if (attribute !== undefined) return attribute;
  }
  return { kind: 'word', text: unquote(term).value };
}

function parseBound(term: string): SpanCondition | undefined {
  const match = /^(>=?|<=?)(.+)$/.exec(term);
  const ns = match?.[2] === undefined ? undefined : parseDurationNs(match[2]);
  if (match === null || ns === undefined || ns < 0) return undefined;
  const whole = BigInt(Math.min(ns, Number.MAX_SAFE_INTEGER));
  switch (match[1]) {
    case '>':
      return { kind: 'least', ns: whole + 1n };
    case '>=':
      return { kind: 'least', ns: whole };
    case '<':
      return { kind: 'most', ns: whole - 1n };
    default:
      return { kind: 'most', ns: whole };
  }
}

function unquote(text: string): { value: string; isQuoted: boolean } {
  if (text.length < 2 || !text.startsWith('"') || !text.endsWith('"')) return { value: text, isQuoted: false };
  return { value: text.slice(1, -1).replaceAll(/\\(.)/g, '$1'), isQuoted: true };
}

/** An id alone, in a `traceparent` header (https://www.w3.org/TR/trace-context/), or in a link to Ariane's or Jaeger's page. */
function findTraceIds(text: string): readonly TraceIdQuery[] {
  const parent = /^(?:traceparent\s*[:=]\s*)?[0-9a-f]{2}-([0-9a-f]{32})-[0-9a-f]{16}-[0-9a-f]{2}$/i.exec(text);
  const link = /^https?:\/\/\S+?\/traces?\/([0-9a-f]{6,32})(?:[/?#]\S*)?$/i.exec(text);
  return parseTraceIdQuery(parent?.[1] ?? link?.[1] ?? text);
}
