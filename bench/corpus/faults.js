/**
 * What can be wrong in a shop. Each gives hooks for `simulate` and the truth: `targets`, any of which names the cause, the kinds that
 * describe it, and the attribute that those concerned share, where there is one.
 */
const isLeafServer = (operation) => operation.kind === 'server';
const target = (operation, service = operation.service) => ({ service, operation: operation.name });

/** Some requests are concerned, decided once for each request. */
function someRequests(random) {
  const share = random.between(0.03, 0.45);
  const known = new Map();
  return (request) => {
    if (!known.has(request)) known.set(request, random.chance(share));
    return known.get(request);
  };
}

/** How much longer: enough to be felt in the whole. */
const growth = (random, shop) => totalMs(shop) * random.between(0.25, 2.5);

export function totalMs(shop) {
  return shop.root.totalMs ?? 150;
}

function serversBelow(shop) {
  return shop.all.filter((o) => o !== shop.root && isLeafServer(o));
}

function callTo(shop, operation) {
  for (const from of shop.all) for (const call of from.calls) if (call.to === operation) return { from, call };
  throw new Error(`nobody calls ${operation.name}`);
}

/** Slow for those for whom `when` holds. */
function slow(random, shop, operation, when, more) {
  const ms = growth(random, shop);
  return {
    extraMs: (o, host, { request, random: r }) => (o === operation && when(request, host) ? ms * r.lognormal(0.25) : 0),
    truth: { targets: [target(operation)], kinds: ['own-time', 'database'], ...more },
  };
}

/** Not among the parallel ones: there the truth would be a straggler as well. */
function inARow(shop, list) {
  const beside = new Set(shop.root.calls.filter((c) => c.group === shop.together).map((c) => c.to));
  const below = (o) => [o, ...o.calls.flatMap((c) => below(c.to))];
  const hidden = new Set([...beside].flatMap(below));
  return list.filter((o) => !hidden.has(o));
}

