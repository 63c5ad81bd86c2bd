import { execFileSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { type IncomingMessage, request, type RequestOptions } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterEach, describe, expect, it } from 'vitest';
import type { Stats } from '../../src/show/api/types.ts';
import { root, type RunningAriane, startAriane } from './ariane.ts';
import { knownRequest, sendOnce, storedSpanIds } from './spans.ts';

const cleanups: (() => unknown)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).toReversed()) await cleanup();
});

async function start(options?: Parameters<typeof startAriane>[0]): Promise<RunningAriane> {
  const ariane = await startAriane(options);
  cleanups.push(() => ariane.dispose());
  return ariane;
}

const canMount = process.getuid?.() === 0 && canRun('mount', ['--version']);

it.skipIf(!canMount)(
  'a full disk refuses retryably, keeps running, and recovers when there is room',
  { timeout: 90_000 },
  async () => {
    const data = mkdtempSync(join(tmpdir(), 'ariane-full-'));
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=48m', 'tmpfs', data]);
    cleanups.push(() => {
      execFileSync('umount', ['-l', data]);
      rmSync(data, { recursive: true, force: true });
    });
    const ariane = await start({ data });
    const before = knownRequest({ spans: 10 });
    expect((await sendOnce(ariane.http, before)).ok).toBe(true);
    await ariane.until('the first trace', async () =>
      (await storedSpanIds(ariane.url, before.traceId)).length === 10 ? true : undefined,
    );

    const ballast = join(data, 'ballast');
    for (let size = 44; ; size -= 2) {
      try {
        writeFileSync(ballast, Buffer.alloc(size * 2 ** 20));
        break;
      } catch {
        // a little less, then
      }
    }
    const large = 'x'.repeat(2000);
    const acknowledged = [];
    let refusal: Awaited<ReturnType<typeof sendOnce>> | undefined;
    for (let i = 0; i < 200 && refusal === undefined; i++) {
      const request = knownRequest({ spans: 200, payload: `${large}${Math.random()}` });
      const answer = await sendOnce(ariane.http, request);
      if (answer.ok) acknowledged.push(request);
      else refusal = answer;
    }
    expect(refusal?.status).toBeOneOf([429, 503]);
    expect(Number(refusal?.retryAfter)).toBeGreaterThan(0);
    expect((await fetch(`${ariane.health}/live`)).status).toBe(200);

    rmSync(ballast);
    const after = knownRequest({ spans: 10 });
    await ariane.until(
      'sending to work again',
      async () => ((await sendOnce(ariane.http, after)).ok ? true : undefined),
      30_000,
    );
    for (const request of [before, ...acknowledged, after]) {
      await ariane.until(
        'what was acknowledged',
        async () =>
          (await storedSpanIds(ariane.url, request.traceId)).length === request.spanIds.length ? true : undefined,
        30_000,
      );
    }
  },
);

describe('wild clocks', () => {
  it.each([
    ['1677', -9_223_372_036_854_000_000n],
    ['1970', 0n],
    ['2262', 9_223_372_036_000_000_000n],
  ])('a trace dated %s is kept, found by id, and shown with its true time', async (_, startNs) => {
    const ariane = await start();
    const request = knownRequest({ spans: 3, startNs });
    const plain = knownRequest({ spans: 3 });
    expect((await sendOnce(ariane.http, request)).ok).toBe(true);
    expect((await sendOnce(ariane.http, plain)).ok).toBe(true);
    for (const each of [request, plain]) {
      await ariane.until('the trace', async () =>
        (await storedSpanIds(ariane.url, each.traceId)).length === 3 ? true : undefined,
      );
    }
    const { spans } = await ariane.get<{ spans: { startNs: string; durationNs: number }[] }>(
      `/api/trace/${request.traceId}/spans?ids=${request.spanIds[0]}`,
    );
    expect(spans[0]).toMatchObject({ startNs: startNs.toString(), durationNs: 3_000_000 });
  });
});

