/**
 * `${…}` in values, as the Collector resolves it (https://opentelemetry.io/docs/collector/configuration/#environment-variables):
 * `${env:NAME}`, `${env:NAME:-default}`, `${NAME}`, `${file:path}`, and `$$` for a dollar.
 */
import { ConfigError } from '../base/errors.ts';
import { Expanded } from '../base/schema.ts';
import { isTree, parseYamlValue } from './yaml.ts';

export interface Sources {
  readonly env: Readonly<Record<string, string | undefined>>;
  readFile(path: string): string;
  /** A variable that is not set, and has no default: it counts as empty. */
  onUnset(name: string, path: string): void;
}

const reference = /\$\$|\$\{([^{}]*)\}/g;

/** The same tree with every reference in its values replaced. Keys stay. Throws `ConfigError` with the path. */
export function expand(value: unknown, sources: Sources, path = ''): unknown {
  if (typeof value === 'string') return value.includes('$') ? expandText(value, sources, path) : value;
  if (Array.isArray(value)) return value.map((item, i) => expand(item, sources, `${path}[${i}]`));
  if (!isTree(value)) return value;
  const entries = Object.entries(value).map(([key, item]) => [
    key,
    expand(item, sources, path === '' ? key : `${path}.${key}`),
  ]);
  return Object.fromEntries(entries);
}

function expandText(text: string, sources: Sources, path: string): unknown {
  const whole = /^\$\{([^{}]*)\}$/.exec(text)?.[1];
  if (whole !== undefined) return typed(resolve(whole, sources, path), path);
  return text.replace(reference, (_, inner: string | undefined) =>
    inner === undefined ? '$' : (resolve(inner, sources, path) ?? ''),
  );
}

/** A whole value takes the type that its text has in YAML. */
function typed(text: string | undefined, path: string): unknown {
  if (text === undefined) return null;
  let value: unknown;
  try {
    value = parseYamlValue(text, path);
  } catch {
    return text; // a password need not be YAML
  }
  if (typeof value === 'number' || typeof value === 'boolean') return new Expanded(value, text);
  // A text stays as it was given: YAML would take blanks, quotes and comments away.
  return isTree(value) || Array.isArray(value) || value === null ? value : text.trimEnd();
}

function resolve(inner: string, sources: Sources, path: string): string | undefined {
  const [, scheme = 'env', rest = ''] = /^(?:([a-z]+):(?!-))?(.*)$/s.exec(inner) ?? [];
  switch (scheme) {
    case 'env': {
      const [, name, fallback] = /^([A-Za-z_][A-Za-z0-9_]*)(?::-(.*))?$/s.exec(rest) ?? [];
      if (name === undefined) throw new ConfigError(path, `\${${inner}}: expected the name of an environment variable`);
      const value = sources.env[name];
      // As in the Collector a default stands for a variable that is not set, not for an empty one.
      if (value !== undefined) return value;
      if (fallback === undefined) sources.onUnset(name, path);
      return fallback;
    }
    case 'file':
      try {
        return sources.readFile(rest);
      } catch (cause) {
        throw new ConfigError(path, `\${${inner}}: cannot read the file`, { cause });
      }
    default:
      throw new ConfigError(path, `\${${inner}}: unknown scheme; known: env, file; a dollar is written $$`);
  }
}
