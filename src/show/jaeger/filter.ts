/**
 * Structured filters of API v3
 * (https://github.com/jaegertracing/jaeger/blob/main/docs/rfc/0005-structured-query-filters.md) as conditions on a span. What a search
 * here can ask is a conjunction of alternatives: equality, membership, presence, and bounds of the duration. Anything else is refused
 * by name, never ignored.
 */
import { BadInput } from '../../base/errors.ts';
import type { SpanCondition } from '../../query/parse-search-text.ts';
import { type FilterCall, type FilterTerm, maxFilterDepth } from '../../wire/jaeger-api-requests.ts';
import { durationOf } from './go-values.ts';
import { maxConditions } from './parameters.ts';

/** `{"op":"and","args":[{"call":{"op":"eq","args":[{"field":{"name":"name","level":"span"}},{"scalar":{"value":"GET"}}]}}]}` */
export function parseFilterJson(json: string): FilterCall {
  let parsed: unknown;
  try {
    parsed = JSON.parse(json);
  } catch (cause) {
    throw new BadInput(cause instanceof Error ? cause.message : 'malformed JSON', { cause });
  }
  return callOf(parsed, 1);
}

/** Throws `BadInput` naming the operator or the field that a search here cannot ask for. */
export function conditionsOfFilter(filter: FilterCall): SpanCondition[] {
  const conditions = conditionsOfCall(filter);
  const count = conditions.reduce((sum, each) => sum + (each.kind === 'any' ? each.conditions.length : 1), 0);
  if (count > maxConditions) throw new BadInput(`filter asks for ${count} conditions, more than ${maxConditions}`);
  return conditions;
}

function conditionsOfCall({ op, args }: FilterCall): SpanCondition[] {
  const [left, right] = args;
  switch (op) {
    case 'and':
      return callsIn(op, args).flatMap(conditionsOfCall);
    case 'or':
      return [{ kind: 'any', conditions: callsIn(op, args).map(oneCondition) }];
    case 'exists':
      if (args.length !== 1 || left === undefined) throw new BadInput('filter operator exists needs one argument');
      if (left.kind !== 'attr' || !['', 'span'].includes(left.level))
        throw unsupported('exists on anything but a span attribute');
      return [{ kind: 'has', name: left.key }];
    case 'in':
      if (args.length !== 2 || left === undefined || right?.kind !== 'list' || right.values.length === 0) {
        throw new BadInput('filter operator in needs a reference and a list of values');
      }
      return [
        {
          kind: 'any',
          conditions: right.values.map((value) => compare('eq', left, { kind: 'scalar', value, type: right.type })),
        },
      ];
    default:
      if (!comparisons.includes(op)) throw unsupported(`operator ${JSON.stringify(op)}`);
      if (args.length !== 2 || left === undefined || right === undefined) {
        throw new BadInput(`filter operator ${op} needs two arguments, got ${args.length}`);
      }
      if (left.kind === 'scalar' && right.kind !== 'scalar') return [compare(reversed[op] ?? op, right, left)];
      return [compare(op, left, right)];
  }
}

function callsIn(op: string, args: readonly FilterTerm[]): FilterCall[] {
  if (args.length < 2) throw new BadInput(`filter operator ${op} needs at least two arguments`);
  return args.map((term) => {
    if (term.kind !== 'call') throw new BadInput(`filter operator ${op} joins calls only`);
    return term.call;
  });
}

function oneCondition(call: FilterCall): SpanCondition {
  const [condition, ...more] = conditionsOfCall(call);
  if (condition === undefined || more.length > 0) throw unsupported('and inside or');
  if (condition.kind === 'any') throw unsupported('or and in inside or');
  return condition;
}

const comparisons = ['eq', 'gt', 'gte', 'lt', 'lte'];
const reversed: Readonly<Record<string, string>> = { gt: 'lt', gte: 'lte', lt: 'gt', lte: 'gte' };

