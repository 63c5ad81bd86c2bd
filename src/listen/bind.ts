/** Binding one address wherever it stands for several: TCP and UDP alike. */
import { type Address, bindHosts, formatAddress } from './address.ts';

export interface Bound {
  /** The real one, where 0 was asked for. */
  readonly port: number;
  /** `127.0.0.1:4317`, `[::1]:4317`. */
  readonly addresses: readonly string[];
}

/** `bind` opens one socket and gives its port. Throws what it throws, but for what this machine does not have. */
export async function bindAll(wanted: Address, bind: (host: string, port: number) => Promise<number>): Promise<Bound> {
  const [first = '', ...others] = bindHosts(wanted.host);
  const { host, port } = await bindFirst(first, wanted.port, bind);
  const addresses = [formatAddress(host, port)];
  for (const other of others) {
    try {
      await bind(other, port);
      addresses.push(formatAddress(other, port));
    } catch (error) {
      if (!isNoSuchFamily(error)) throw error;
    }
  }
  return { port, addresses };
}

/** Everywhere, on a machine without IPv6, is all of IPv4. */
async function bindFirst(
  host: string,
  port: number,
  bind: (host: string, port: number) => Promise<number>,
): Promise<{ host: string; port: number }> {
  try {
    return { host, port: await bind(host, port) };
  } catch (error) {
    if (host !== '::' || !isNoSuchFamily(error)) throw error;
    return { host: '0.0.0.0', port: await bind('0.0.0.0', port) };
  }
}

function isNoSuchFamily(error: unknown): boolean {
  const code = (error as NodeJS.ErrnoException).code;
  return code === 'EAFNOSUPPORT' || code === 'EADDRNOTAVAIL';
}
