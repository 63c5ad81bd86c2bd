import type { Trace } from '../../../src/model/trace.ts';

export interface ServiceShare {
  readonly service: string;
  /** Of the critical path, 0..1. */
  readonly share: number;
  readonly spans: number;
}

/** Who owns the path: services by their share of it, then by their number of spans. */
export function serviceShares(trace: Trace, ownNs: Float64Array): ServiceShare[] {
  const own = new Float64Array(trace.services.length);
  const spans = new Float64Array(trace.services.length);
  for (let row = 0; row < trace.count; row++) {
    const service = trace.service[row] ?? 0;
    own[service] = (own[service] ?? 0) + (ownNs[row] ?? 0);
    spans[service] = (spans[service] ?? 0) + 1;
  }
  const whole = own.reduce((sum, ns) => sum + ns, 0);
  return trace.services
    .map((service, i) => ({ service, share: whole > 0 ? (own[i] ?? 0) / whole : 0, spans: spans[i] ?? 0 }))
    .sort((a, b) => b.share - a.share || b.spans - a.spans);
}
