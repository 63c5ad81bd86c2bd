import { BadInput, ConfigError } from '../base/errors.ts';
import type { HttpRoute } from '../base/listener.ts';

export interface RouteMatch {
  readonly route: HttpRoute;
  readonly params: Readonly<Record<string, string>>;
}

interface Pattern {
  readonly path: string;
  readonly segments: readonly string[];
  readonly hasRest: boolean;
  readonly methods: Map<string, HttpRoute>;
}

const noParams: Readonly<Record<string, string>> = {};

/** HTTP routes by method and path. A literal segment wins over `:name`, and that over `/*`. */
export class RouteTable {
  private readonly literal = new Map<string, Map<string, HttpRoute>>();
  private patterns: Pattern[] = [];

  get isEmpty(): boolean {
    return this.literal.size === 0 && this.patterns.length === 0;
  }

  add(route: HttpRoute): void {
    const methods = this.methodsAt(route.path);
    if (methods.has(route.method)) throw new ConfigError('', `${route.method} ${route.path} is registered twice`);
    methods.set(route.method, route);
  }

  /** The route and its parameters; the methods allowed where only the path is known; undefined where it is not. */
  find(method: string, path: string): RouteMatch | { readonly allow: readonly string[] } | undefined {
    const asked = method === 'HEAD' ? 'GET' : method;
    const allow = new Set<string>();
    const literal = this.literal.get(path);
    const exact = literal?.get(asked);
    if (exact) return { route: exact, params: noParams };
    for (const name of literal?.keys() ?? []) allow.add(name);
    if (this.patterns.length > 0) {
      const segments = path.split('/');
      for (const pattern of this.patterns) {
        const params = match(pattern, segments);
        if (params === undefined) continue;
        const route = pattern.methods.get(asked);
        if (route) return { route, params };
        for (const name of pattern.methods.keys()) allow.add(name);
      }
    }
    if (allow.size === 0) return undefined;
    if (allow.has('GET')) allow.add('HEAD');
    return { allow: [...allow].sort() };
  }

  private methodsAt(path: string): Map<string, HttpRoute> {
    if (!path.startsWith('/')) throw new ConfigError('', `expected a path that begins with "/", got ${path}`);
    if (!path.includes('/:') && !path.endsWith('/*')) {
      const known = this.literal.get(path) ?? new Map<string, HttpRoute>();
      this.literal.set(path, known);
      return known;
    }
    const known = this.patterns.find((pattern) => pattern.path === path);
    if (known) return known.methods;
    const hasRest = path.endsWith('/*');
    const segments = (hasRest ? path.slice(0, -2) : path).split('/');
    const pattern: Pattern = { path, segments, hasRest, methods: new Map() };
    this.patterns = [...this.patterns, pattern].sort((a, b) => (rank(a) < rank(b) ? -1 : 1));
    return pattern.methods;
  }
}

function rank({ segments, hasRest }: Pattern): string {
  return segments.map((segment) => (segment.startsWith(':') ? '1' : '0')).join('') + (hasRest ? '2' : '');
}

function match(pattern: Pattern, segments: readonly string[]): Record<string, string> | undefined {
  const { segments: wanted, hasRest } = pattern;
  if (hasRest ? segments.length <= wanted.length : segments.length !== wanted.length) return undefined;
  const params: Record<string, string> = {};
  for (const [i, segment] of wanted.entries()) {
    const given = segments[i] ?? '';
    if (!segment.startsWith(':')) {
      if (segment !== given) return undefined;
    } else if (given === '') return undefined;
    else params[segment.slice(1)] = decode(given);
  }
  if (hasRest) params['*'] = decode(segments.slice(wanted.length).join('/'));
  return params;
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch (error) {
    throw new BadInput(`malformed percent-encoding in the path: ${JSON.stringify(text)}`, { cause: error });
  }
}