describe('what is not OTLP', () => {
  it('is refused with a clear error in the encoding of the request, counted, and nothing else is lost', async () => {
    const ariane = await start();
    const good = knownRequest({ spans: 2 });
    const send = (body: Uint8Array<ArrayBuffer> | string, headers: Record<string, string>) =>
      fetch(`${ariane.http}/v1/traces`, { method: 'POST', body, headers });

    const truncated = await send(good.bytes.slice(0, -3), { 'content-type': 'application/x-protobuf' });
    expect(truncated.status).toBe(400);
    expect(truncated.headers.get('content-type')).toContain('application/x-protobuf');
    const brokenJson = await send('{"resourceSpans":[{"scopeSpans":[{"spans":[{"traceId":"xyz"}]}]}]}', {
      'content-type': 'application/json',
    });
    expect(brokenJson.status).toBe(400);
    expect(((await brokenJson.json()) as { message: string }).message).toMatch(/traceId/);
    const notJson = await send('{', { 'content-type': 'application/json' });
    expect(notJson.status).toBe(400);
    const notGzip = await send(good.bytes, { 'content-type': 'application/x-protobuf', 'content-encoding': 'gzip' });
    expect(notGzip.status).toBe(400);
    const bomb = await send(Uint8Array.from(gzipSync(Buffer.alloc(64 * 2 ** 20))), {
      'content-type': 'application/x-protobuf',
      'content-encoding': 'gzip',
    });
    expect(bomb.status).toBe(413);
    const unknownType = await send('hello', { 'content-type': 'text/plain' });
    expect(unknownType.status).toBe(415);
    const unknownEncoding = await send(good.bytes, {
      'content-type': 'application/x-protobuf',
      'content-encoding': 'br',
    });
    expect(unknownEncoding.status).toBe(415);

    expect((await sendOnce(ariane.http, good)).ok).toBe(true);
    await ariane.until('the good one', async () =>
      (await storedSpanIds(ariane.url, good.traceId)).length === 2 ? true : undefined,
    );
    const metrics = await (await fetch(`${ariane.health}/metrics`)).text();
    expect(metrics).toMatch(/ariane_receiver_\w+_total\{[^}]*\} [1-9]/);
  });
});

describe('signals that are not stored yet', () => {
  it('are accepted, counted as not stored, and let go from the spool', async () => {
    const ariane = await start();
    const post = (path: string, body: unknown) =>
      fetch(ariane.http + path, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify(body),
      });
    const gauge = {
      name: 'cpu',
      gauge: {
        dataPoints: [
          { asDouble: 0.9, timeUnixNano: '1' },
          { asInt: '7', timeUnixNano: '2' },
        ],
      },
    };
    const metrics = await post('/v1/metrics', { resourceMetrics: [{ scopeMetrics: [{ metrics: [gauge] }] }] });
    expect(metrics.status).toBe(200);
    const logs = await post('/v1/logs', {
      resourceLogs: [{ scopeLogs: [{ logRecords: [{ body: { stringValue: 'an error at 10:00' } }] }] }],
    });
    expect(logs.status).toBe(200);
    const stats = await ariane.until('both to be let go', async () => {
      const now = await ariane.get<Stats>('/api/stats');
      return now.signals.metrics.not_stored === 2 && now.signals.logs.not_stored === 1 ? now : undefined;
    });
    expect(stats.signals.metrics).toMatchObject({ received: 2, stored: 0, spooled: 0 });
    expect(stats.signals.logs).toMatchObject({ received: 1, stored: 0, spooled: 0 });
  });
});

describe('a browser of another site', () => {
  it('is kept out: unknown hosts, writes from elsewhere, and nothing runs that is not ours', async () => {
    const ariane = await start();
    const port = new URL(ariane.url).port;
    const status = (headers: Record<string, string>, path = '/api/stats', method = 'GET') =>
      statusOf(ariane.url + path, { method, headers });
    expect(await status({})).toBe(200);
    expect(await status({ host: `localhost:${port}` })).toBe(200);
    expect(await status({ host: 'evil.example' })).toBe(403);
    expect(await status({ origin: 'http://evil.example' }, '/api/demo/stop', 'POST')).toBe(403);
    expect(await status({ origin: ariane.url }, '/api/demo/stop', 'POST')).toBe(200);
    const page = await fetch(`${ariane.url}/`);
    const policy = page.headers.get('content-security-policy') ?? '';
    expect(policy).toContain("default-src 'none'");
    expect(policy).not.toContain('unsafe');
    expect(page.headers.get('x-content-type-options')).toBe('nosniff');
  });
});

describe('listening wider than localhost', () => {
  it('is warned of, by flag and by file, and not otherwise', async () => {
    const warning = /WARN .*no login yet.* open="([^"]*)"/;
    const local = await start();
    expect(local.output()).not.toMatch(warning);
    const byFlag = await start({ args: ['--host', '0.0.0.0'] });
    expect(warning.exec(byFlag.output())?.[1]).toContain(`:${16686 + byFlag.offset}`);
    // Merged over the default file: the page alone is open.
    const files = [
      '--config',
      join(root, 'config/default.yaml'),
      '--config',
      'yaml:ariane::query::endpoint: 0.0.0.0:16686',
    ];
    const byFile = await start({ args: files });
    expect(warning.exec(byFile.output())?.[1]).toMatch(new RegExp(`^\\S*:${16686 + byFile.offset}$`));
  });
});

/** By `node:http`, because `fetch` does not let a Host header be set. */
async function statusOf(url: string, options: RequestOptions): Promise<number | undefined> {
  const asked = request(url, options).end();
  const [answer] = (await once(asked, 'response')) as [IncomingMessage];
  answer.resume();
  return answer.statusCode;
}

function canRun(command: string, args: string[]): boolean {
  try {
    execFileSync(command, args, { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
}
