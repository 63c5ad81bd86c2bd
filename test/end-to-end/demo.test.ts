import { afterAll, beforeAll, expect, it } from 'vitest';
import type { DemoState, SearchAnswer, TraceVerdict } from '../../src/show/api/types.ts';
import { type RunningAriane, startAriane } from './ariane.ts';

/** The demo as the page drives it: started by a click, mended by a click, removed by a click. */
let ariane: RunningAriane;

beforeAll(async () => {
  ariane = await startAriane();
});
afterAll(() => ariane?.dispose());

async function click(command: string): Promise<DemoState> {
  const reply = await fetch(`${ariane.url}/api/demo/${command}`, { method: 'POST', headers: { origin: ariane.url } });
  expect(reply.status, await reply.clone().text()).toBe(200);
  return (await reply.json()) as DemoState;
}

/** The newest checkout of those that began after `sinceMs`, when it is stored whole, and the verdict on it. */
function checkoutAfter(sinceMs: number): Promise<TraceVerdict> {
  return ariane.until('a checkout', async () => {
    const query = `service=frontend&operation=GET%20%2Fcheckout&order=newest&limit=1&startUs=${sinceMs * 1000}`;
    const { traces } = await ariane.get<SearchAnswer>(`/api/search?${query}`);
    const [found] = traces;
    return found?.spans === 7 ? ariane.get<TraceVerdict>(`/api/why/${found.traceId}`) : undefined;
  });
}

it('shows where the time goes, shows the change when the index is added, and leaves nothing behind', async () => {
  const startedMs = Date.now();
  expect(await click('start')).toMatchObject({ running: true, hasIndex: false, problem: null });
  const slow = await checkoutAfter(startedMs);
  expect(slow.causes[0]).toMatchObject({ service: 'order', operation: 'SELECT orders', kind: 'database' });
  expect(slow.causes[0]?.contribution_ns).toBeGreaterThan(100e6);

  expect(await click('index')).toMatchObject({ running: true, hasIndex: true, hasData: true });
  await ariane.until('a checkout with a fast query', async () => {
    const { causes } = await checkoutAfter(Date.now());
    const query = causes.find((cause) => cause.operation === 'SELECT orders');
    return (query?.contribution_ns ?? 0) < 50e6 || undefined;
  });

  expect(await click('remove')).toMatchObject({ running: false, hasData: false });
  const { traces } = await ariane.get<SearchAnswer>('/api/search?limit=10');
  expect(traces).toEqual([]);
});

it('ends with the server', async () => {
  const { shopUrl } = await click('start');
  const { tookMs } = await ariane.stop();
  expect(tookMs).toBeLessThan(5_000);
  expect(
    await fetch(shopUrl ?? '').then(
      () => 'answered',
      () => 'gone',
    ),
  ).toBe('gone');
});
