/**
 * Configuration said once: default, check and TypeScript type. A schema turns `unknown` (a parsed YAML node) into a
 * typed value or throws a `ConfigError` that names the path. Unknown keys are refused.
 */
import { parseDurationNs } from './duration.ts';
import { ConfigError } from './errors.ts';

export interface Schema<T> {
  /** `path` is for errors: `receivers.otlp.protocols.grpc`. An `undefined` value asks for the default. */
  parse(value: unknown, path: string): T;
}

export type Infer<S> = S extends Schema<infer T> ? T : never;

/**
 * A value that stood as `${env:NAME}` in YAML: a number or a boolean as YAML reads it, and the text itself for keys that
 * take one, so that a password of digits stays what it was.
 */
export class Expanded {
  readonly value: number | boolean;
  readonly text: string;
  constructor(value: number | boolean, text: string) {
    this.value = value;
    this.text = text;
  }
}

/** A map with these keys and no others; every key is optional where its schema has a default. */
export function object<F extends Record<string, Schema<unknown>>>(fields: F): Schema<{ [K in keyof F]: Infer<F[K]> }> {
  return {
    parse(value, path) {
      const given = value === undefined || value === null ? {} : value;
      if (!isMap(given)) throw new ConfigError(path, `expected a map, got ${show(value)}`);
      const known = Object.keys(fields);
      for (const key of Object.keys(given)) {
        if (!known.includes(key))
          throw new ConfigError(join(path, key), `unknown key; known keys: ${known.join(', ')}`);
      }
      const entries = Object.entries(fields).map(([key, schema]) => [key, schema.parse(given[key], join(path, key))]);
      return Object.fromEntries(entries) as { [K in keyof F]: Infer<F[K]> };
    },
  };
}

/** Any keys, each value by the same schema. Default: empty. */
export function map<T>(item: Schema<T>): Schema<Record<string, T>> {
  return {
    parse(value, path) {
      const given = value === undefined || value === null ? {} : value;
      if (!isMap(given)) throw new ConfigError(path, `expected a map, got ${show(value)}`);
      return Object.fromEntries(Object.entries(given).map(([key, v]) => [key, item.parse(v, join(path, key))]));
    },
  };
}

export function list<T>(item: Schema<T>, fallback: readonly T[] = []): Schema<readonly T[]> {
  return {
    parse(value, path) {
      if (value === undefined || value === null) return fallback;
      if (!Array.isArray(value)) throw new ConfigError(path, `expected a list, got ${show(value)}`);
      return value.map((v, i) => item.parse(v, `${path}[${i}]`));
    },
  };
}

/** Absent stays absent: for a block that is switched on by naming it (`protocols.grpc`). An empty block counts as named. */
export function optional<T>(inner: Schema<T>): Schema<T | undefined> {
  return { parse: (value, path) => (value === undefined ? undefined : inner.parse(value, path)) };
}

export function string(fallback?: string): Schema<string> {
  return scalar('a string', fallback, (v) => (typeof v === 'string' ? v : undefined));
}

export function boolean(fallback?: boolean): Schema<boolean> {
  return scalar('true or false', fallback, (v) => (typeof v === 'boolean' ? v : undefined));
}

/** A whole number ≥ 0. */
export function count(fallback?: number): Schema<number> {
  return scalar('a whole number of at least 0', fallback, (v) =>
    typeof v === 'number' && Number.isSafeInteger(v) && v >= 0 ? v : undefined,
  );
}

export function number(fallback?: number): Schema<number> {
  return scalar('a number', fallback, (v) => (typeof v === 'number' && Number.isFinite(v) ? v : undefined));
}

/** A Go duration, in milliseconds here: `5s` is 5000. */
export function durationMs(fallback?: string): Schema<number> {
  const read = (v: unknown) => {
    const ns = typeof v === 'string' ? parseDurationNs(v) : v === 0 ? 0 : undefined;
    return ns === undefined ? undefined : ns / 1e6;
  };
  return scalar('a duration such as 200ms, 5s or 1h', fallback === undefined ? undefined : read(fallback), read);
}

/** A size: a number of bytes, or text such as `512MB`, `10GiB`. `MB` and `MiB` are both powers of 1024, as disks of logs are counted. */
export function bytes(fallback?: string): Schema<number> {
  const read = (v: unknown) => {
    if (typeof v === 'number') return Number.isSafeInteger(v) && v >= 0 ? v : undefined;
    const m = typeof v === 'string' ? /^(\d+(?:\.\d+)?)\s*([KMGT]?)i?B?$/i.exec(v) : null;
    return m ? Math.round(Number(m[1]) * 1024 ** ' KMGT'.indexOf((m[2] || ' ').toUpperCase())) : undefined;
  };
  return scalar('a size such as 64MiB or 10GB', fallback === undefined ? undefined : read(fallback), read);
}

export function oneOf<const T extends string>(choices: readonly T[], fallback?: T): Schema<T> {
  return scalar(`one of ${choices.join(', ')}`, fallback, (v) => choices.find((c) => c === v));
}

function scalar<T>(expected: string, fallback: T | undefined, read: (value: unknown) => T | undefined): Schema<T> {
  return {
    parse(value, path) {
      if (value === undefined || value === null) {
        if (fallback !== undefined) return fallback;
        throw new ConfigError(path, `missing; expected ${expected}`);
      }
      const result = value instanceof Expanded ? (read(value.value) ?? read(value.text)) : read(value);
      if (result === undefined) throw new ConfigError(path, `expected ${expected}, got ${show(value)}`);
      return result;
    },
  };
}

function isMap(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value) && !(value instanceof Expanded);
}

function join(path: string, key: string): string {
  return path === '' ? key : `${path}.${key}`;
}

function show(value: unknown): string {
  const text = JSON.stringify(value instanceof Expanded ? value.value : value) ?? String(value);
  return text.length > 60 ? `${text.slice(0, 57)}...` : text;
}
