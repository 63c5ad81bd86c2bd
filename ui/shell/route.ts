/** Addresses as data: pure, so that a link, a redirect and a test read them alike. */

export type Route =
  | { readonly page: 'home' }
  | { readonly page: 'search' }
  | { readonly page: 'trace'; readonly id: string }
  | { readonly page: 'services' }
  | { readonly page: 'settings' }
  | { readonly page: 'unknown'; readonly path: string };

/** The page at a path, or undefined where another part of the server answers (`/api/…`, `/prometheus/…`). */
export function parseRoute(path: string): Route | undefined {
  const parts = path.split('/').filter((part) => part !== '');
  const [first, second, ...rest] = parts;
  if (first === undefined) return { page: 'home' };
  if (['api', 'assets', 'prometheus', 'loki', 'tempo', 'zipkin'].includes(first)) return undefined;
  if (first === 'search' || first === 'services' || first === 'settings') {
    return second === undefined ? { page: first } : { page: 'unknown', path };
  }
  if (first === 'trace' && second !== undefined && rest.length === 0) return { page: 'trace', id: decode(second) };
  return { page: 'unknown', path };
}

/**
 * Where an address of Jaeger's page leads, as `path?query`, or undefined when it is one of ours already. The parameters
 * are those of https://www.jaegertracing.io/docs/latest/frontend-ui/ as its address bar shows them.
 */
export function redirectOf(path: string, params: URLSearchParams): string | undefined {
  const [first, second] = path.split('/').filter((part) => part !== '');
  if (first === 'dependencies') return '/services';
  if (first === 'monitor') return '/';
  if (first === 'trace' && second?.includes('...')) return `/trace/${second.split('...')[0] ?? ''}`;
  if (first === 'trace' && second !== undefined && params.has('uiFind')) {
    const own = new URLSearchParams(params);
    own.set('find', own.get('uiFind') ?? '');
    own.delete('uiFind');
    return `/trace/${second}?${own}`;
  }
  if (first === 'search' && (params.has('lookback') || params.has('tags') || params.has('tag'))) {
    return `/search?${fromJaeger(params)}`;
  }
  return undefined;
}

function fromJaeger(params: URLSearchParams): URLSearchParams {
  const own = new URLSearchParams();
  for (const name of ['service', 'operation', 'minDuration', 'maxDuration', 'limit']) {
    const value = params.get(name);
    if (value !== null && value !== '' && !(name === 'operation' && value === 'all')) own.set(name, value);
  }
  const lookback = params.get('lookback');
  if (lookback !== null && /^\d+[smhdw]$/.test(lookback)) own.set('last', lookback);
  else {
    for (const name of ['start', 'end']) {
      const value = params.get(name);
      if (value !== null && /^\d+$/.test(value)) own.set(name, value);
    }
  }
  for (const [key, value] of jaegerTags(params)) {
    if (key === 'error' && value === 'true') own.set('errors', 'true');
    else own.append('attribute', `${key}=${value}`);
  }
  return own;
}

/** `tags={"k":"v"}` and the older `tag=k:v`. What does not parse is left out. */
function jaegerTags(params: URLSearchParams): [string, string][] {
  const tags: [string, string][] = params.getAll('tag').flatMap((tag) => {
    const colon = tag.indexOf(':');
    return colon > 0 ? [[tag.slice(0, colon), tag.slice(colon + 1)] as [string, string]] : [];
  });
  try {
    const parsed: unknown = JSON.parse(params.get('tags') ?? '{}');
    if (typeof parsed === 'object' && parsed !== null) {
      for (const [key, value] of Object.entries(parsed)) tags.push([key, String(value)]);
    }
  } catch {
    // An address that somebody cut while copying: search without its tags.
  }
  return tags;
}

function decode(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    return part;
  }
}
