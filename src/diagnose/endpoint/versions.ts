/** Which version appeared where it began. */
import { attributeText } from '../../model/attributes.ts';
import { serviceOf } from '../scene.ts';
import type { EndpointVerdict } from '../verdict-types.ts';
import type { Observation } from './observe.ts';

/** Only what came in the half hour before can have to do with it. */
const longestBeforeMs = 30 * 60_000;

/** The version that none of the earlier calls met and that was first met last before `sinceMs`. */
export function findAppeared(
  sinceMs: number | undefined,
  slow: readonly Observation[],
  usual: readonly Observation[],
): EndpointVerdict['appeared'] {
  if (sinceMs === undefined) return undefined;
  const first = new Map<string, { service: string; version: string; time_ms: number }>();
  const services = new Map<string, Set<string>>();
  for (const { trace, detailOf } of [...slow, ...usual]) {
    const known = new Set<number>();
    for (let row = 0; row < trace.count; row++) {
      // One span of each service says it.
      if (known.has(trace.service[row] ?? 0)) continue;
      known.add(trace.service[row] ?? 0);
      const version = attributeText(detailOf(row)?.resource.get('service.version'));
      if (version === '') continue;
      const service = serviceOf(trace, row);
      const timeMs = Number(trace.baseNs / 1_000_000n) + Math.round((trace.startNs[row] ?? 0) / 1e6);
      const earliest = first.get(`${service}\u0000${version}`);
      if (earliest === undefined || timeMs < earliest.time_ms)
        first.set(`${service}\u0000${version}`, { service, version, time_ms: timeMs });
      services.set(service, (services.get(service) ?? new Set()).add(version));
    }
  }
  const slackMs = 60_000;
  return [...first.values()]
    .filter(({ service }) => (services.get(service)?.size ?? 0) > 1)
    .filter(({ time_ms: ms }) => ms <= sinceMs + slackMs && ms >= sinceMs - longestBeforeMs)
    .sort((a, b) => Math.abs(a.time_ms - sinceMs) - Math.abs(b.time_ms - sinceMs))[0];
}
