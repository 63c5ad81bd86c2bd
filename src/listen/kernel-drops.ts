/** Datagrams that Linux threw away because a socket's receive buffer was full (https://man7.org/linux/man-pages/man5/proc.5.html). */
import { readFileSync } from 'node:fs';

/**
 * The drops of the sockets bound to `port`, from the text of `/proc/net/udp` or `/proc/net/udp6`: of each line the second
 * field is the local address (`0100007F:1AAF`), the last one the drops.
 */
export function dropsOf(table: string, port: number): number {
  const suffix = `:${port.toString(16).toUpperCase().padStart(4, '0')}`;
  let drops = 0;
  for (const line of table.split('\n')) {
    const fields = line.trim().split(/\s+/);
    if (fields[1]?.endsWith(suffix)) drops += Number(fields.at(-1)) || 0;
  }
  return drops;
}

/** Since the sockets were opened, over IPv4 and IPv6. Undefined where the system does not tell. */
export function kernelDrops(port: number): number | undefined {
  let known: number | undefined;
  for (const file of ['/proc/net/udp', '/proc/net/udp6']) {
    try {
      known = (known ?? 0) + dropsOf(readFileSync(file, 'latin1'), port);
    } catch {
      // Not Linux, or no IPv6.
    }
  }
  return known;
}
