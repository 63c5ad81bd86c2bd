/** From `--config` arguments and the environment to a `Config`. */
import { readFileSync } from 'node:fs';
import { basename } from 'node:path';
import { fileURLToPath } from 'node:url';
import { ConfigError } from '../base/errors.ts';
import { type Config, readConfig } from './config.ts';
import { expand, type Sources } from './expand.ts';
import { isTree, parseYaml, type Tree, type YamlFile } from './yaml.ts';

export interface LoadOptions {
  /** Paths, or `file:path`, `env:NAME`, `yaml:key::sub: value`, as the Collector's `--config` takes them. Later ones win. */
  readonly files: readonly string[];
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly readFile?: (path: string) => string;
}

/** The pipeline that runs when nobody gave one. */
export const defaultConfigPath = fileURLToPath(new URL('../../config/default.yaml', import.meta.url));

/** Throws `ConfigError`, its text ending in the file and line where these are known. */
export function loadConfig(options: LoadOptions): Config {
  const warnings: string[] = [];
  const sources: Sources = {
    env: options.env,
    readFile: options.readFile ?? ((path) => readFileSync(path, 'utf8')),
    onUnset: (name, path) => warnings.push(`${path}: environment variable ${name} is not set; taken as empty`),
  };
  const files = options.files.map((source) => readSource(source, sources));
  const locate = (path: string) => lastDefined(files.map((file) => file.locate(path)));
  return withLocation(locate, () => {
    const tree = files.reduce<Tree>((merged, file) => merge(merged, file.tree), {});
    const config = readConfig(expand(tree, sources));
    return { ...config, warnings: [...warnings, ...config.warnings], locate };
  });
}

/** Runs `read`; a `ConfigError` out of it gets the file and line of its path, or of the nearest path above. */
export function withLocation<T>(locate: Config['locate'], read: () => T): T {
  try {
    return read();
  } catch (error) {
    if (!(error instanceof ConfigError) || error.path === '') throw error;
    const place = nearest(error.path, locate);
    if (place === undefined) throw error;
    throw new ConfigError(error.path, `${error.message.slice(error.path.length + 2)} (${place})`, {
      cause: error.cause,
    });
  }
}

function nearest(path: string, locate: Config['locate']): string | undefined {
  for (let at = path; at !== ''; at = at.replace(/(?:^|\.|\[)[^.[]*$/, '')) {
    const place = locate(at);
    if (place !== undefined) return place;
  }
  return undefined;
}

function readSource(source: string, sources: Sources): YamlFile {
  const [, scheme, rest = ''] = /^(file|env|yaml):(.*)$/s.exec(source) ?? [undefined, 'file', source];
  switch (scheme) {
    case 'env': {
      const text = sources.env[rest];
      if (text === undefined) throw new ConfigError('', `--config ${source}: the variable is not set`);
      return parseYaml(text, source);
    }
    case 'yaml': {
      const file = parseYaml(rest, 'yaml:');
      return { ...file, tree: splitKeys(file.tree) };
    }
    default:
      try {
        return parseYaml(sources.readFile(rest), basename(rest));
      } catch (error) {
        if (error instanceof ConfigError) throw error;
        throw new ConfigError('', `cannot read the configuration ${rest}`, { cause: error });
      }
  }
}

/** `a::b: 1` is `a: {b: 1}`. */
function splitKeys(tree: Tree): Tree {
  return Object.entries(tree).reduce<Tree>((merged, [key, value]) => {
    const nested = key.split('::').reduceRight<unknown>((inner, part) => ({ [part]: inner }), value);
    return isTree(nested) ? merge(merged, nested) : merged;
  }, {});
}

/** Maps are merged key by key; anything else, lists too, is replaced, as in the Collector. */
function merge(under: Tree, over: Tree): Tree {
  const result: Record<string, unknown> = { ...under };
  for (const [key, value] of Object.entries(over)) {
    const below = Object.hasOwn(under, key) ? under[key] : undefined;
    result[key] = isTree(below) && isTree(value) ? merge(below, value) : value;
  }
  return result;
}

function lastDefined<T>(values: readonly (T | undefined)[]): T | undefined {
  return values.findLast((value) => value !== undefined);
}
