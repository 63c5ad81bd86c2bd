/** Endpoints as the Collector writes them: `localhost:4317`, `0.0.0.0:4317`, `[::1]:4317`, `:4317`. */
import { ConfigError } from '../base/errors.ts';

export interface Endpoint {
  /** Without brackets; `''` is every interface. */
  readonly host: string;
  readonly port: number;
}

export function parseEndpoint(text: string, path = ''): Endpoint {
  const [, bracketed, plain, digits] = /^(?:\[([^\]]*)\]|([^:[\]]*)):(\d{1,5})$/.exec(text) ?? [];
  const port = Number(digits);
  if (digits === undefined || port > 65_535) {
    throw new ConfigError(
      path,
      `expected host:port, such as localhost:4317 or [::1]:4317, got ${JSON.stringify(text)}`,
    );
  }
  return { host: bracketed ?? plain ?? '', port };
}

export function formatEndpoint({ host, port }: Endpoint): string {
  return host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`;
}

/** `--port-offset`: the same endpoint `offset` ports further. Port 0 (any free one) stays. */
export function shiftPort(text: string, offset: number, path = ''): string {
  const { host, port } = parseEndpoint(text, path);
  if (port === 0 || offset === 0) return text;
  const shifted = port + offset;
  if (shifted < 1 || shifted > 65_535) {
    throw new ConfigError(path, `port ${port} with a port offset of ${offset} is ${shifted}; expected 1 to 65535`);
  }
  return formatEndpoint({ host, port: shifted });
}

/** `shiftPort`, and `host` in the place of `localhost`: an address that a configuration spells out stays where it is. */
export function moveEndpoint(
  text: string,
  { offset, host, path = '' }: { offset: number; host?: string | undefined; path?: string },
): string {
  const shifted = parseEndpoint(shiftPort(text, offset, path), path);
  return formatEndpoint(host !== undefined && shifted.host === 'localhost' ? { ...shifted, host } : shifted);
}
