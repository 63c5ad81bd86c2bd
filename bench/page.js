/**
 * A trace of 100,000 spans in a real browser, fed from the store over HTTP: ms until its culprit is marked, frame times while
 * scrolling, and the compressed JavaScript of a first load. Prints one JSON line. Needs CHROMIUM or /usr/bin/chromium.
 *
 *   node bench/page.js [--spans 100000]
 */
import { randomBytes } from 'node:crypto';
import { parseArgs } from 'node:util';
import { chromium } from 'playwright-core';
import { ProtoWriter } from '../dist/wire/protobuf.js';
import { quantile, sleep, startAriane } from './ariane.js';
import { send } from './send.js';
import { random } from './traffic.js';

const { values } = parseArgs({ options: { spans: { type: 'string', default: '100000' } } });
const spans = Number(values.spans);
const ariane = await startAriane();
const browser = await chromium.launch({
  executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium',
  args: [
    '--no-sandbox',
    '--disable-gpu',
    '--disable-quic',
    '--no-first-run',
    '--disable-background-networking',
    '--disable-component-update',
    '--disable-sync',
  ],
});
try {
  const traceId = randomBytes(16);
  await send(ariane.grpc, bigTrace(traceId));
  await ariane.settled();
  await ariane.quiet();
  const opened = [];
  let scroll;
  let scriptBytes = 0;
  for (let i = 0; i < 5; i++) {
    const context = await browser.newContext({ viewport: { width: 1440, height: 900 } });
    const page = await context.newPage();
    const devtools = await context.newCDPSession(page);
    await devtools.send('Network.enable');
    const scripts = new Set();
    let bytes = 0;
    devtools.on('Network.responseReceived', (e) => e.type === 'Script' && scripts.add(e.requestId));
    devtools.on('Network.loadingFinished', (e) => scripts.has(e.requestId) && (bytes += e.encodedDataLength));
    const started = performance.now();
    await page.goto(`${ariane.url}/trace/${traceId.toString('hex')}`);
    await page.locator('[data-culprit]').first().waitFor();
    opened.push(performance.now() - started);
    scriptBytes = bytes;
    if (i === 4) {
      await page.keyboard.press('e'); // everything, not only the focus
      await sleep(1500);
      scroll = await page.evaluate(scrollAndTime);
    }
    await context.close();
  }
  console.log(
    JSON.stringify({
      bench: 'page',
      spans,
      open_p50_ms: Math.round(quantile(opened, 0.5)),
      open_max_ms: Math.round(Math.max(...opened)),
      frame_p50_ms: scroll && Math.round(scroll.p50 * 10) / 10,
      frame_p99_ms: scroll && Math.round(scroll.p99 * 10) / 10,
      frame_max_ms: scroll && Math.round(scroll.max * 10) / 10,
      rows_scrolled_px: scroll?.height,
      script_kb: Math.round(scriptBytes / 102.4) / 10,
    }),
  );
} finally {
  await browser.close();
  await ariane.stop();
}

/** Runs in the page: scrolls the tallest scroller through its whole height in 3 s and keeps the time between frames. */
function scrollAndTime() {
  const scrollers = [...document.querySelectorAll('*')].filter((e) => e.scrollHeight > e.clientHeight + 50);
  const tallest = scrollers.sort((a, b) => b.scrollHeight - a.scrollHeight)[0];
  const frames = [];
  return new Promise((resolve) => {
    const started = performance.now();
    let last = started;
    const step = (now) => {
      frames.push(now - last);
      last = now;
      const share = (now - started) / 3000;
      if (share >= 1) {
        frames.shift();
        frames.sort((a, b) => a - b);
        const at = (q) => frames[Math.min(frames.length - 1, Math.floor(q * frames.length))];
        resolve({ p50: at(0.5), p99: at(0.99), max: at(1), height: tallest.scrollHeight });
        return;
      }
      tallest.scrollTop = share * tallest.scrollHeight;
      requestAnimationFrame(step);
    };
    requestAnimationFrame(step);
  });
}

/** One trace: a tree of random shape, 12 services, in requests of 2,000 spans. */
function* bigTrace(traceId) {
  const next = random(5);
  const startNs = BigInt(Date.now() - 120_000) * 1_000_000n;
  const made = [];
  for (let i = 0; i < spans; i++) {
    const parent = i === 0 ? null : made[Math.max(0, i - 1 - Math.floor(next() * 50))];
    const from = parent ? parent.from + parent.length * next() * 0.5 : 0;
    const length = parent ? Math.max(1000, parent.length * 0.5 * next()) : 60e9;
    const id = Buffer.alloc(8);
    id.writeUInt32BE(i + 1, 4);
    made.push({ id, parent, from, length });
  }
  for (let at = 0; at < spans; at += 2000) {
    const part = made.slice(at, at + 2000);
    const bytes = new ProtoWriter()
      .messageField(1, (w) => {
        w.messageField(1, (r) =>
          r.messageField(1, (a) =>
            a.stringField(1, 'service.name').messageField(2, (v) => v.stringField(1, `service-${(at / 2000) % 12}`)),
          ),
        );
        w.messageField(2, (scope) => {
          for (const [i, span] of part.entries()) {
            scope.messageField(2, (s) => {
              s.bytesField(1, traceId).bytesField(2, span.id);
              if (span.parent) s.bytesField(4, span.parent.id);
              const start = startNs + BigInt(Math.round(span.from));
              s.stringField(5, `operation ${(at + i) % 200}`).varintField(6, 1);
              s.fixed64Field(7, start).fixed64Field(8, start + BigInt(Math.round(span.length)));
            });
          }
        });
      })
      .finish();
    yield { bytes, count: part.length };
  }
}
