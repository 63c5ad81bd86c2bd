/** The health endpoints of 13133 (and 14269, where Jaeger 1.x is probed) and the metrics text. */
import type { HttpReply, HttpRoute } from '../base/listener.ts';
import { json } from '../base/listener.ts';

export interface Health {
  /** Whether requests can be taken and answered now. A reason is shown while they cannot. */
  isReady(): boolean | { readonly ready: boolean; readonly reason?: string };
  /** Whether the process should go on living; false asks an orchestrator to restart it. */
  isLive(): boolean;
  /** Own metrics in Prometheus text format. */
  readonly metricsText: () => string | Promise<string>;
  /** When the process started, ms since the epoch. */
  readonly startedMs?: number;
  readonly nowMs?: () => number;
}

/** `/` and `/ready`: 200 when ready, else 503. `/live`: 200 while alive. `/metrics`: Prometheus text. */
export function healthRoutes(health: Health): readonly HttpRoute[] {
  const ready = () => {
    const state = health.isReady();
    return typeof state === 'boolean' ? { ready: state } : state;
  };
  const answer = (ok: boolean, good: string, bad: string, reason?: string): HttpReply => {
    const upSince = health.startedMs === undefined ? {} : since(health.startedMs, (health.nowMs ?? Date.now)());
    const why = reason === undefined ? {} : { reason };
    return json({ status: ok ? good : bad, ...why, ...upSince }, ok ? 200 : 503, { 'cache-control': 'no-store' });
  };
  const readiness = () => {
    const state = ready();
    return answer(state.ready, 'Server available', 'Server not available', state.reason);
  };
  return [
    { method: 'GET', path: '/', handle: readiness },
    { method: 'GET', path: '/ready', handle: readiness },
    { method: 'GET', path: '/live', handle: () => answer(health.isLive(), 'alive', 'not alive') },
    ...metricsRoutes(health.metricsText),
  ];
}

/** `/metrics` alone, for a port that has no health (8888). */
export function metricsRoutes(metricsText: Health['metricsText']): readonly HttpRoute[] {
  const contentType = 'text/plain; version=0.0.4; charset=utf-8';
  return [
    {
      method: 'GET',
      path: '/metrics',
      handle: async () => ({ status: 200, headers: { 'content-type': contentType }, body: await metricsText() }),
    },
  ];
}

// The Collector's health_check says the same two things.
function since(startedMs: number, nowMs: number): { upSince: string; uptime: string } {
  return { upSince: new Date(startedMs).toISOString(), uptime: `${Math.floor((nowMs - startedMs) / 1000)}s` };
}
