import { isIP } from 'node:net';
import { ConfigError } from '../base/errors.ts';

/** Where to bind. */
export interface Address {
  /** `localhost`: both loopback addresses. `all`: every interface. Otherwise one host. */
  readonly host: string;
  readonly port: number;
}

const loopback = new Set(['localhost', '127.0.0.1', '::1']);
const wildcard = new Set(['', '*', '0.0.0.0', '::']);

/** `localhost:4317`, `:4317`, `0.0.0.0:4317`, `[::1]:4317`, `10.0.0.7:4317`, `host.example:4317`. Port 0 takes a free one. */
export function parseAddress(text: string): Address {
  const match = /^(?:\[([^\]]*)\]|([^:[\]]*)):(\d{1,5})$/.exec(text.trim());
  const port = Number(match?.[3]);
  if (!match || port > 65535) {
    throw new ConfigError('', `expected an address such as localhost:4317 or :4317, got ${JSON.stringify(text)}`);
  }
  const host = (match[1] ?? match[2] ?? '').toLowerCase();
  if (match[1] !== undefined && isIP(host) !== 6) {
    throw new ConfigError('', `expected an IPv6 address in brackets, got ${JSON.stringify(text)}`);
  }
  return { host: wildcard.has(host) ? 'all' : host, port };
}

/** Two addresses with one key are one listener: any way of writing loopback, any way of writing "everywhere". */
export function addressKey({ host, port }: Address): string {
  return `${loopback.has(host) ? 'localhost' : host}:${port}`;
}

/** The hosts to bind together: the first must succeed, the others may be missing on this machine. */
export function bindHosts(host: string): readonly string[] {
  if (host === 'localhost') return ['127.0.0.1', '::1'];
  return host === 'all' ? ['::'] : [host];
}

/** `127.0.0.1:4317`, `[::1]:4317`. */
export function formatAddress(host: string, port: number): string {
  return host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`;
}
