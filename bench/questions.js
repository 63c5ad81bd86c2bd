/**
 * Questions over a store of many spans in 7 daily partitions, asked over HTTP of a process started afresh, while spans keep
 * arriving; every question with a value not asked before. Prints one JSON line.
 *
 *   node bench/questions.js [--spans 10000000] [--data DIR (kept and used again)] [--rate 30000] [--rounds 30]
 */
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { quantile, sleep, startAriane } from './ariane.js';
import { send } from './send.js';
import { random, traffic, wideTraces } from './traffic.js';

const { values } = parseArgs({
  options: {
    spans: { type: 'string', default: '10000000' },
    data: { type: 'string', default: '/tmp/ariane-questions' },
    rate: { type: 'string', default: '30000' },
    rounds: { type: 'string', default: '30' },
    seed: { type: 'string', default: String(Date.now() % 100000) },
  },
});
const rounds = Number(values.rounds);
const rate = Number(values.rate);
const week = 6.9 * 86_400_000;
const known = path.join(values.data, 'known.json');

if (!existsSync(known)) await fill();
const { small, wide, endMs } = JSON.parse(readFileSync(known, 'utf8'));

const ariane = await startAriane({ data: values.data });
const pick = random(Number(values.seed));
const one = (list) => list[Math.floor(pick() * list.length)];
const asking = new AbortController();
const load = rate > 0 ? keepSending() : Promise.resolve();
try {
  await sleep(rate > 0 ? 3000 : 0);
  const services = 'auth order cart payment catalog inventory shipping email recommend ad currency'.split(' ');
  const range = `startUs=${Math.round((endMs - week) * 1000)}&endUs=${endMs * 1000}`;
  const report = {
    trace_10: await ask(() => `/api/traces/${one(small)}`),
    trace_300: await ask(() => `/api/traces/${one(wide)}`),
    service_operation_duration: await ask(() => {
      const service = one(services);
      const least = 40 + Math.floor(pick() * 100_000) / 1000;
      return `/api/search?service=${service}&operation=${encodeURIComponent(`POST /api/${service}`)}&minDuration=${least}ms&limit=20&${range}`;
    }),
    rare_attribute: await ask(
      () => `/api/search?attribute=enduser.id%3Duser-${Math.floor(pick() * 20000)}&limit=20&${range}`,
    ),
    absent_attribute: await ask(
      () => `/api/search?attribute=enduser.id%3Dnobody-${Math.floor(pick() * 1e9)}&limit=20&${range}`,
    ),
    errors: await ask(
      () => `/api/search?service=${one(services)}&errors=true&limit=${20 + Math.floor(pick() * 20)}&${range}`,
    ),
    home: await ask(
      () => `/api/home?start=${Math.round((endMs - 3_600_000 - pick() * 1e7) * 1000)}&end=${endMs * 1000}`,
    ),
  };
  const { store, signals } = await ariane.stats();
  console.log(
    JSON.stringify({
      bench: 'questions',
      spans: store.spans,
      bytes: store.bytes,
      arriving_per_s: rate,
      refused: signals.traces.refused,
      ready_ms: ariane.readyMs,
      rss_mb: Math.round(ariane.rssBytes() / 1048576),
      ...report,
    }),
  );
} finally {
  asking.abort();
  await load;
  await ariane.stop();
}

/** Asks `rounds` times, each time another address; ms. The first answer is the cold one. */
async function ask(addressOf) {
  const ms = [];
  let failed = 0;
  let found = 0;
  for (let i = 0; i < rounds; i++) {
    const started = performance.now();
    const reply = await fetch(ariane.url + addressOf());
    const body = await reply.json();
    ms.push(performance.now() - started);
    if (!reply.ok) failed++;
    found += body.traces?.length ?? body.data?.[0]?.spans?.length ?? body.rows?.length ?? 0;
  }
  const round = (value) => Math.round(value * 10) / 10;
  return {
    first_ms: round(ms[0]),
    p50_ms: round(quantile(ms, 0.5)),
    p95_ms: round(quantile(ms, 0.95)),
    max_ms: round(Math.max(...ms)),
    failed,
    found_per_question: round(found / rounds),
  };
}

async function keepSending() {
  for (let seed = 1000 + Number(values.seed); !asking.signal.aborted; seed++) {
    await send(ariane.grpc, traffic({ spans: rate * 2, seed, endMs: Date.now(), windowMs: 2000 }), {
      rate,
      workers: 4,
    });
  }
}

/** Loads the spans once, remembering some trace ids to ask for. */
async function fill() {
  mkdirSync(values.data, { recursive: true });
  const ariane = await startAriane({ data: values.data });
  const endMs = Date.now() - 60_000;
  const small = [];
  const keepOneIn = Math.max(1, Math.floor(Number(values.spans) / 10 / 20_000));
  let n = 0;
  const onTrace = (id) => {
    if (n++ % keepOneIn === 0) small.push(id);
  };
  const started = performance.now();
  const result = await send(
    ariane.grpc,
    traffic({ spans: Number(values.spans), batch: 2048, seed: 7, endMs, windowMs: week, onTrace }),
  );
  const wide = [];
  await send(
    ariane.grpc,
    wideTraces({ traces: 300, spansEach: 300, operations: 100, endMs, windowMs: week, onTrace: (id) => wide.push(id) }),
  );
  await ariane.settled();
  await ariane.quiet();
  process.stderr.write(`loaded ${result.acked} spans in ${Math.round((performance.now() - started) / 1000)} s\n`);
  await ariane.stop();
  writeFileSync(known, JSON.stringify({ small, wide, endMs }));
}
