import { describe, expect, it } from 'vitest';
import type { HttpReply, HttpRequest } from '../base/listener.ts';
import { type Health, healthRoutes } from './health.ts';

async function ask(health: Partial<Health>, path: string): Promise<[number, unknown]> {
  const routes = healthRoutes({
    isReady: () => true,
    isLive: () => true,
    metricsText: () => 'ariane_x 1\n',
    ...health,
  });
  const reply: HttpReply | undefined = await routes.find((route) => route.path === path)?.handle({} as HttpRequest);
  const body = typeof reply?.body === 'string' ? reply.body : '';
  return [reply?.status ?? 0, path === '/metrics' ? body : JSON.parse(body)];
}

describe('healthRoutes', () => {
  it('says that it is ready, and since when', async () => {
    const health = { startedMs: Date.UTC(2026, 0, 1), nowMs: () => Date.UTC(2026, 0, 1) + 61_500 };
    const body = { status: 'Server available', upSince: '2026-01-01T00:00:00.000Z', uptime: '61s' };
    expect(await ask(health, '/')).toEqual([200, body]);
    expect(await ask(health, '/ready')).toEqual([200, body]);
  });

  it('says why it is not ready, while it lives', async () => {
    const health = { isReady: () => ({ ready: false, reason: 'the store is starting' }) };
    expect(await ask(health, '/ready')).toEqual([
      503,
      { status: 'Server not available', reason: 'the store is starting' },
    ]);
    expect(await ask(health, '/live')).toEqual([200, { status: 'alive' }]);
    expect(await ask({ isLive: () => false }, '/live')).toEqual([503, { status: 'not alive' }]);
  });

  it('gives the metrics as text', async () => {
    expect(await ask({}, '/metrics')).toEqual([200, 'ariane_x 1\n']);
  });
});
