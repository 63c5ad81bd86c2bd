/**
 * Cross-origin requests from browsers (https://fetch.spec.whatwg.org/#http-cors-protocol), configured as the Collector's
 * `cors` block. Off unless an origin is allowed.
 */
import type { HttpReply, HttpRequest } from '../base/listener.ts';
import { type Infer, count, list, object, string } from '../base/schema.ts';

export const corsConfig = object({
  /** `https://app.example`, `https://*.example`, `*`. */
  allowed_origins: list(string()),
  /** Besides those that browsers always may send; `*` allows any. */
  allowed_headers: list(string()),
  exposed_headers: list(string()),
  /** Seconds for which a browser may remember the answer; 0 leaves it to the browser. */
  max_age: count(0),
});

export type CorsConfig = Infer<typeof corsConfig>;

const alwaysAllowed = ['accept', 'content-type', 'content-encoding', 'x-requested-with'];

/** Headers for the answer to a request; none when there is no Origin or it is not allowed. */
export function corsHeaders(config: CorsConfig | undefined, request: HttpRequest): Readonly<Record<string, string>> {
  if (config === undefined || config.allowed_origins.length === 0) return {};
  const origin = request.headers['origin'];
  if (origin === undefined || !config.allowed_origins.some((pattern) => matches(pattern, origin)))
    return { vary: 'origin' };
  const exposed = config.exposed_headers.join(', ');
  return {
    vary: 'origin',
    'access-control-allow-origin': origin,
    'access-control-allow-credentials': 'true',
    ...(exposed === '' ? {} : { 'access-control-expose-headers': exposed }),
  };
}

/** The answer to a preflight request. */
export function preflight(config: CorsConfig | undefined, request: HttpRequest): HttpReply {
  const headers = corsHeaders(config, request);
  if (config === undefined || headers['access-control-allow-origin'] === undefined) return { status: 204, headers };
  const asked = (request.headers['access-control-request-headers'] ?? '').split(',').map((h) => h.trim().toLowerCase());
  const allowed = [...alwaysAllowed, ...config.allowed_headers.map((h) => h.toLowerCase())];
  const granted = asked.filter((h) => h !== '' && (allowed.includes('*') || allowed.includes(h)));
  return {
    status: 204,
    headers: {
      ...headers,
      vary: 'origin, access-control-request-method, access-control-request-headers',
      'access-control-allow-methods': 'POST',
      ...(granted.length === 0 ? {} : { 'access-control-allow-headers': granted.join(', ') }),
      ...(config.max_age === 0 ? {} : { 'access-control-max-age': String(config.max_age) }),
    },
  };
}

/** Case-insensitive, with at most one `*` for any text. */
function matches(pattern: string, origin: string): boolean {
  const [before = '', after] = pattern.toLowerCase().split('*');
  const given = origin.toLowerCase();
  if (after === undefined) return given === before;
  return given.length >= before.length + after.length && given.startsWith(before) && given.endsWith(after);
}
