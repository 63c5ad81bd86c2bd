import { readFileSync } from 'node:fs';
import { afterEach, describe, expect, it } from 'vitest';
import type { Stats } from '../../src/show/api/types.ts';
import { type RunningAriane, freeOffset, root, startAriane, until } from './ariane.ts';
import { type KnownRequest, knownRequest, sendOnce, storedSpanIds } from './spans.ts';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const cleanups: (() => unknown)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).toReversed()) await cleanup();
});

it('kill -9 of the server and of the engine during load: what was acknowledged is read back, each span once', {
  timeout: 120_000,
}, async () => {
  const data = mkdtempSync(join(tmpdir(), 'ariane-kill-'));
  cleanups.push(() => rmSync(data, { recursive: true, force: true }));
  const offset = await freeOffset();
  let ariane = await startAriane({ data, offset });
  cleanups.push(() => ariane.dispose());

  const sending = new AbortController();
  const acknowledged: KnownRequest[] = [];
  let unanswered = 0;
  const senders = Array.from({ length: 4 }, async () => {
    while (!sending.signal.aborted) {
      const request = knownRequest({ spans: 100 });
      // As an SDK does: the same request again until it is acknowledged.
      while (!(await sendOnce(ariane.http, request)).ok) {
        unanswered++;
        await pause(50);
      }
      acknowledged.push(request);
      await pause(5);
    }
  });

  for (const victim of ['server', 'engine', 'server', 'engine', 'server'] as const) {
    await pause(700 + Math.random() * 600);
    if (victim === 'engine') process.kill(engineOf(ariane), 'SIGKILL');
    else {
      await ariane.kill();
      ariane = await startAriane({ data, offset });
    }
  }
  await pause(500);
  sending.abort();
  await Promise.all(senders);
  await settled(ariane);
  expect(unanswered).toBeGreaterThan(0);

  const sent = acknowledged.flatMap((request) => request.spanIds);
  const read: string[] = [];
  for (const request of acknowledged) read.push(...(await storedSpanIds(ariane.url, request.traceId)));
  expect(read.length).toBe(sent.length);
  expect(new Set(read)).toEqual(new Set(sent));
});

it('SIGTERM drains and ends within 5 s; a second start finds everything', async () => {
  const data = mkdtempSync(join(tmpdir(), 'ariane-term-'));
  cleanups.push(() => rmSync(data, { recursive: true, force: true }));
  const first = await startAriane({ data });
  const requests = Array.from({ length: 50 }, () => knownRequest({ spans: 20 }));
  for (const request of requests) expect((await sendOnce(first.http, request)).ok).toBe(true);
  const { code, tookMs } = await first.stop();
  expect(code).toBe(0);
  expect(tookMs).toBeLessThan(5000);

  const second = await startAriane({ data });
  cleanups.push(() => second.dispose());
  await settled(second);
  for (const request of requests) {
    expect((await storedSpanIds(second.url, request.traceId)).sort()).toEqual([...request.spanIds].sort());
  }
});

describe('SIGTERM ends within 5 s and loses nothing', () => {
  const batching = `yaml:{processors: {batch: {timeout: 30s}}, service: {pipelines: {traces: {processors: [batch]}}}}`;
  const defaults = join(root, 'config/default.yaml');
  it.each([
    ['while the engine hangs in the middle of an insert', 'SIGSTOP', 0, []],
    [
      'while the engine hangs and a processor holds what it was given',
      'SIGSTOP',
      0,
      ['--config', defaults, '--config', batching],
    ],
    ['when the engine has just died', 'SIGKILL', 0, []],
    ['while the engine is started again', 'SIGKILL', 150, []],
  ] as const)('%s', { timeout: 60_000 }, async (_, signal, afterMs, args) => {
    const data = mkdtempSync(join(tmpdir(), 'ariane-term-'));
    cleanups.push(() => rmSync(data, { recursive: true, force: true }));
    const first = await startAriane({ data, args });
    const engine = engineOf(first);
    // Whatever comes of the test, the process that sleeps must not stay.
    cleanups.push(() => isRunning(engine) && process.kill(engine, 'SIGKILL'));
    process.kill(engine, signal);
    const request = knownRequest({ spans: 20 });
    expect((await sendOnce(first.http, request)).ok).toBe(true);
    // A page follows the figures, as pages do.
    const page = await fetch(`${first.url}/api/live`);
    cleanups.push(() => page.body?.cancel().catch(() => {}));
    await pause(signal === 'SIGSTOP' ? 1000 : afterMs);
    const { code, tookMs } = await first.stop();
    expect(code).toBe(0);
    expect(tookMs).toBeLessThan(5000);
    await until('the engine to be gone', () => (isRunning(engine) ? undefined : true));

    const second = await startAriane({ data });
    cleanups.push(() => second.dispose());
    await settled(second);
    expect((await storedSpanIds(second.url, request.traceId)).sort()).toEqual([...request.spanIds].sort());
  });
});

it('a second instance on the same data folder is refused with one clear sentence', async () => {
  const ariane = await startAriane();
  cleanups.push(() => ariane.dispose());
  await expect(startAriane({ data: ariane.data })).rejects.toThrow(/data folder .* is in use by process \d+/);
  expect((await fetch(`${ariane.health}/ready`)).status).toBe(200);
});

async function settled(ariane: RunningAriane): Promise<void> {
  await ariane.until(
    'the spool to be empty',
    async () => ((await ariane.get<Stats>('/api/stats')).signals.traces.spooled === 0 ? true : undefined),
    30_000,
  );
}

/** The engine is the only child of the server. */
function engineOf(ariane: RunningAriane): number {
  const children = readFileSync(`/proc/${ariane.pid}/task/${ariane.pid}/children`, 'utf8').trim().split(' ');
  return Number(children[0]);
}

function isRunning(pid: number): boolean {
  try {
    return !/ [ZX] /.test(readFileSync(`/proc/${pid}/stat`, 'utf8'));
  } catch {
    return false;
  }
}

function pause(ms: number): Promise<void> {
  return new Promise((wake) => setTimeout(wake, ms));
}