export const faults = {
  'slow-operation': (random, shop) =>
    slow(random, shop, random.pick(inARow(shop, serversBelow(shop))), someRequests(random), { kinds: ['own-time'] }),

  'slow-query': (random, shop) => {
    const queries = inARow(shop, shop.all).filter((o) => o.system === 'postgresql');
    return slow(random, shop, random.pick(queries), someRequests(random), { kinds: ['database'] });
  },

  'parallel-branch': (random, shop) => {
    const operation = random.pick(shop.root.calls.filter((c) => c.group === shop.together)).to;
    return slow(random, shop, operation, someRequests(random), { kinds: ['own-time'] });
  },

  host: (random, shop) => {
    const operation = random.pick(inARow(shop, serversBelow(shop)));
    const bad = random.pick(shop.hostsOf(operation.service));
    return slow(random, shop, operation, (_, host) => host === bad, {
      kinds: ['own-time'],
      attribute: { key: 'host.name', value: bad },
    });
  },

  version: (random, shop) => {
    const operation = random.pick(inARow(shop, serversBelow(shop)));
    const updated = new Set(shop.hostsOf(operation.service).slice(0, 1));
    return {
      ...slow(random, shop, operation, (_, host) => updated.has(host), {
        kinds: ['own-time'],
        attribute: { key: 'service.version', value: '2.0.0', or: { key: 'host.name', value: [...updated][0] } },
      }),
      versionOf: (service, host) => (service === operation.service && updated.has(host) ? '2.0.0' : '1.4.2'),
    };
  },

  /** A deploy in the middle: everybody after it. */
  deploy: (random, shop) => {
    const operation = random.pick(inARow(shop, serversBelow(shop)));
    const since = random.between(0.35, 0.8);
    return {
      ...slow(random, shop, operation, (request) => request.progress > since, {
        kinds: ['own-time'],
        since,
        attribute: { key: 'service.version', value: '2.0.0' },
      }),
      versionOf: (service, _, request) =>
        service === operation.service && request.progress > since ? '2.0.0' : '1.4.2',
    };
  },

  tier: (random, shop) => {
    const key = random.pick(['enduser.tier', 'tenant', 'app.plan']);
    const operation = random.pick(inARow(shop, shop.all).filter((o) => o !== shop.root && o.kind !== 'internal'));
    return slow(random, shop, operation, (request) => request.attributes[key] === 'gold', {
      attribute: { key, value: 'gold' },
    });
  },

  'n-plus-one': (random, shop) => {
    const operation = random.pick(inARow(shop, shop.all).filter((o) => o.system === 'postgresql'));
    const is = someRequests(random);
    const { call } = callTo(shop, operation);
    operation.ms = Math.max(operation.ms, 4);
    const count = Math.min(120, Math.max(15, Math.ceil(growth(random, shop) / operation.ms)));
    return {
      callsOf: (o, _, { request, random: r }) =>
        o.calls.includes(call) && is(request)
          ? o.calls.map((c) => (c === call ? { ...c, count: Math.round(count * r.between(0.8, 1.2)) } : c))
          : undefined,
      truth: { targets: [target(operation)], kinds: ['n-plus-one'] },
    };
  },

  retry: (random, shop) => {
    const operation = random.pick(inARow(shop, serversBelow(shop)));
    const { from, call } = callTo(shop, operation);
    const is = someRequests(random);
    const failures = random.int(1, 3);
    const gapMs = growth(random, shop) / (2 ** failures - 1);
    return {
      triesOf: (c, _from, _host, { request }) =>
        c === call && is(request) ? { failures, gapMs, tryMs: 3 } : undefined,
      truth: { targets: [target(operation, from.service)], kinds: ['retry'] },
    };
  },

  timeout: (random, shop) => {
    const operation = random.pick(inARow(shop, serversBelow(shop)));
    const { from, call } = callTo(shop, operation);
    const is = someRequests(random);
    const limitMs = random.pick([250, 500, 1000, 2000]);
    return {
      triesOf: (c, _from, _host, { request }) =>
        c === call && is(request) ? { failures: 1, limitMs, isLast: true } : undefined,
      truth: { targets: [target(operation, from.service)], kinds: ['timeout'] },
    };
  },

  network: (random, shop) => {
    const operation = random.pick(inARow(shop, serversBelow(shop)));
    const { from, call } = callTo(shop, operation);
    const is = someRequests(random);
    const ms = growth(random, shop);
    return {
      networkMs: (c, _from, _host, { request, random: r }) => (c === call && is(request) ? ms * r.lognormal(0.25) : 0),
      truth: { targets: [target(operation, from.service)], kinds: ['network'] },
    };
  },

  'lost-parallelism': (random, shop) => {
    const is = someRequests(random);
    const calls = shop.root.calls.filter((c) => c.group === shop.together);
    for (const call of calls) call.to.ms = totalMs(shop) * random.between(0.3, 0.6);
    const apart = new Map(calls.map((call) => [call, { ...call, group: shop.nextGroup() }]));
    return {
      callsOf: (o, _, { request }) =>
        o === shop.root && is(request) ? o.calls.map((c) => apart.get(c) ?? c) : undefined,
      truth: {
        targets: [target(shop.root), ...calls.map((c) => target(c.to, shop.root.service))],
        kinds: ['serial-calls'],
      },
    };
  },

  pause: (random, shop) => {
    const { service } = random.pick(inARow(shop, serversBelow(shop)));
    const inService = inARow(shop, shop.all).filter((o) => o.service === service && o.kind !== 'database');
    const is = someRequests(random);
    const ms = growth(random, shop);
    const hit = new Map();
    return {
      extraMs: (o, _, { request, random: r }) => {
        if (!inService.includes(o) || !is(request)) return 0;
        if (!hit.has(request)) hit.set(request, r.pick(inService));
        return hit.get(request) === o ? ms * r.lognormal(0.2) : 0;
      },
      truth: { targets: inService.map((o) => target(o)), kinds: ['own-time'] },
    };
  },

  lock: (random, shop) => {
    const operation = random.pick(inARow(shop, shop.all).filter((o) => o.system === 'postgresql'));
    const is = someRequests(random);
    const ms = growth(random, shop);
    return {
      // Until the holder lets go: any part of its hold.
      extraMs: (o, _, { request, random: r }) => (o === operation && is(request) ? ms * r.between(0.3, 1.7) : 0),
      truth: { targets: [target(operation)], kinds: ['database'] },
    };
  },

  'pool-wait': (random, shop) => {
    const queries = inARow(shop, shop.all).filter((o) => o.system === 'postgresql');
    const { from } = callTo(shop, random.pick(queries));
    const wait = {
      ...shop.operation(
        from.service,
        random.pick(['pg-pool.connect', 'HikariPool.getConnection', 'acquire connection']),
        'internal',
        0.2,
      ),
    };
    from.calls.unshift({ to: wait, count: 1, group: -1, how: 'local' });
    return slow(random, shop, wait, someRequests(random), { kinds: ['queue'] });
  },

  'cold-cache': (random, shop) => {
    const from = random.pick(inARow(shop, serversBelow(shop)));
    const cached = { ...shop.operation(from.service, 'GET cached', 'database', 0.5), system: 'redis' };
    const load = {
      ...shop.operation(from.service, 'SELECT all', 'database', growth(random, shop)),
      system: 'postgresql',
    };
    from.calls.push({ to: cached, count: 1, group: shop.nextGroup(), how: 'local' });
    const miss = { to: load, count: 1, group: shop.nextGroup(), how: 'local' };
    const is = someRequests(random);
    return {
      callsOf: (o, _, { request }) => (o === from && is(request) ? [...o.calls, miss] : undefined),
      truth: { targets: [target(load)], kinds: ['new-call'] },
    };
  },

  straggler: (random, shop) => {
    const shard = shop.operation('shard', 'GET /shard', 'server', random.between(10, 20));
    const call = {
      to: shard,
      count: random.int(5, 12),
      group: shop.nextGroup(),
      how: 'remote',
      networkMs: 1,
      together: true,
    };
    shop.root.calls.push(call);
    const is = someRequests(random);
    const ms = growth(random, shop);
    const hit = new Map();
    return {
      operationOf: (c, n, { request, random: r }) => {
        if (c !== call || !is(request)) return undefined;
        if (!hit.has(request)) hit.set(request, r.int(0, call.count - 1));
        return hit.get(request) === n ? { ...shard, ms: shard.ms + ms } : undefined;
      },
      truth: { targets: [target(shard), target(shard, shop.root.service)], kinds: ['straggler'] },
    };
  },

  external: (random, shop) => {
    const from = random.pick(inARow(shop, serversBelow(shop)));
    const bank = shop.operation('api.bank.example', 'POST /charge', 'server', random.between(5, 20));
    from.calls.push({ to: bank, count: 1, group: shop.nextGroup(), how: 'remote', networkMs: 1, silent: true });
    const { extraMs, truth } = slow(random, shop, bank, someRequests(random));
    return { extraMs, truth: { ...truth, targets: [target(bank, from.service)], kinds: ['external'] } };
  },

  queue: (random, shop) => {
    const from = random.pick(inARow(shop, serversBelow(shop)));
    const consumer = { ...shop.operation('worker', 'process jobs', 'consumer', random.between(4, 12)) };
    const call = { to: consumer, count: 1, group: shop.nextGroup(), how: 'queue', queue: 'jobs', waitMs: 1 };
    from.calls.push(call);
    const is = someRequests(random);
    const ms = growth(random, shop);
    return {
      queueMs: (c, { request, random: r }) => (c === call && is(request) ? ms * r.lognormal(0.3) : 0),
      truth: { targets: [target(consumer), { service: from.service, operation: 'publish jobs' }], kinds: ['queue'] },
    };
  },

  /** Two at once, each by itself: naming either is right, and both should be among the first. */
  two: (random, shop) => {
    const choices = inARow(shop, shop.all).filter((o) => o !== shop.root && o.kind !== 'internal');
    const one = random.pick(choices);
    const other = random.pick(choices.filter((o) => o !== one));
    const [a, b] = [one, other].map((o) => slow(random, shop, o, someRequests(random)));
    return {
      extraMs: (o, host, context) => a.extraMs(o, host, context) + b.extraMs(o, host, context),
      truth: { targets: [target(one), target(other)], kinds: ['own-time', 'database'] },
    };
  },

  healthy: () => ({ truth: { healthy: true } }),
};
