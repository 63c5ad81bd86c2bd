/**
 * Durable ingest over OTLP/gRPC, end to end: CPU µs per span of every process of Ariane (merges included), spans per second,
 * bytes per span on disk, memory. Prints one JSON line.
 *
 *   node bench/ingest.js [--spans 1000000] [--batch 512] [--workers 8] [--rate 30000] [--heavy]
 *
 * With `--heavy` four heavy questions are asked all the while, for the memory (their CPU is in the figures then).
 */
import { parseArgs } from 'node:util';
import { quantile, sleep, startAriane } from './ariane.js';
import { send } from './send.js';
import { traffic } from './traffic.js';

const { values } = parseArgs({
  options: {
    spans: { type: 'string', default: '1000000' },
    batch: { type: 'string', default: '512' },
    workers: { type: 'string', default: '8' },
    rate: { type: 'string' },
    heavy: { type: 'boolean', default: false },
  },
});
const spans = Number(values.spans);

const ariane = await startAriane();
try {
  await sleep(2000);
  const startRss = ariane.rssBytes();
  await send(ariane.grpc, traffic({ spans: 50_000, seed: 2, endMs: Date.now(), windowMs: 1_800_000 })); // JIT and caches
  await ariane.settled();
  await ariane.quiet();
  const bytesBefore = (await ariane.stats()).store.bytes;
  const requests = [...traffic({ spans, batch: Number(values.batch), endMs: Date.now(), windowMs: 1_800_000 })];

  const cpuBefore = ariane.cpuUs();
  const byProcessBefore = ariane.cpuByProcessUs();
  let peakRss = 0;
  const watch = setInterval(() => (peakRss = Math.max(peakRss, ariane.rssBytes())), 200);
  const asking = new AbortController();
  const heavy = values.heavy ? [0, 1, 2, 3].map((i) => askHeavily(i, asking.signal)) : [];
  const options = { workers: Number(values.workers), ...(values.rate ? { rate: Number(values.rate) } : {}) };
  const result = await send(ariane.grpc, requests, options);
  await ariane.settled();
  const loaded = performance.now();
  asking.abort();
  clearInterval(watch);
  const heavyAnswers = (await Promise.all(heavy)).reduce((sum, n) => sum + n, 0);
  const ingestUs = ariane.cpuUs() - cpuBefore;
  await ariane.quiet();
  const totalUs = ariane.cpuUs() - cpuBefore;
  const byProcess = Object.entries(ariane.cpuByProcessUs()).map(([name, us]) => [
    name,
    round((us - (byProcessBefore[name] ?? 0)) / result.acked),
  ]);
  await sleep(60_000 - (performance.now() - loaded));
  const stats = await ariane.stats();
  console.log(
    JSON.stringify({
      bench: 'ingest',
      spans: result.acked,
      batch: Number(values.batch),
      cpu_us_per_span: round(totalUs / result.acked),
      cpu_us_per_request: round(totalUs / result.requests),
      cpu_us_per_span_before_merges: round(ingestUs / result.acked),
      cpu_us_per_span_by_process: Object.fromEntries(byProcess),
      spans_per_s: Math.round(result.acked / result.seconds),
      refusals: result.refusals,
      first_error: result.firstError,
      ack_p50_ms: round(quantile(result.latenciesMs, 0.5)),
      ack_p99_ms: round(quantile(result.latenciesMs, 0.99)),
      bytes_per_span: round((stats.store.bytes - bytesBefore) / result.acked),
      stored: stats.signals.traces.stored,
      ...(values.heavy ? { heavy_answers: heavyAnswers } : {}),
      ready_ms: ariane.readyMs,
      rss_mb_after_start: mb(startRss),
      rss_mb_peak: mb(peakRss),
      rss_mb_a_minute_later: mb(ariane.rssBytes()),
    }),
  );
} finally {
  await ariane.stop();
}

/** One of four questions over everything, again and again; gives how many were answered. */
async function askHeavily(i, signal) {
  const all = `startUs=0&endUs=${(Date.now() + 3_600_000) * 1000}`;
  const path = [
    `/api/search?q=statement%20timeout&limit=200&${all}`,
    `/api/home?start=0&end=${Date.now() * 1000}`,
    `/api/map?start=0&end=${Date.now() * 1000}`,
    `/api/search?order=slowest&limit=500&${all}`,
  ][i];
  let answers = 0;
  while (!signal.aborted) {
    const reply = await fetch(ariane.url + path).catch(() => undefined);
    await reply?.arrayBuffer();
    if (reply?.ok) answers++;
  }
  return answers;
}

function round(value) {
  return Math.round(value * 100) / 100;
}

function mb(bytes) {
  return Math.round(bytes / 1048576);
}
