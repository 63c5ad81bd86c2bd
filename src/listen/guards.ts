/** What protects a listener that a browser can reach: pure functions of the request. */
import { isIP } from 'node:net';
import type { HttpReply, HttpRequest } from '../base/listener.ts';
import { json } from '../base/listener.ts';

/** Stands in front of a listener's HTTP routes. */
export interface Guard {
  /** A reply refuses the request before any route sees it. */
  refuse?(request: HttpRequest): HttpReply | undefined;
  /** Headers to add to the answer; the answer's own win. */
  headers?(request: HttpRequest, reply: HttpReply): Readonly<Record<string, string>>;
}

/**
 * Refuses requests whose Host header is none of ours, so that a name which an attacker rebinds to 127.0.0.1 reaches nothing
 * (https://en.wikipedia.org/wiki/DNS_rebinding). `localhost` and IP addresses are ours (what is rebound is a
 * name, so a browser sends that); `names` adds others, where `*.example.org` stands for its subdomains and `*` for any.
 */
export function hostGuard(names: readonly string[]): Guard {
  return {
    refuse(request) {
      const host = hostName(request.headers['host'] ?? '');
      if (host !== undefined && isAllowedHost(host, names)) return undefined;
      const asked = JSON.stringify(request.headers['host'] ?? '');
      return refused(403, `host ${asked} is not served here: add it to the allowed hosts, or use localhost`);
    },
  };
}

/**
 * Refuses writes that a page of another origin asks a browser to send: by Sec-Fetch-Site where the browser says it, by Origin
 * otherwise. Programs send neither and pass. `origins` are allowed besides the listener's own.
 */
export function sameOriginGuard(origins: readonly string[] = []): Guard {
  return {
    refuse(request) {
      if (['GET', 'HEAD', 'OPTIONS'].includes(request.method)) return undefined;
      const origin = request.headers['origin'];
      if (origin !== undefined && origins.includes(origin)) return undefined;
      const site = request.headers['sec-fetch-site'];
      if (site !== undefined && site !== 'same-origin' && site !== 'none') {
        return refused(403, `writes from another site are not accepted (sec-fetch-site: ${site})`);
      }
      if (origin === undefined || originHost(origin) === request.headers['host']?.toLowerCase()) return undefined;
      return refused(403, `writes from ${JSON.stringify(origin)} are not accepted`);
    },
  };
}

/** For answers that a browser shows: nothing from elsewhere is loaded, framed, sniffed or told. */
export function securityHeaders(
  options: { styleHashes?: readonly string[]; scriptHashes?: readonly string[] } = {},
): Guard {
  const policy = [
    "default-src 'none'",
    ["script-src 'self'", ...(options.scriptHashes ?? []).map(quoted)].join(' '),
    ["style-src 'self'", ...(options.styleHashes ?? []).map(quoted)].join(' '),
    "img-src 'self' data:",
    "font-src 'self'",
    "connect-src 'self'",
    "manifest-src 'self'",
    "worker-src 'self'",
    "base-uri 'none'",
    "form-action 'self'",
    "frame-ancestors 'none'",
  ].join('; ');
  const headers = {
    'content-security-policy': policy,
    'x-content-type-options': 'nosniff',
    'x-frame-options': 'DENY',
    'referrer-policy': 'same-origin',
    'cross-origin-opener-policy': 'same-origin',
    'cross-origin-resource-policy': 'same-origin',
  };
  return { headers: () => headers };
}

/** The name in a Host header, lower-case, without port and brackets; undefined when it is malformed. */
export function hostName(header: string): string | undefined {
  const match = /^(?:\[([0-9a-f:.]+)\]|([a-z0-9_.-]+))(?::\d{1,5})?$/i.exec(header.trim());
  return (match?.[1] ?? match?.[2])?.toLowerCase().replace(/\.$/, '');
}

function isAllowedHost(host: string, names: readonly string[]): boolean {
  if (host === 'localhost' || host.endsWith('.localhost') || isIP(host) !== 0) return true;
  return names.some((entry) => {
    const name = entry.toLowerCase();
    if (name === '*' || name === host) return true;
    return name.startsWith('*.') && host.endsWith(name.slice(1)) && host.length > name.length - 1;
  });
}

function originHost(origin: string): string | undefined {
  return URL.canParse(origin) ? new URL(origin).host : undefined;
}

function quoted(hash: string): string {
  return `'${hash}'`;
}

function refused(status: number, message: string): HttpReply {
  return json({ error: { status, message } }, status);
}
