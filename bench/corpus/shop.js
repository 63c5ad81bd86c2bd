/**
 * A shop made up at random: services on hosts, and what one request of its endpoint does as a tree of operations. Times in ms.
 *
 * An operation: { service, name, kind, ms (own work, median), sigma, calls: Call[] }; a call: { to: Operation, count, parallel group,
 * how }. Calls of one `group` run together, groups follow each other.
 */
const nouns =
  'orders items users prices stock carts offers reviews images coupons taxes labels routes quotes events'.split(' ');
const services = 'cart order stock price user offer review ship tax search mail audit label quote feed'.split(' ');

/** `size`: about how many spans a trace should have. */
export function makeShop(random, size) {
  const hosts = new Map();
  const hostsOf = (service) => {
    if (!hosts.has(service)) {
      hosts.set(
        service,
        Array.from({ length: random.int(2, 5) }, (_, i) => `${service}-${i}-${random.hex(4)}`),
      );
    }
    return hosts.get(service);
  };
  const pool = [...services].sort(() => random.next() - 0.5);
  const nounPool = [...nouns].sort(() => random.next() - 0.5);
  const operation = (service, name, kind, ms) => {
    hostsOf(service);
    return { service, name, kind, ms, sigma: random.between(0.08, 0.5), calls: [], system: undefined };
  };
  let taken = 0;
  const nextNoun = () => nounPool[taken++ % nounPool.length] + (taken > nounPool.length ? taken : '');
  const query = (service) => {
    const noun = nextNoun();
    const verb = random.pick(['SELECT', 'SELECT', 'UPDATE']);
    return { ...operation(service, `${verb} ${noun}`, 'database', random.between(1, 12)), system: 'postgresql' };
  };

  const root = operation('frontend', `${random.pick(['GET', 'POST'])} /${nextNoun()}`, 'server', random.between(2, 12));
  const all = [root];
  let group = 0;
  const add = (parent, to, more = {}) => {
    parent.calls.push({ to, count: 1, group: group++, how: 'local', ...more });
    all.push(to);
    return to;
  };
  const remote = (parent, depth, more = {}) => {
    const service = pool[all.length % pool.length];
    const noun = nextNoun();
    const to = operation(service, `${random.pick(['GET', 'GET', 'POST'])} /${noun}`, 'server', random.between(1, 10));
    add(parent, to, { ...more, how: 'remote', networkMs: random.between(0.3, 2) });
    const queries = random.int(depth === 0 ? 1 : 0, 2);
    for (let i = 0; i < queries; i++) add(to, query(service));
    if (random.chance(0.4)) add(to, operation(service, `render ${noun}`, 'internal', random.between(1, 8)));
    return to;
  };

  const first = Array.from({ length: random.int(2, 4) }, () => remote(root, 0));
  for (const service of first) if (random.chance(0.6)) remote(service, 1);
  // Some that run together.
  const together = group++;
  const fan = Array.from({ length: random.int(3, 4) }, () => remote(root, 1, { group: together }));
  for (const to of fan) to.ms = random.between(8, 20);
  // Small ones that make a trace large without making it slow.
  const lines = Math.max(0, Math.round((size - all.length * 2) / 2));
  if (lines > 0) {
    const batch = add(root, operation('frontend', 'prepare', 'internal', 1));
    const piece = operation('frontend', 'template part', 'internal', 0.05);
    batch.calls.push({ to: piece, count: lines, group: group++, how: 'local' });
    const cached = { ...operation('frontend', 'GET view', 'database', 0.03), system: 'redis' };
    batch.calls.push({ to: cached, count: lines, group: group++, how: 'local', together: true });
  }
  // Decoys: always long; nobody waits for it; slow at times, but beside what takes longer.
  const long = add(root, operation('frontend', 'render page', 'internal', random.between(40, 120)));
  long.sigma = 0.06;
  const audit = operation('audit', 'POST /audit', 'server', random.between(200, 800));
  root.calls.push({ to: audit, count: 1, group: group++, how: 'remote', networkMs: 1, forgotten: true });
  const beside = operation('frontend', 'warm template', 'internal', 1);
  if (random.chance(0.5)) beside.decoy = { share: 0.3, ms: long.ms * 0.5 };
  root.calls.push({ to: beside, count: 1, group: root.calls.find((call) => call.to === long).group, how: 'local' });
  return { root, all, together, hostsOf, add, operation, query, remote, nextGroup: () => group++ };
}
