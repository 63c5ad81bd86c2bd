import { expect, test } from 'vitest';
import { manualClock } from '../../base/clock.ts';
import { silentLog } from '../../base/log.ts';
import { createMetrics } from '../../base/metrics.ts';
import { createHealthCheck } from './health-check.ts';

test('the routes open on its endpoint, the overall one at its path, and only once started', async () => {
  const opened: string[] = [];
  const listeners = {
    at: (address: string) => ({
      address,
      http: (r: { path: string }) => void opened.push(address + r.path),
      grpc() {},
    }),
    udp() {},
  };
  const handle = () => ({ status: 200 });
  const type = createHealthCheck(['/', '/ready', '/live'].map((path) => ({ method: 'GET', path, handle }) as const));
  const config = type.config.parse({ endpoint: 'localhost:1', path: '/healthz' }, 'extensions.health_check');
  const context = { id: 'health_check', log: silentLog, metrics: createMetrics(), clock: manualClock(), listeners };
  const extension = type.create(config, context);
  expect(opened).toEqual([]);
  await extension.start?.();
  expect(opened).toEqual(['localhost:1/healthz', 'localhost:1/ready', 'localhost:1/live']);
  await extension.stop();
});
