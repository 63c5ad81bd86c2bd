/** Supervisor of the engine's process: starts it, waits until it answers, replaces it when it dies, drains it at the end. */
import { type ChildProcess, spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { Agent, type AgentOptions } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { ClickHouseLogLevel, createClient } from '@clickhouse/client';
import { type Clock, systemClock } from '../../base/clock.ts';
import { Overloaded } from '../../base/errors.ts';
import type { Log } from '../../base/log.ts';
import type { Database } from '../database.ts';
import { createDatabase } from './client.ts';
import { engineEnvironment } from './config-file.ts';
import { EngineError, engineCode, engineErrorFrom } from './engine-error.ts';
import { type EngineOptions, type EngineOrder, type EngineReport, engineDefaults } from './options.ts';

export interface EmbeddedEngine {
  readonly database: Database;
  /** Process id of the child that runs now. */
  readonly pid: number | undefined;
  /** Lets what runs finish, at most `withinMs` (5 s), and ends the child. Safe twice. */
  stop(withinMs?: number): Promise<void>;
}

export interface EmbeddedOptions {
  readonly dataDir: string;
  readonly log: Log;
  readonly clock?: Clock;
  readonly limits?: Partial<Pick<EngineOptions, 'readers' | 'maxWaiting' | 'memoryBytes'>>;
  /** How long a request waits for an engine that is being replaced. */
  readonly patienceMs?: number;
  /** How long to wait for a predecessor that lost its parent and is about to let the folder go. */
  readonly folderPatienceMs?: number;
}

const program = fileURLToPath(new URL('../../../bin/engine.js', import.meta.url));
/** Backs off 0.1 s, 0.2 s … 10 s between starts. */
const firstDelayMs = 100;
const maxDelayMs = 10_000;
/** Deaths in a row, each before it answered, after which the state says `failed` (it is still tried). */
const failedAfter = 5;

/** Resolves when the engine answers; rejects when it cannot start, with its own words. */
export async function openEmbedded(options: EmbeddedOptions): Promise<EmbeddedEngine> {
  const { dataDir, log } = options;
  const clock = options.clock ?? systemClock;
  mkdirSync(dataDir, { recursive: true });
  const { socket, removeSocketFolder } = socketPath(dataDir);
  const childOptions: EngineOptions = {
    ...engineDefaults,
    ...options.limits,
    folder: join(dataDir, 'engine'),
    spillFolder: join(dataDir, 'spill'),
    configFile: join(dataDir, 'engine.xml'),
    listen: { socket },
  };
  const patienceMs = options.patienceMs ?? 5_000;
  let state: Database['state'] = 'starting';
  let child: ChildProcess | undefined;
  let isStopping = false;
  let deaths = 0;
  let waiters: (() => void)[] = [];
  const stopped = new AbortController();
  /** The start under way, which `stop` must outlast. */
  let starting: Promise<void> = Promise.resolve();

  function setState(next: Database['state']): void {
    state = next;
    if (next !== 'ready') return;
    for (const wake of waiters) wake();
    waiters = [];
  }

  async function start(): Promise<void> {
    const started = await startEngine(childOptions, log, stopped.signal);
    child = started.child;
    if (isStopping) return;
    started.child.once('exit', (code, signal) => {
      child = undefined;
      if (isStopping) return;
      log.warn('the engine ended and is started again', { code: code ?? undefined, signal: signal ?? undefined });
      setState('restarting');
      restart();
    });
    deaths = 0;
    setState('ready');
  }

  function restart(): void {
    const delayMs = Math.min(firstDelayMs * 2 ** deaths, maxDelayMs);
    clock.after(delayMs, () => {
      if (isStopping) return;
      starting = start().catch((error: unknown) => {
        if (isStopping) return;
        deaths += 1;
        if (deaths >= failedAfter) setState('failed');
        log.error('the engine cannot start', { error: error instanceof Error ? error.message : String(error) });
        restart();
      });
    });
  }

  /** Resolves at the next `ready`, or rejects when that takes too long. */
  function woken(): Promise<void> {
    return new Promise((resolve, reject) => {
      const wake = () => {
        cancel();
        resolve();
      };
      const cancel = clock.after(patienceMs, () => {
        waiters = waiters.filter((w) => w !== wake);
        reject(unavailable('is starting again'));
      });
      waiters.push(wake);
    });
  }

  try {
    await startPatiently(start, dataDir, options.folderPatienceMs ?? 5_000);
  } catch (error) {
    removeSocketFolder();
    throw error;
  }

  const agentOptions: AgentOptions & { socketPath: string } = { socketPath: socket, keepAlive: true, maxSockets: 256 };
  const agent = new Agent(agentOptions);
  const client = createClient({
    url: 'http://localhost',
    http_agent: agent,
    // A slow merge may hold an insert back; what hangs is ended by the limits of each request.
    request_timeout: 600_000,
    keep_alive: { idle_socket_ttl: 60_000 },
    log: { level: ClickHouseLogLevel.OFF },
  });
  const database = createDatabase({
    client,
    state: () => state,
    async ready() {
      if (isStopping) throw unavailable('is stopped');
      if (state === 'ready') return;
      if (state === 'failed') throw unavailable('cannot start');
      await woken();
      if (isStopping) throw unavailable('is stopped');
    },
    async insert(statement, path, settings) {
      await client.command({
        query: statement,
        clickhouse_settings: settings,
        http_headers: { 'X-Ariane-File': path },
      });
    },
  });

  return {
    database,
    get pid() {
      return child?.pid;
    },
    async stop(withinMs = 5_000) {
      if (isStopping) return;
      isStopping = true;
      for (const wake of waiters) wake();
      // One that is starting has nothing to finish.
      if (child === undefined) stopped.abort();
      await starting;
      if (child !== undefined) await stopEngine(child, withinMs);
      await client.close();
      agent.destroy();
      removeSocketFolder();
    },
  };
}

/**
 * Starts one engine process; resolves when it serves, rejects with what it said. Killed when `signal` aborts. Also how tests
 * get one on a TCP port.
 */
export function startEngine(
  options: EngineOptions,
  log: Log,
  signal?: AbortSignal,
): Promise<{ child: ChildProcess; port: number }> {
  const child = spawn(process.execPath, ['--max-semi-space-size=2', program, JSON.stringify(options)], {
    stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
    env: { ...process.env, ...engineEnvironment },
    killSignal: 'SIGKILL',
    ...(signal === undefined ? {} : { signal }),
  });
  // Losing its parent ends it, but not while it hangs.
  const kill = () => child.kill('SIGKILL');
  process.once('exit', kill);
  child.once('close', () => process.off('exit', kill));
  const said: string[] = [];
  child.stderr?.setEncoding('utf8').on('data', (text: string) => {
    for (const line of text.split('\n')) {
      if (line.trim() === '') continue;
      said.push(line);
      if (said.length > 20) said.shift();
      log.warn('the engine says', { line });
    }
  });
  let refusal: EngineError | undefined;
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('message', (report: EngineReport) => {
      if (report.kind === 'ready') resolve({ child, port: report.port });
      else refusal = new EngineError(report.code, report.message);
    });
    // `close` comes after the last line of stderr, where the library says why it could not open a folder.
    child.once('close', (code, signal) => {
      const reason = said.findLast((line) => /Code: \d+/.test(line));
      if (reason !== undefined) reject(engineErrorFrom(reason));
      else
        reject(
          refusal ??
            new EngineError(
              engineCode.unknown,
              `the engine ended before it answered (${signal ?? `exit code ${code}`}): ${said.join(' ')}`,
            ),
        );
    });
  });
}

