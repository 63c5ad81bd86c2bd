/**
 * What spans of Jaeger's and Zipkin's clients cost: CPU µs a span of translating each format alone, and end to end (every process of
 * Ariane, until the spans are stored) for Thrift compact in datagrams and Zipkin JSON. Prints one JSON line.
 *
 *   npm run build:server && node bench/legacy.js [--spans 200000] [--rate 20000] [--batch 30] [--only translate]
 */
import { createSocket } from 'node:dgram';
import { parseArgs } from 'node:util';
import { translateAgentCall } from '../dist/wire/jaeger-agent.js';
import { translatePostSpans } from '../dist/wire/jaeger-proto.js';
import { ThriftBinaryReader, ThriftCompactReader } from '../dist/wire/thrift.js';
import { translateZipkinV1Json, translateZipkinV2Json } from '../dist/wire/zipkin-json.js';
import { translateZipkinProto } from '../dist/wire/zipkin-proto.js';
import { translateZipkinThrift } from '../dist/wire/zipkin-thrift.js';
import { sleep, startAriane } from './ariane.js';
import { encodings, spanLists } from './legacy-spans.js';

const { values } = parseArgs({
  options: {
    spans: { type: 'string', default: '200000' },
    rate: { type: 'string', default: '20000' },
    batch: { type: 'string', default: '30' },
    only: { type: 'string' },
  },
});
const batch = Number(values.batch);
const spans = Number(values.spans);
const rate = Number(values.rate);

const zipkin = { parseStringTags: false, receivedMs: Date.now() };
const translators = {
  jaegerCompact: (bytes) => translateAgentCall(new ThriftCompactReader(bytes), zipkin),
  jaegerBinary: (bytes) => translateAgentCall(new ThriftBinaryReader(bytes), zipkin),
  jaegerProto: translatePostSpans,
  zipkinV2Json: (bytes) => translateZipkinV2Json(bytes, zipkin),
  zipkinV1Json: (bytes) => translateZipkinV1Json(bytes, zipkin),
  zipkinProto: (bytes) => translateZipkinProto(bytes, zipkin),
  zipkinThrift: (bytes) => translateZipkinThrift(new ThriftBinaryReader(bytes), zipkin),
};

const translate = measureTranslation();
const result = { bench: 'legacy', batch, translate_cpu_us_per_span: translate };
if (values.only !== 'translate') Object.assign(result, await measureEndToEnd());
console.log(JSON.stringify(result));

function measureTranslation() {
  const lists = spanLists({ spans: 6000, batch });
  const cost = {};
  for (const [name, run] of Object.entries(translators)) {
    const bodies = lists.map(encodings[name]);
    const count = lists.length * batch;
    const rounds = (n) => {
      for (let i = 0; i < n; i++) for (const body of bodies) run(body);
    };
    rounds(5);
    const before = process.cpuUsage();
    rounds(20);
    const { user, system } = process.cpuUsage(before);
    cost[name] = round((user + system) / (20 * count));
  }
  return cost;
}

async function measureEndToEnd() {
  const ariane = await startAriane({ offset: 21000 });
  try {
    const udpPort = 6831 + 21000;
    const zipkinUrl = `http://127.0.0.1:${9411 + 21000}/api/v2/spans`;
    const socket = createSocket('udp4');
    const sendUdp = (body) => new Promise((done) => socket.send(body, udpPort, '127.0.0.1', done));
    const post = async (body) => {
      const answer = await fetch(zipkinUrl, { method: 'POST', headers: { 'content-type': 'application/json' }, body });
      await answer.arrayBuffer();
      if (answer.status !== 202) throw new Error(`zipkin: ${answer.status}`);
    };
    const measure = async (encode, send) => {
      const lists = spanLists({ spans, batch, seed: 3 });
      const bodies = lists.map(encode);
      const before = ariane.cpuUs();
      const stored = (await ariane.stats()).signals.traces.received;
      const started = performance.now();
      for (const [i, body] of bodies.entries()) {
        await send(body);
        const ahead = ((i * batch) / rate) * 1000 - (performance.now() - started);
        if (ahead > 2) await sleep(ahead);
      }
      await sleep(500);
      await ariane.settled();
      await ariane.quiet();
      const received = (await ariane.stats()).signals.traces.received - stored;
      return { cost: round((ariane.cpuUs() - before) / received), sent: bodies.length * batch, received };
    };
    const warm = spanLists({ spans: 20_000, batch, seed: 2 });
    for (const list of warm) await sendUdp(encodings.jaegerCompact(list));
    for (const list of warm) await post(encodings.zipkinV2Json(list));
    await ariane.settled();
    await ariane.quiet();
    const udp = await measure(encodings.jaegerCompact, sendUdp);
    const http = await measure(encodings.zipkinV2Json, post);
    socket.close();
    const lines = (await (await fetch(`http://127.0.0.1:${13133 + 21000}/metrics`)).text()).split('\n');
    return {
      end_to_end_cpu_us_per_span: { jaegerCompactUdp: udp.cost, zipkinV2JsonHttp: http.cost },
      udp_lost: udp.sent - udp.received,
      datagrams: lines.filter((line) => line.startsWith('ariane_datagrams')),
      rate,
    };
  } finally {
    await ariane.stop();
  }
}

function round(value) {
  return Math.round(value * 100) / 100;
}
