/**
 * Receiving alone, with an intake that does nothing: CPU µs of the server per OTLP/gRPC request of 1 span and of 512 spans.
 * The sender is a process of its own. Prints one JSON line.
 *
 *   node bench/receive.js [--requests 20000]
 */
import { fork } from 'node:child_process';
import { parseArgs } from 'node:util';
import { systemClock } from '../dist/base/clock.js';
import { createLog } from '../dist/base/log.js';
import { createMetrics } from '../dist/base/metrics.js';
import { createListeners } from '../dist/listen/listeners.js';
import { otlp } from '../dist/receive/otlp.js';
import { send } from './send.js';
import { traffic } from './traffic.js';

const { values } = parseArgs({
  options: { requests: { type: 'string', default: '20000' }, workers: { type: 'string', default: '8' } },
});

if (process.send) beSender();
else await measure();

/** Sends what it is asked to, and says how it went. */
function beSender() {
  process.on('message', (job) => void work(job));
  process.on('disconnect', () => process.exit());
}

async function work({ url, batch, requests, workers }) {
  const spans = batch * requests;
  const load = [...traffic({ spans: Math.min(spans, 20_000), batch, endMs: Date.now(), windowMs: 60_000 })];
  const full = load.filter((request) => request.count === batch);
  const repeated = Array.from({ length: requests }, (_, i) => full[i % full.length]);
  process.send('ready');
  const result = await send(url, repeated, { workers });
  process.send({ acked: result.acked, requests: result.requests, seconds: result.seconds, error: result.firstError });
}

async function measure() {
  const log = createLog({ write: (line) => console.error(line) });
  const metrics = createMetrics();
  const listeners = createListeners({ log, metrics });
  const config = otlp.config.parse({ protocols: { grpc: { endpoint: '127.0.0.1:0' } } }, '');
  const intake = { accept: async () => {} };
  otlp.create(config, { id: 'otlp', log, metrics, clock: systemClock, listeners, intake });
  const [{ port }] = await listeners.start();
  const url = `http://127.0.0.1:${port}`;
  const sender = fork(new URL(import.meta.url), []);

  const run = async (batch, requests) => {
    const done = new Promise((resolve) => {
      let before;
      sender.on('message', function listen(message) {
        if (message === 'ready') {
          before = process.cpuUsage();
          return;
        }
        sender.off('message', listen);
        const { user, system } = process.cpuUsage(before);
        resolve({ ...message, cpuUs: user + system });
      });
    });
    sender.send({ url, batch, requests, workers: Number(values.workers) });
    return await done;
  };

  const many = Number(values.requests);
  await run(1, 5000); // JIT
  const small = await run(1, many);
  await run(512, 200);
  const large = await run(512, Math.ceil(many / 20));
  sender.disconnect();
  await listeners.stop();
  const round = (value) => Math.round(value * 100) / 100;
  console.log(
    JSON.stringify({
      bench: 'receive',
      cpu_us_per_request_of_1: round(small.cpuUs / small.requests),
      requests_per_s: Math.round(small.requests / small.seconds),
      cpu_us_per_request_of_512: round(large.cpuUs / large.requests),
      cpu_us_per_span_of_512: round(large.cpuUs / large.acked),
      first_error: small.error ?? large.error,
    }),
  );
}
