/**
 * One request through a shop: its spans as a tracer would send them, one clock a host. A fault changes what an operation or a call does
 * through the hooks of `fault`; see `faults.js`.
 */
const kinds = { internal: 1, server: 2, client: 3, producer: 4, consumer: 5, database: 3 };
const errorFlag = 1;
const databaseFlag = 2;

/** → { rows: TraceRow[], details: Map<spanId, { attributes, resource, statusMessage }>, rootId, startMs } */
export function simulate(random, shop, request, fault, clockOf) {
  const rows = [];
  const details = new Map();
  const context = { random, request, shop };

  const record = (parentId, service, host, name, kind, fromMs, attributes) => {
    const spanId = random.hex(16);
    const row = {
      spanId,
      parentSpanId: parentId,
      service,
      name,
      kind: kinds[kind],
      flags: kind === 'database' ? databaseFlag : 0,
    };
    const resource = {
      'service.name': service,
      'host.name': host,
      'service.version': request.versionOf(service, host),
    };
    details.set(spanId, { attributes, resource, statusMessage: '' });
    rows.push({ row, host, fromMs, toMs: fromMs });
    return rows.at(-1);
  };
  const fail = (span, type) => {
    span.row.flags |= errorFlag;
    details.get(span.row.spanId).attributes['error.type'] = type;
  };

  /** Runs one operation from `at`; gives its span, whose `toMs` is when it was done. */
  const run = (operation, at, parentId, host) => {
    const kind = operation.kind;
    const span = record(parentId, operation.service, host, operation.name, kind, at, {
      ...(kind === 'database' ? { 'db.system.name': operation.system, 'db.query.text': operation.name } : {}),
      ...(kind === 'server' ? { 'http.route': operation.name.split(' ')[1] ?? '' } : {}),
      ...(kind === 'server' && parentId === '' ? request.attributes : {}),
      'thread.id': String(random.int(1, 400)),
    });
    let own = operation.ms * random.lognormal(operation.sigma);
    if (operation.decoy && random.chance(operation.decoy.share)) own += operation.decoy.ms * random.lognormal(0.2);
    own += fault.extraMs?.(operation, host, context) ?? 0;
    const calls = fault.callsOf?.(operation, host, context) ?? operation.calls;
    const groups = new Map();
    for (const call of calls) groups.set(call.group, [...(groups.get(call.group) ?? []), call]);
    const pieces = Array.from({ length: groups.size + 1 }, () => random.between(0.2, 1));
    const piecesSum = pieces.reduce((a, b) => a + b, 0);
    // A pause or slow work is in one place.
    const isLong = own > operation.ms * 3;
    const where = isLong ? random.int(0, groups.size) : -1;
    const pieceMs = (i) =>
      isLong
        ? i === where
          ? own - operation.ms
          : (operation.ms * pieces[i]) / piecesSum
        : (own * pieces[i]) / piecesSum;
    let cursor = at + pieceMs(0);
    let i = 1;
    for (const group of groups.values()) {
      const started = cursor;
      let reached = started;
      for (const call of group) {
        let from = started;
        const count = typeof call.count === 'function' ? call.count(random) : call.count;
        for (let n = 0; n < count; n++) {
          const done = invoke(call, operation, from, span.row.spanId, host, n);
          if (!call.forgotten) reached = Math.max(reached, done);
          if (!call.together && !call.forgotten) from = done + (count > 1 ? random.between(0.02, 0.2) : 0);
        }
      }
      cursor = reached + pieceMs(i++);
    }
    span.toMs = Math.max(cursor, at);
    return span;
  };

  /** Makes one call; gives when its caller goes on. */
  const invoke = (call, from, at, parentId, host, n) => {
    const { to } = call;
    if (call.how === 'queue') return send(call, from, at, parentId, host);
    if (call.how !== 'remote') {
      const tries = fault.triesOf?.(call, from, host, context);
      if (tries === undefined) return run(fault.operationOf?.(call, n, context) ?? to, at, parentId, host).toMs;
    }
    const tries = fault.triesOf?.(call, from, host, context) ?? { failures: 0 };
    let cursor = at;
    for (let k = 0; k <= tries.failures; k++) {
      const isFailure = k < tries.failures;
      const span = record(parentId, from.service, host, to.name, 'client', cursor, {
        'server.address': to.service,
        'http.request.method': to.name.split(' ')[0] ?? '',
      });
      if (isFailure && tries.limitMs !== undefined) {
        // The callee never answers in time, or nothing is there to answer.
        span.toMs = cursor + tries.limitMs * (1 + random.between(0, 0.004));
        fail(span, 'TimeoutError');
      } else if (isFailure) {
        span.toMs = cursor + random.between(1, 3) * tries.tryMs;
        fail(span, tries.error ?? 'ECONNREFUSED');
      } else {
        const way =
          (call.networkMs ?? 0.5) * random.lognormal(0.3) + (fault.networkMs?.(call, from, host, context) ?? 0);
        const there = way * random.between(0.3, 0.7);
        if (call.silent)
          span.toMs =
            cursor + way + to.ms * random.lognormal(to.sigma) + (fault.extraMs?.(to, to.service, context) ?? 0);
        else {
          const callee = run(
            fault.operationOf?.(call, n, context) ?? to,
            cursor + there,
            span.row.spanId,
            random.pick(request.hostsOf(to.service)),
          );
          span.toMs = callee.toMs + way - there;
        }
      }
      if (isFailure && tries.isLast) return span.toMs;
      cursor = span.toMs + (isFailure ? (tries.gapMs ?? 0) * 2 ** k : 0);
    }
    return cursor;
  };

  /** A message whose sender waits for the outcome. */
  const send = (call, from, at, parentId, host) => {
    const producer = record(parentId, from.service, host, `publish ${call.queue}`, 'producer', at, {
      'messaging.destination.name': call.queue,
    });
    producer.toMs = at + random.between(0.5, 2);
    const waited = (call.waitMs ?? 1) * random.lognormal(0.3) + (fault.queueMs?.(call, context) ?? 0);
    const consumer = run(
      call.to,
      producer.toMs + waited,
      producer.row.spanId,
      random.pick(request.hostsOf(call.to.service)),
    );
    return consumer.toMs + random.between(0.2, 0.6);
  };

  const root = run(shop.root, request.atMs, '', random.pick(request.hostsOf(shop.root.service)));
  const toNs = (ms, host) => BigInt(Math.round((ms + clockOf(host)) * 1e6));
  return {
    rootId: root.row.spanId,
    startMs: request.atMs,
    details,
    rows: rows.map(({ row, host, fromMs, toMs }) => ({ ...row, startNs: toNs(fromMs, host), endNs: toNs(toMs, host) })),
  };
}
