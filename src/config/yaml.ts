/** One YAML text as a plain tree, with limits on what hostile text may cost, and the line of each path. */
import { isNode, LineCounter, parseDocument } from 'yaml';
import { ConfigError, describeError } from '../base/errors.ts';

export type Tree = { readonly [key: string]: unknown };

export interface YamlFile {
  readonly name: string;
  readonly tree: Tree;
  /** `collector.yaml:12` for `receivers.otlp.protocols`, undefined when this text does not say it. */
  readonly locate: (path: string) => string | undefined;
}

const maxBytes = 4 << 20;
// An alias counts once for each node that it stands for, so nested aliases cannot multiply.
const maxAliasCount = 1000;

/** Throws `ConfigError` naming the file and line. An empty text is an empty tree. */
export function parseYaml(text: string, name: string): YamlFile {
  if (text.length > maxBytes) throw new ConfigError('', `${name}: larger than ${maxBytes} bytes`);
  const lines = new LineCounter();
  const value = guard(name, () => {
    const document = parseDocument(text, { lineCounter: lines, merge: true, prettyErrors: false });
    const [error] = document.errors;
    if (error) throw new ConfigError('', `${lines.linePos(error.pos[0]).line}: ${error.message}`);
    return { document, tree: document.toJS({ maxAliasCount }) as unknown };
  });
  const { document } = value;
  const tree = value.tree ?? {};
  if (!isTree(tree)) throw new ConfigError('', `${name}: expected a map with receivers, exporters and service`);
  return {
    name,
    tree,
    locate(path) {
      const node = document.getIn(keysOf(path), true);
      return isNode(node) && node.range ? `${name}:${lines.linePos(node.range[0]).line}` : undefined;
    },
  };
}

/** A value as YAML reads it: `5` is a number, `[a, b]` a list. Throws `ConfigError`. */
export function parseYamlValue(text: string, name: string): unknown {
  return guard(name, () => {
    const document = parseDocument(text, { merge: true, prettyErrors: false });
    const [error] = document.errors;
    if (error) throw error;
    return document.toJS({ maxAliasCount }) as unknown;
  });
}

export function isTree(value: unknown): value is Tree {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

// The parser throws its own errors for too many aliases, and RangeError for nesting that overflows the stack.
function guard<T>(name: string, parse: () => T): T {
  try {
    return parse();
  } catch (error) {
    throw new ConfigError('', `${name}:${error instanceof ConfigError ? '' : ' '}${describeError(error)}`, {
      cause: error,
    });
  }
}

function keysOf(path: string): (string | number)[] {
  return [...path.matchAll(/\[(\d+)\]|[^.[\]]+/g)].map(([key, index]) => (index === undefined ? key : Number(index)));
}
