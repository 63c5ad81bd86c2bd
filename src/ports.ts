/** What is said of the ports that were opened, or could not be. */
import { ConfigError } from './base/errors.ts';
import type { Log } from './base/log.ts';
import type { Opened } from './listen/listeners.ts';

/** A port that matters and is taken stops the start (`ConfigError`); another one is a warning. */
export function checkPorts(opened: readonly Opened[], needed: readonly number[], log: Log): void {
  for (const { asked, port, problem } of opened) {
    if (problem === undefined) continue;
    const sentence =
      problem.code === 'EADDRINUSE'
        ? `${asked} is taken by another program; stop it, or move Ariane with --port-offset 100`
        : `cannot listen on ${asked}: ${problem.message}`;
    if (needed.includes(port) && !asked.endsWith('/udp')) throw new ConfigError('', sentence);
    log.warn(sentence);
  }
}

/** Says once what others can reach: nobody is asked for a password. */
export function warnOfOpenPorts(opened: readonly Opened[], log: Log): void {
  const open = opened.flatMap(({ bound }) => bound).filter((address) => !isLoopback(address));
  if (open.length === 0) return;
  log.warn(
    'anybody in the network can read and write: there is no login yet. Put a proxy with one in front, or listen on localhost',
    { open: open.join(', ') },
  );
}

/** Of an address as bound: `127.0.0.1:4317`, `[::1]:4317`, `127.0.0.1:6831/udp`. A host's name may be anything. */
function isLoopback(address: string): boolean {
  return /^(?:127\.\d+\.\d+\.\d+|\[::1\]|localhost):\d+(?:\/udp)?$/.test(address);
}