function compare(op: string, left: FilterTerm, right: FilterTerm): SpanCondition {
  if (right.kind !== 'scalar') throw unsupported('a comparison with anything but a constant');
  const { value, type } = right;
  if (left.kind === 'attr') {
    if (op !== 'eq') throw unsupported(`operator ${op} on attributes`);
    const prefix = attributePrefixes[left.level];
    if (prefix === undefined) throw unsupported(`attributes of level ${JSON.stringify(left.level)}`);
    return { kind: 'attribute', key: prefix + left.key, value, isString: type === 'string' };
  }
  if (left.kind !== 'field') throw unsupported('a comparison of constants');
  const field = `${left.level}.${left.name}`;
  if (field === 'span.duration') return duration(op, durationOf(value));
  if (op !== 'eq') throw unsupported(`operator ${op} on ${field}`);
  switch (field) {
    case 'resource.service':
      return { kind: 'service', name: value };
    case 'span.name':
      return { kind: 'operation', name: value };
    case 'span.kind':
      return { kind: 'attribute', key: 'span.kind', value, isString: false };
    case 'span.status':
      return { kind: 'attribute', key: 'otel.status_code', value, isString: false };
    case 'span.statusMessage':
      return { kind: 'attribute', key: 'otel.status_description', value, isString: false };
    case 'scope.name':
    case 'scope.version':
      return { kind: 'attribute', key: `otel.${field}`, value, isString: false };
    default:
      throw unsupported(`field ${field}`);
  }
}

/** Of level `span` too: an attribute of the span wins where the resource has the same key, and is where it is looked for first. */
const attributePrefixes: Readonly<Record<string, string>> = { '': '', span: '', resource: 'resource.' };

function duration(op: string, ns: bigint): SpanCondition {
  switch (op) {
    case 'gt':
      return { kind: 'least', ns: ns + 1n };
    case 'gte':
      return { kind: 'least', ns };
    case 'lt':
      return { kind: 'most', ns: ns - 1n };
    case 'lte':
      return { kind: 'most', ns };
    default:
      throw unsupported(`operator ${op} on span.duration`);
  }
}

function unsupported(what: string): BadInput {
  return new BadInput(`filter: ${what} is not supported here`);
}

function callOf(value: unknown, depth: number): FilterCall {
  if (depth > maxFilterDepth) throw new BadInput(`filter is nested more than ${maxFilterDepth} deep`);
  const { op, args } = recordOf(value);
  if (typeof op !== 'string') throw new BadInput('filter call needs an op');
  if (!Array.isArray(args)) throw new BadInput('filter call needs a list of args');
  return { op, args: args.map((arg) => termOf(arg, depth)) };
}

function termOf(value: unknown, depth: number): FilterTerm {
  const [[kind, body], ...more] = entriesOf(value);
  if (more.length > 0) throw new BadInput('filter argument: exactly one of attr, field, nested, scalar, list or call');
  switch (kind) {
    case 'attr':
      return { kind, key: stringOf(body, 'key'), level: stringOf(body, 'level') };
    case 'field':
      return { kind, name: stringOf(body, 'name'), level: stringOf(body, 'level') };
    case 'scalar':
      return { kind, value: stringOf(body, 'value'), type: stringOf(body, 'type') };
    case 'call':
      return { kind, call: callOf(body, depth + 1) };
    case 'list':
      return { kind, values: stringsOf(body), type: stringOf(body, 'type') };
    case 'nested':
      return { kind: 'other', name: kind };
    default:
      throw new BadInput(`filter argument ${JSON.stringify(kind)}: expected attr, field, nested, scalar, list or call`);
  }
}

function entriesOf(value: unknown): [[string, unknown], ...[string, unknown][]] {
  const [first, ...more] = Object.entries(recordOf(value));
  if (first === undefined) throw new BadInput('filter argument is empty');
  return [first, ...more];
}

function stringOf(value: unknown, key: string): string {
  const text = recordOf(value)[key] ?? '';
  if (typeof text !== 'string') throw new BadInput(`filter: ${key} must be a string`);
  return text;
}

function stringsOf(body: unknown): string[] {
  const { values } = recordOf(body);
  if (!Array.isArray(values)) throw new BadInput('filter: values must be a list');
  return values.map((value: unknown) => {
    if (typeof value !== 'string') throw new BadInput('filter: values must be strings');
    return value;
  });
}

function recordOf(value: unknown): Readonly<Record<string, unknown>> {
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return { ...value };
  throw new BadInput('filter: expected an object');
}
