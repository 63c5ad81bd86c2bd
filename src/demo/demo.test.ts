import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { silentLog } from '../base/log.ts';
import { diagnoseTrace } from '../diagnose/diagnose-trace.ts';
import type { Span } from '../model/span.ts';
import { buildTrace, rowOfSpan } from '../model/trace.ts';
import { decodeTraces } from '../wire/otlp-proto.ts';
import { createDemo, type Demo } from './demo.ts';

/** These run the real shop (its process needs `npm run build:server`) against a receiver that keeps what arrives. */
describe('the demo', () => {
  let spans: Span[] = [];
  let receiver: Server;
  let demo: Demo;

  beforeEach(async () => {
    spans = [];
    receiver = createServer((request, reply) => {
      const parts: Buffer[] = [];
      request.on('data', (part: Buffer) => parts.push(part));
      request.on('end', () => {
        spans.push(...decodeTraces(Buffer.concat(parts)));
        reply.writeHead(200).end();
      });
    });
    receiver.listen(0, '127.0.0.1');
    await new Promise((listening) => receiver.once('listening', listening));
    demo = createDemo({
      otlpUrl: `http://127.0.0.1:${(receiver.address() as AddressInfo).port}`,
      log: silentLog,
      data: {
        exists: () => Promise.resolve(spans.length > 0),
        remove: () => Promise.resolve(void (spans = [])),
      },
    });
  });
  afterEach(async () => {
    await demo.close();
    receiver.closeAllConnections();
    await new Promise((closed) => receiver.close(closed));
  });

  /** The newest checkout that arrived whole, of those that began after `sinceNs`. */
  async function nextCheckout(sinceNs = 0n): Promise<Span[]> {
    return until('a checkout', () => {
      const root = spans.findLast((s) => s.name === 'GET /checkout' && s.startNs > sinceNs + 1_000_000_000n);
      const trace = spans.filter((s) => s.traceId === root?.traceId);
      return trace.length === 7 ? trace : undefined;
    });
  }

  it('is slow for want of an index, by no sleep, and fast once it is there', async () => {
    expect(await demo.state()).toMatchObject({ running: false, hasData: false, shopUrl: null, problem: null });
    const started = await demo.start();
    expect(started).toMatchObject({ running: true, hasIndex: false, problem: null });

    // The first one runs cold code everywhere.
    const slow = await nextCheckout((await nextCheckout())[0]?.startNs);
    const verdict = verdictOn(slow);
    expect(verdict.causes[0]).toMatchObject({ service: 'order', operation: 'SELECT orders', kind: 'database' });
    expect(verdict.causes[0]?.contribution_ns).toBeGreaterThan(100e6);
    expect(new Set(slow.map((s) => s.resource.service))).toEqual(new Set(['frontend', 'auth', 'order']));
    expect(slow.every((s) => s.resource.attributes.get('ariane.demo') === true)).toBe(true);
    const page = await fetch(`${started.shopUrl}/products`);
    expect([page.status, await page.text()]).toEqual([200, expect.stringContaining('product ')]);

    expect(await demo.addIndex()).toMatchObject({ running: true, hasIndex: true });
    // Whatever else the machine does, the work without the index takes its time, and with it none is left.
    const queries = () => spans.filter((s) => s.name === 'SELECT orders').map(nsOf);
    expect(Math.min(...queries().slice(0, 2))).toBeGreaterThan(100e6);
    await until('a fast query', () => queries().some((ns) => ns < 50e6) || undefined);
    expect((await demo.state()).requests).toBeGreaterThan(1);

    expect(await demo.remove()).toMatchObject({ running: false, hasData: false, shopUrl: null, problem: null });
    expect(
      await fetch(started.shopUrl ?? '').then(
        () => 'answered',
        () => 'gone',
      ),
    ).toBe('gone');
  });

  it('starts once however often it is asked, stops twice, starts again', async () => {
    const [first, second] = await Promise.all([demo.start(), demo.start()]);
    expect(second.shopUrl).toBe(first.shopUrl);
    expect((await demo.start()).shopUrl).toBe(first.shopUrl);
    await demo.stop();
    await demo.stop();
    expect((await demo.start()).shopUrl).not.toBe(first.shopUrl);
  });

  it('says that it must run before an index can be added', async () => {
    await expect(demo.addIndex()).rejects.toThrow('the demo does not run: start it first');
  });

  it('goes on selling while nobody takes its spans', async () => {
    const { shopUrl } = await demo.start();
    receiver.closeAllConnections();
    receiver.close();
    const before = (await demo.state()).requests;
    await until('more requests', async () => (await demo.state()).requests > before + 2 || undefined);
    expect((await fetch(`${shopUrl}/checkout`)).status).toBe(200);
  });
});

function verdictOn(trace: readonly Span[]) {
  return diagnoseTrace(buildTrace(trace[0]?.traceId ?? '', trace.map(rowOfSpan)), { language: 'en', settled: true });
}

function nsOf(span: Span): number {
  return Number(span.endNs - span.startNs);
}

async function until<T>(what: string, check: () => Promise<T | undefined> | T | undefined): Promise<T> {
  const deadline = performance.now() + 20_000;
  for (;;) {
    const value = await check();
    if (value !== undefined) return value;
    if (performance.now() > deadline) throw new Error(`waited in vain for ${what}`);
    await new Promise((wake) => setTimeout(wake, 50));
  }
}