export async function stopEngine(child: ChildProcess, withinMs: number): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const ended = new Promise<void>((resolve) => child.once('exit', () => resolve()));
  const order: EngineOrder = { kind: 'stop', withinMs };
  if (child.connected) child.send(order, () => {});
  // The child ends itself in time; this is for one that is stuck inside the library.
  const timer = setTimeout(() => child.kill('SIGKILL'), withinMs + 500);
  await ended;
  clearTimeout(timer);
}

async function startPatiently(start: () => Promise<void>, dataDir: string, folderPatienceMs: number): Promise<void> {
  const giveUp = Date.now() + folderPatienceMs;
  for (;;) {
    try {
      return await start();
    } catch (error) {
      const isInUse = error instanceof EngineError && /another server instance/i.test(error.message);
      if (!isInUse) throw error;
      if (Date.now() >= giveUp)
        throw new EngineError(error.code, `data folder ${dataDir} is in use by another process`, { cause: error });
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
  }
}

function unavailable(what: string): Overloaded {
  return new Overloaded(`the store's engine ${what}`, { reason: 'unavailable', retryAfterMs: 1000 });
}

/** A socket's path has at most 107 bytes; a data folder that lies too deep gets a private folder for it elsewhere. */
function socketPath(dataDir: string): { socket: string; removeSocketFolder: () => void } {
  const inside = join(dataDir, 'engine.sock');
  // Nothing to remove: the child does, and a second instance that was refused must not take away the first one's.
  if (Buffer.byteLength(inside) <= 100) return { socket: inside, removeSocketFolder: () => {} };
  const folder = mkdtempSync(join(tmpdir(), 'ariane-'));
  return {
    socket: join(folder, 'engine.sock'),
    removeSocketFolder: () => rmSync(folder, { recursive: true, force: true }),
  };
}
