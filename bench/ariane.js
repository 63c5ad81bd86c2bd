/** Starts Ariane for a measurement, on ports and a folder of its own, and reads what its processes cost (Linux: /proc). */
import { spawn } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';

const root = path.resolve(import.meta.dirname, '..');
const ticksPerSecond = 100; // USER_HZ on Linux

/**
 * @param {{ offset?: number, data?: string, args?: string[], keep?: boolean }} options `data` is kept after `stop`; a temporary folder is not.
 */
export async function startAriane({ offset = 20000, data, args = [] } = {}) {
  const folder = data ?? mkdtempSync(path.join(tmpdir(), 'ariane-bench-'));
  const started = performance.now();
  const flags = ['serve', '--data', folder, '--port-offset', String(offset), ...args];
  const child = spawn(path.join(root, 'bin/ariane'), flags, {
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let output = '';
  child.stdout.on('data', (text) => (output += text));
  child.stderr.on('data', (text) => (output += text));
  const url = `http://127.0.0.1:${16686 + offset}`;
  const health = `http://127.0.0.1:${13133 + offset}/ready`;
  while (!(await answers(health))) {
    if (child.exitCode !== null || performance.now() - started > 30_000)
      throw new Error(`ariane did not start:\n${output}`);
    await sleep(10);
  }
  const readyMs = Math.round(performance.now() - started);
  return {
    url,
    data: folder,
    readyMs,
    grpc: `http://127.0.0.1:${4317 + offset}`,
    http: `http://127.0.0.1:${4318 + offset}`,
    pid: child.pid,
    output: () => output,
    /** CPU µs of all its processes since each began, those that ended included. */
    cpuUs: () => processesOf(child.pid).reduce((sum, pid) => sum + cpuTicks(pid), 0) * (1e6 / ticksPerSecond),
    cpuByProcessUs: () =>
      Object.fromEntries(processesOf(child.pid).map((pid) => [commandOf(pid), cpuTicks(pid) * (1e6 / ticksPerSecond)])),
    /** Resident bytes, summed over its processes. */
    rssBytes: () => processesOf(child.pid).reduce((sum, pid) => sum + rssOf(pid), 0),
    stats: async () => (await fetch(`${url}/api/stats`)).json(),
    /** Resolves when everything acknowledged is in the store. */
    async settled(timeoutMs = 60_000) {
      const until = performance.now() + timeoutMs;
      for (;;) {
        const { signals } = await this.stats();
        if (signals.traces.spooled === 0) return;
        if (performance.now() > until) throw new Error(`still spooled: ${signals.traces.spooled}`);
        await sleep(50);
      }
    },
    /** Resolves when the processes burn less than 5 % of a core over a second: background merges have come to rest. */
    async quiet(timeoutMs = 120_000) {
      const until = performance.now() + timeoutMs;
      for (;;) {
        const before = this.cpuUs();
        await sleep(1000);
        if (this.cpuUs() - before < 50_000 || performance.now() > until) return;
      }
    },
    async stop() {
      const exit = new Promise((resolve) => child.once('exit', resolve));
      if (child.exitCode === null) {
        child.kill('SIGTERM');
        await exit;
      }
      if (data === undefined) rmSync(folder, { recursive: true, force: true });
    },
  };
}

export const sleep = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

export function quantile(values, q) {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(q * sorted.length))] ?? null;
}

async function answers(url) {
  try {
    const reply = await fetch(url);
    return reply.ok;
  } catch {
    return false;
  }
}

/** A process and all that it started. */
function processesOf(pid) {
  const parents = new Map();
  for (const name of readdirSync('/proc')) {
    if (!/^\d+$/.test(name)) continue;
    const stat = read(`/proc/${name}/stat`);
    if (stat) parents.set(Number(name), Number(fieldsOf(stat)[1]));
  }
  const found = [pid];
  for (const at of found) for (const [child, parent] of parents) if (parent === at) found.push(child);
  return found;
}

/** User and system time, with that of children that have ended. */
function cpuTicks(pid) {
  const fields = fieldsOf(read(`/proc/${pid}/stat`) ?? '');
  return fields.slice(11, 15).reduce((sum, ticks) => sum + Number(ticks), 0) || 0;
}

function rssOf(pid) {
  return Number(/VmRSS:\s+(\d+)/.exec(read(`/proc/${pid}/status`) ?? '')?.[1] ?? 0) * 1024;
}

function commandOf(pid) {
  const words = (read(`/proc/${pid}/cmdline`) ?? '').split('\0').filter((word) => !word.startsWith('-'));
  return path.basename(words[1] ?? words[0] ?? String(pid));
}

/** The fields of /proc/PID/stat after the command's name, which may hold blanks. */
function fieldsOf(stat) {
  return stat.slice(stat.lastIndexOf(')') + 2).split(' ');
}

function read(file) {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return undefined; // ended meanwhile
  }
}
