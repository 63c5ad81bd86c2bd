/**
 * Cases with a known cause: a shop, a fault and some hundreds of requests. It knows nothing of the diagnosis that is measured with it.
 *
 * A case: { kind, truth, service, operation, calls: [{ traceId, trace, root, details: Map<spanId, detail>, startMs, durationNs }] }
 */
import { buildTrace, spanIdOf } from '../../dist/model/trace.js';
import { faults, totalMs } from './faults.js';
import { createRandom } from './random.js';
import { makeShop } from './shop.js';
import { simulate } from './simulate.js';

export const kindsOfFault = Object.keys(faults);

const windowMs = 3_600_000;
const epochMs = 1_790_000_000_000;

export function makeCase(kind, seed) {
  const random = createRandom(seed * 7919 + kindsOfFault.indexOf(kind) * 104729 + 17);
  const size = random.pick([10, 10, 30, 30, 30, 80, 80, 80, 200, 200, 600, 2000]);
  const shop = makeShop(random, size);
  shop.root.totalMs = typicalMs(random, shop);
  const fault = faults[kind](random, shop);

  // Clocks of a data centre, and at times one that nobody looks after.
  const skewMs = random.pick([0, 0.2, 1, 5, 40]);
  const clocks = new Map();
  const clockOf = (host) => {
    if (!clocks.has(host)) clocks.set(host, random.between(-skewMs, skewMs));
    return clocks.get(host);
  };
  const lossy = random.chance(0.25) ? random.between(0.02, 0.15) : 0;
  const count = size > 1000 ? 120 : size > 500 ? 240 : random.int(120, 700);
  const noise = noiseOf(random, shop);
  const calls = [];
  for (let i = 0; i < count; i++) {
    const progress = i / count;
    const request = {
      atMs: epochMs + progress * windowMs + random.between(0, 5000),
      progress,
      hostsOf: shop.hostsOf,
      versionOf: (service, host) => fault.versionOf?.(service, host, request) ?? '1.4.2',
      attributes: {
        'enduser.tier': random.pick(['gold', 'silver', 'bronze', 'bronze', 'none', 'none', 'none', 'none']),
        tenant: random.pick(['acme', 'gold', 'globex', 'initech', 'umbrella', 'hooli', 'soylent', 'wonka']),
        'app.plan': random.pick(['free', 'free', 'free', 'free', 'free', 'gold', 'team', 'team']),
        'request.id': random.hex(16),
        'user.id': `user-${random.int(1, 5000)}`,
        'device.class': random.pick(['phone', 'desktop', 'tablet']),
      },
    };
    const seen = simulate(random, shop, request, withNoise(fault, noise), clockOf);
    calls.push(callOf(random, seen, lossy));
  }
  return { kind, seed, size, truth: fault.truth, service: shop.root.service, operation: shop.root.name, calls };
}

/** What a request takes when all is well. */
function typicalMs(random, shop) {
  const request = { atMs: 0, progress: 0, hostsOf: shop.hostsOf, versionOf: () => '', attributes: {} };
  const durations = Array.from({ length: 15 }, () => {
    const { rows } = simulate(random, shop, request, {}, () => 0);
    const [root] = rows;
    return (Number(root.endNs) - Number(root.startNs)) / 1e6;
  });
  return durations.sort((a, b) => a - b)[7];
}

/** One request in a hundred is slow somewhere, for no reason that repeats. */
function noiseOf(random, shop) {
  const chosen = new Map();
  return (operation, { request, random: r }) => {
    if (!chosen.has(request)) chosen.set(request, random.chance(0.01) ? random.pick(shop.all) : undefined);
    return chosen.get(request) === operation ? totalMs(shop) * r.between(0.2, 0.5) : 0;
  };
}

function withNoise(fault, noise) {
  return {
    ...fault,
    extraMs: (operation, host, context) => (fault.extraMs?.(operation, host, context) ?? 0) + noise(operation, context),
  };
}

function callOf(random, { rows, details, rootId, startMs }, lossy) {
  const isLossy = lossy > 0 && random.chance(0.3);
  const arrived = isLossy ? rows.filter((row) => row.spanId === rootId || !random.chance(lossy)) : rows;
  const traceId = random.hex(32);
  const trace = buildTrace(traceId, arrived);
  let root = 0;
  while (spanIdOf(trace, root) !== rootId) root++;
  const known = new Map();
  for (const { spanId } of arrived) {
    const { attributes, resource, statusMessage } = details.get(spanId);
    known.set(spanId, {
      attributes: new Map(Object.entries(attributes)),
      resource: new Map(Object.entries(resource)),
      statusMessage,
    });
  }
  return { traceId, trace, root, details: known, startMs, durationNs: trace.durationNs[root] };
}

/** The plain rule that every other method is measured against: the operation whose 95th percentile is furthest above its median. */
export function largestRatio({ calls }) {
  const byOperation = new Map();
  for (const { trace } of calls) {
    for (let row = 0; row < trace.count; row++) {
      const key = `${trace.services[trace.service[row]]}\0${trace.names[trace.name[row]]}`;
      if (!byOperation.has(key)) byOperation.set(key, []);
      byOperation.get(key).push(trace.durationNs[row]);
    }
  }
  return Array.from(byOperation, ([key, durations]) => {
    durations.sort((a, b) => a - b);
    const at = (q) => durations[Math.floor((durations.length - 1) * q)];
    const [service, operation] = key.split('\0');
    return { service, operation, ratio: at(0.95) / Math.max(at(0.5), 1) };
  }).sort((a, b) => b.ratio - a.ratio);
}
