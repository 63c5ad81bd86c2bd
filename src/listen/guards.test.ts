import { describe, expect, it } from 'vitest';
import type { HttpRequest } from '../base/listener.ts';
import { type Guard, hostGuard, hostName, sameOriginGuard, securityHeaders } from './guards.ts';

function request(method: string, headers: Record<string, string>): HttpRequest {
  return {
    method,
    path: '/',
    params: {},
    query: new URLSearchParams(),
    headers,
    remote: '127.0.0.1',
    closed: new AbortController().signal,
    body: async () => new Uint8Array(),
  };
}

function passes(guard: Guard, method: string, headers: Record<string, string>): boolean {
  const refusal = guard.refuse?.(request(method, headers));
  if (refusal) expect(refusal.status).toBe(403);
  return refusal === undefined;
}

describe('hostGuard', () => {
  const asked = (host: string, ...names: string[]) => passes(hostGuard(names), 'GET', { host });

  it('lets loopback names and addresses through', () => {
    for (const host of [
      'localhost:16686',
      'LOCALHOST',
      'localhost.',
      '127.0.0.1:80',
      '[::1]:16686',
      '10.0.0.7:16686',
    ]) {
      expect([host, asked(host)]).toEqual([host, true]);
    }
  });

  it('refuses any other name, however it looks like ours', () => {
    const names = [
      'evil.example',
      'localhost.evil.example:16686',
      '127.0.0.1.evil.example',
      'localhost@evil',
      '',
      'a b',
    ];
    for (const host of [...names, '[::1', 'localhost:16686:1', '127.0.0.1.']) {
      expect([host, asked(host)]).toEqual([host, host === '127.0.0.1.']);
    }
    expect(passes(hostGuard([]), 'GET', {})).toBe(false);
  });

  it('lets configured names through, with subdomains where told so', () => {
    expect(asked('ariane.example:443', 'Ariane.example')).toBe(true);
    expect(asked('a.ariane.example', 'ariane.example')).toBe(false);
    expect(asked('a.ariane.example', '*.ariane.example')).toBe(true);
    expect(asked('ariane.example', '*.ariane.example')).toBe(false);
    expect(asked('evilariane.example', '*.ariane.example')).toBe(false);
    expect(asked('any.thing', '*')).toBe(true);
  });

  it('reads the name without its port', () => {
    expect(hostName('Example.com:80')).toBe('example.com');
    expect(hostName('[2001:DB8::1]:80')).toBe('2001:db8::1');
    expect(hostName('http://x')).toBeUndefined();
  });
});

describe('sameOriginGuard', () => {
  const own = { host: 'localhost:16686' };

  it('lets reads through, and writes of programs and of our own page', () => {
    const guard = sameOriginGuard();
    expect(passes(guard, 'GET', { ...own, origin: 'https://evil.example' })).toBe(true);
    expect(passes(guard, 'POST', own)).toBe(true);
    expect(passes(guard, 'POST', { ...own, origin: 'http://localhost:16686' })).toBe(true);
    expect(passes(guard, 'DELETE', { ...own, origin: 'http://localhost:16686', 'sec-fetch-site': 'same-origin' })).toBe(
      true,
    );
  });

  it('refuses writes that another origin asks for', () => {
    const guard = sameOriginGuard();
    for (const headers of [
      { origin: 'https://evil.example' },
      { origin: 'http://localhost:3000' },
      { origin: 'null' },
      { 'sec-fetch-site': 'cross-site' },
      { 'sec-fetch-site': 'same-site', origin: 'http://localhost:16686' },
    ]) {
      expect([headers, passes(guard, 'POST', { ...own, ...headers })]).toEqual([headers, false]);
    }
  });

  it('lets a configured origin through', () => {
    const headers = { ...own, origin: 'https://app.example', 'sec-fetch-site': 'cross-site' };
    expect(passes(sameOriginGuard(['https://app.example']), 'POST', headers)).toBe(true);
  });
});

it('the security headers allow what is our own and nothing inline, unless by its hash', () => {
  const headers =
    securityHeaders({ scriptHashes: ['sha256-abc'] }).headers?.(request('GET', {}), { status: 200 }) ?? {};
  const policy = headers['content-security-policy'] ?? '';
  expect(policy).toContain("default-src 'none'");
  expect(policy).toContain("script-src 'self' 'sha256-abc';");
  expect(policy).toContain("style-src 'self';");
  expect(policy).not.toMatch(/unsafe|\*/);
  expect(headers['x-content-type-options']).toBe('nosniff');
});
