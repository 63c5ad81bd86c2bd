/** Ariane as its users run it: the real program in a process of its own, on a folder and ports of its own. */
import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import net from 'node:net';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';

export const root = resolve(import.meta.dirname, '../..');

export interface RunningAriane {
  readonly url: string;
  readonly grpc: string;
  readonly http: string;
  readonly health: string;
  readonly data: string;
  readonly offset: number;
  readonly pid: number;
  output(): string;
  /** `GET` of a path as JSON; throws when the answer is not 2xx. */
  get<T>(path: string): Promise<T>;
  /** Resolves when `check` gives a value, asking every 50 ms. */
  until<T>(what: string, check: () => Promise<T | undefined> | T | undefined, timeoutMs?: number): Promise<T>;
  /** SIGTERM; resolves with the exit code and how long it took. */
  stop(): Promise<{ code: number | null; tookMs: number }>;
  /** SIGKILL of the server itself: no chance to tidy up. */
  kill(): Promise<void>;
  /** Stops if needed and removes the data. */
  dispose(): Promise<void>;
}

export async function startAriane(
  options: { data?: string; offset?: number; args?: readonly string[] } = {},
): Promise<RunningAriane> {
  const data = options.data ?? mkdtempSync(join(tmpdir(), 'ariane-e2e-'));
  const offset = options.offset ?? (await freeOffset());
  const args = ['bin/ariane.js', 'serve', '--data', data, '--port-offset', String(offset), ...(options.args ?? [])];
  const child = spawn(process.execPath, args, { cwd: root, stdio: ['ignore', 'pipe', 'pipe'] });
  let output = '';
  child.stdout.on('data', (text: Buffer) => (output += text.toString()));
  child.stderr.on('data', (text: Buffer) => (output += text.toString()));
  const at = (port: number) => `http://127.0.0.1:${port + offset}`;

  const running: RunningAriane = {
    url: at(16686),
    grpc: at(4317),
    http: at(4318),
    health: at(13133),
    data,
    offset,
    pid: child.pid ?? 0,
    output: () => output,
    async get<T>(path: string): Promise<T> {
      const reply = await fetch(at(16686) + path);
      if (!reply.ok) throw new Error(`GET ${path}: ${reply.status} ${await reply.text()}`);
      return (await reply.json()) as T;
    },
    until: (what, check, timeoutMs = 15_000) => until(`${what}; ariane said:\n${output}`, check, timeoutMs),
    async stop() {
      const started = performance.now();
      if (child.exitCode === null && child.signalCode === null) child.kill('SIGTERM');
      await ended(child);
      return { code: child.exitCode, tookMs: performance.now() - started };
    },
    async kill() {
      child.kill('SIGKILL');
      await ended(child);
    },
    async dispose() {
      await running.stop();
      if (options.data === undefined) rmSync(data, { recursive: true, force: true });
    },
  };
  await until(
    'ariane to be ready',
    async () => {
      if (child.exitCode !== null) throw new Error(`ariane ended with ${child.exitCode}:\n${output}`);
      return (await isOk(`${running.health}/ready`)) || undefined;
    },
    20_000,
  );
  return running;
}

export async function until<T>(
  what: string,
  check: () => Promise<T | undefined> | T | undefined,
  timeoutMs = 15_000,
): Promise<T> {
  const deadline = performance.now() + timeoutMs;
  for (;;) {
    const value = await check();
    if (value !== undefined) return value;
    if (performance.now() > deadline) throw new Error(`waited ${timeoutMs} ms in vain for ${what}`);
    await new Promise((wake) => setTimeout(wake, 50));
  }
}

async function isOk(url: string): Promise<boolean> {
  try {
    return (await fetch(url)).ok;
  } catch {
    return false;
  }
}

function ended(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return Promise.resolve();
  return new Promise((wake) => child.once('exit', () => wake()));
}

/** An offset at which the ports that matter are free. */
export async function freeOffset(): Promise<number> {
  for (;;) {
    const offset = 10_000 + Math.floor(Math.random() * 3000) * 10;
    const free = await Promise.all([16686, 4317, 4318, 13133].map((port) => isFree(port + offset)));
    if (free.every(Boolean)) return offset;
  }
}

function isFree(port: number): Promise<boolean> {
  return new Promise((tell) => {
    const server = net.createServer();
    server.once('error', () => tell(false));
    server.listen(port, '127.0.0.1', () => server.close(() => tell(true)));
  });
}
