/** From a condition on a span to SQL over `spans`, by way of the small tables: which shapes have the key, which resources the value. */
import { statusCode } from '../model/span.ts';
import type { Database } from '../store/database.ts';
import type { Bindings } from './bindings.ts';
import { attributeAlternatives, type AttributePlaces, findAttributePlaces } from './attribute-condition.ts';
import { limits } from './limits.ts';
import type { SpanCondition } from './parse-search-text.ts';

/** A condition with what had to be looked up for it. */
export type ResolvedCondition =
  | Exclude<SpanCondition, { kind: 'attribute' | 'word' | 'any' }>
  | { readonly kind: 'any'; readonly conditions: readonly ResolvedCondition[] }
  | { readonly kind: 'kind'; readonly number: number }
  | { readonly kind: 'status'; readonly code: number; readonly negated: boolean }
  | { readonly kind: 'status-message'; readonly text: string }
  | { readonly kind: 'attribute'; readonly places: AttributePlaces }
  | { readonly kind: 'word'; readonly text: string; readonly resources: readonly bigint[] };

/**
 * SQL of the alternatives of one condition, true for the spans that fulfil it. `later` are those that no index serves and that
 * are worth asking only when the first found too little. Each stands for itself, because OR would keep indexes from being used.
 */
export interface Alternatives {
  readonly first: readonly string[];
  readonly later: readonly LaterAlternative[];
}

export interface LaterAlternative {
  /** What to read first, where that leaves few rows; without it the engine's own choice would read everything. */
  readonly prewhere?: string;
  readonly where: string;
}

export async function resolveCondition(
  db: Database,
  condition: SpanCondition,
  signal?: AbortSignal,
): Promise<ResolvedCondition> {
  switch (condition.kind) {
    case 'attribute':
      return (
        columnCondition(condition.key, condition.value) ?? {
          kind: 'attribute',
          places: await findAttributePlaces(db, condition, signal),
        }
      );
    case 'word':
      return { ...condition, resources: await findResourcesWithWord(db, condition.text, signal) };
    case 'any':
      return {
        kind: 'any',
        conditions: await Promise.all(condition.conditions.map((each) => resolveCondition(db, each, signal))),
      };
    default:
      return condition;
  }
}

export function alternativesOf(condition: ResolvedCondition, values: Bindings): Alternatives {
  switch (condition.kind) {
    case 'service':
      return one(`service = ${values.bind('String', condition.name)}`);
    case 'operation':
      return one(`name = ${values.bind('String', condition.name)}`);
    case 'least':
      return one(`duration >= ${values.bind('Int64', condition.ns)}`);
    case 'most':
      return one(`duration <= ${values.bind('Int64', condition.ns)}`);
    case 'errors':
      return one(`status = ${statusCode.error}`);
    case 'has':
      return one(hasSql(values.bind('String', condition.name)));
    case 'kind':
      return one(`kind = ${values.bind('UInt8', condition.number)}`);
    case 'status':
      return one(`status ${condition.negated ? '!=' : '='} ${values.bind('UInt8', condition.code)}`);
    case 'status-message':
      return one(`status_message = ${values.bind('String', condition.text)}`);
    case 'attribute':
      return attributeAlternatives(condition.places, values);
    case 'word':
      return wordAlternatives(condition, values);
    case 'any': {
      const each = condition.conditions.map((inner) => alternativesOf(inner, values));
      return { first: each.flatMap((a) => a.first), later: each.flatMap((a) => a.later) };
    }
  }
}

function one(sql: string): Alternatives {
  return { first: [sql], later: [] };
}

/** Shape 0 keeps key, type and value one after another. */
function hasSql(name: string): string {
  return `(shape IN (SELECT id FROM shapes WHERE has(keys, ${name}))
    OR (shape = 0 AND arrayExists((v, at) -> at % 3 = 1 AND v = ${name}, vals, arrayEnumerate(vals)))
    OR has(events.name, ${name}) OR res_id IN (SELECT id FROM resources WHERE has(keys, ${name})))`;
}

const kinds = ['unspecified', 'internal', 'server', 'client', 'producer', 'consumer'];
const statuses = ['unset', 'ok', 'error'];

/**
 * Keys under which Jaeger's API shows, and lets search, what is no attribute. `error=false` finds all that did not fail.
 * Anything else there (`error=timeout`) is an attribute after all.
 */
function columnCondition(key: string, value: string): ResolvedCondition | undefined {
  const text = value.toLowerCase();
  switch (key) {
    case 'error':
      if (text !== 'true' && text !== 'false') return undefined;
      return { kind: 'status', code: statusCode.error, negated: text === 'false' };
    case 'span.kind':
    case 'kind':
      return kinds.includes(text) ? { kind: 'kind', number: kinds.indexOf(text) } : undefined;
    case 'otel.status_code':
    case 'span.status':
    case 'status':
      return statuses.includes(text) ? { kind: 'status', code: statuses.indexOf(text), negated: false } : undefined;
    case 'otel.status_description':
      return { kind: 'status-message', text: value };
    default:
      return undefined;
  }
}

function wordAlternatives(
  { text, resources }: { readonly text: string; readonly resources: readonly bigint[] },
  values: Bindings,
): Alternatives {
  const word = values.bind('String', text);
  const contains = (column: string) => `positionCaseInsensitiveUTF8(${column}, ${word}) > 0`;
  const first = [`(${contains('name')} OR ${contains('service')})`, `has(vals, ${word})`];
  if (resources.length > 0) {
    first.push(`res_id IN (SELECT arrayJoin(${values.bind('Array(UInt64)', resources)}))`);
  }
  const later = [
    contains('status_message'),
    `arrayExists(v -> ${contains('v')}, vals)`,
    `arrayExists(n -> ${contains('n')}, events.name)`,
    `arrayExists(e -> arrayExists(v -> ${contains('v')}, e), events.vals)`,
  ];
  return { first, later: [{ where: later.join(' OR ') }] };
}

async function findResourcesWithWord(db: Database, text: string, signal?: AbortSignal): Promise<bigint[]> {
  const rows = await db.select<{ id: string }>({
    sql: `SELECT DISTINCT id FROM resources
      WHERE arrayExists(v -> positionCaseInsensitiveUTF8(v, {word:String}) > 0, vals) LIMIT ${limits.dictionaryMatches}`,
    params: { word: text },
    timeoutMs: limits.searchTimeoutMs,
    ...(signal && { signal }),
  });
  return rows.map((row) => BigInt(row.id));
}
