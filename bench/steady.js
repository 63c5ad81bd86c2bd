/**
 * A steady load for two minutes: whether anything is refused, how long searches take meanwhile, and how long after its
 * acknowledgement a trace is found by a search. Prints one JSON line.
 *
 *   node bench/steady.js [--rate 30000] [--seconds 120]
 */
import { parseArgs } from 'node:util';
import { quantile, sleep, startAriane } from './ariane.js';
import { send } from './send.js';
import { random, traffic } from './traffic.js';

const { values } = parseArgs({
  options: { rate: { type: 'string', default: '30000' }, seconds: { type: 'string', default: '120' } },
});
const rate = Number(values.rate);
const until = performance.now() + Number(values.seconds) * 1000;
const services = 'auth order cart payment catalog inventory shipping email recommend ad currency'.split(' ');
const pick = random(11);

const ariane = await startAriane();
try {
  const cpuBefore = ariane.cpuUs();
  const [load, searches, visible] = await Promise.all([keepSending(), keepSearching(), keepLooking()]);
  const { signals } = await ariane.stats();
  const round = (value) => Math.round(value * 10) / 10;
  console.log(
    JSON.stringify({
      bench: 'steady',
      spans_per_s: Math.round(load.acked / Number(values.seconds)),
      acked: load.acked,
      refusals: load.refusals,
      refused: signals.traces.refused,
      cpu_us_per_span: round((ariane.cpuUs() - cpuBefore) / load.acked),
      searches: searches.ms.length,
      search_failures: searches.failures,
      search_p50_ms: round(quantile(searches.ms, 0.5)),
      search_p99_ms: round(quantile(searches.ms, 0.99)),
      visible_p50_ms: round(quantile(visible, 0.5)),
      visible_max_ms: round(Math.max(...visible)),
      rss_mb: Math.round(ariane.rssBytes() / 1048576),
    }),
  );
} finally {
  await ariane.stop();
}

async function keepSending() {
  const sum = { acked: 0, refusals: 0 };
  for (let seed = 100; performance.now() < until; seed++) {
    const requests = traffic({ spans: rate * 2, seed, endMs: Date.now(), windowMs: 2000 });
    const { acked, refusals } = await send(ariane.grpc, requests, { rate, workers: 4 });
    sum.acked += acked;
    sum.refusals += refusals;
  }
  return sum;
}

/** As a person does: a service, sometimes an operation, a duration or an attribute; two a second. */
async function keepSearching() {
  const ms = [];
  let failures = 0;
  while (performance.now() < until) {
    const service = services[Math.floor(pick() * services.length)];
    const more = [
      '',
      `&operation=${encodeURIComponent(`POST /api/${service}`)}`,
      `&minDuration=${80 + Math.floor(pick() * 200)}ms`,
      `&attribute=enduser.id%3Duser-${Math.floor(pick() * 20000)}`,
    ][Math.floor(pick() * 4)];
    const path = more.includes('attribute')
      ? `/api/search?limit=20${more}`
      : `/api/search?limit=20&service=${service}${more}`;
    const started = performance.now();
    const reply = await fetch(ariane.url + path);
    await reply.arrayBuffer();
    if (reply.ok) ms.push(performance.now() - started);
    else failures++;
    await sleep(500);
  }
  return { ms, failures };
}

/** Sends one trace of a service of its own, and asks for it until it is found: ms after the acknowledgement. */
async function keepLooking() {
  const ms = [];
  for (let i = 0; performance.now() < until; i++) {
    const service = `seen-${i}-${Date.now()}`;
    const now = BigInt(Date.now()) * 1_000_000n;
    const hex = (n, digits) => n.toString(16).padStart(digits, '0');
    const span = {
      traceId: hex(BigInt(Date.now()) * 1000n + BigInt(i), 32),
      spanId: hex(BigInt(i) + 1n, 16),
      name: 'seen',
      startTimeUnixNano: String(now - 5_000_000n),
      endTimeUnixNano: String(now),
    };
    const resource = { attributes: [{ key: 'service.name', value: { stringValue: service } }] };
    await fetch(`${ariane.http}/v1/traces`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ resourceSpans: [{ resource, scopeSpans: [{ spans: [span] }] }] }),
    });
    const acked = performance.now();
    for (;;) {
      const { traces } = await (await fetch(`${ariane.url}/api/search?service=${service}`)).json();
      if (traces.length > 0 || performance.now() - acked > 10_000) break;
      await sleep(20);
    }
    ms.push(performance.now() - acked);
    await sleep(1000);
  }
  return ms;
}
