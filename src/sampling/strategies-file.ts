/** The strategies of a file or an address, read again from time to time: a change needs no restart. */
import { readFile } from 'node:fs/promises';
import type { Cancel, Clock } from '../base/clock.ts';
import { BadInput, ConfigError, describeError } from '../base/errors.ts';
import type { Log } from '../base/log.ts';
import { defaultStrategies, parseStrategies, type Strategies } from './strategies.ts';

export interface StrategiesFileOptions {
  /** A path, or an `http://` or `https://` address. Empty: only the default. */
  readonly file: string;
  /** 0: never read again. */
  readonly reloadMs: number;
  /** Of services that the file does not name, 0 to 1. */
  readonly defaultRate: number;
  readonly clock: Clock;
  readonly log: Log;
}

export interface StrategiesFile {
  /** As of the last reading that worked. */
  readonly current: Strategies;
  stop(): void;
}

const fetchTimeoutMs = 1_000;
const maxBytes = 16 * 1024 * 1024;

/** Throws `ConfigError` when the first reading fails; later ones are logged, and what was read before stays. */
export async function openStrategiesFile(options: StrategiesFileOptions): Promise<StrategiesFile> {
  const { file, reloadMs, defaultRate, clock, log } = options;
  let current = defaultStrategies(defaultRate);
  if (file === '') return { current, stop: () => {} };
  let known = '';
  let isStopped = false;
  let cancel: Cancel = () => {};

  const read = async () => {
    const text = await load(file);
    if (text === known) return false;
    current = text === '' ? defaultStrategies(defaultRate) : parseStrategies(text, defaultRate);
    known = text;
    for (const warning of current.warnings) log.warn(`${file}: ${warning}`);
    return true;
  };
  const readAgain = async () => {
    try {
      if (await read()) log.info(`sampling strategies read again from ${file}`);
    } catch (error) {
      log.warn(`sampling strategies of ${file} are not taken over: ${describeError(error)}`);
    }
    if (!isStopped) cancel = clock.after(reloadMs, () => void readAgain());
  };

  try {
    await read();
  } catch (cause) {
    if (!(cause instanceof BadInput))
      throw new ConfigError('ariane.sampling.strategies_file', `cannot read ${file}`, { cause });
    throw new ConfigError('ariane.sampling.strategies_file', `${file}: ${cause.message}`, { cause });
  }
  if (reloadMs > 0) cancel = clock.after(reloadMs, () => void readAgain());
  return {
    get current() {
      return current;
    },
    stop() {
      isStopped = true;
      cancel();
    },
  };
}

/** `''` where an address says that it has none yet (503), as Jaeger takes it. */
async function load(file: string): Promise<string> {
  if (!/^https?:\/\//.test(file)) return readFile(file, 'utf8');
  const reply = await fetch(file, { signal: AbortSignal.timeout(fetchTimeoutMs) });
  if (reply.status === 503) return '';
  if (!reply.ok) throw new Error(`${file} answers ${reply.status}`);
  const text = await reply.text();
  if (text.length > maxBytes) throw new Error(`${file} answers more than ${maxBytes} bytes`);
  return text;
}
