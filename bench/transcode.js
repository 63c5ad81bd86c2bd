// CPU of turning OTLP requests into the columns of a block, in µs a span: `node bench/transcode.js FOLDER` with a folder of
// `ExportTraceServiceRequest`s, one a file (protobuf). Needs `npm run build:server`. Prints one JSON line.
import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { Dictionary } from '../dist/store/transcode/dictionary.js';
import { SpanBlock } from '../dist/store/transcode/span-block.js';
import { TraceTranscoder } from '../dist/store/transcode/transcode-traces.js';

const [folder, seconds = '5'] = process.argv.slice(2);
if (folder === undefined) throw new Error('usage: node bench/transcode.js FOLDER [SECONDS]');
const requests = readdirSync(folder).map((name) => readFileSync(join(folder, name)));
const receivedMs = Date.now();
const flushRows = 50_000;

const transcoder = new TraceTranscoder(new Dictionary(), 7);
const block = new SpanBlock();
let bytes = 0;
function round() {
  let rows = 0;
  bytes = 0;
  for (const request of requests) {
    rows += transcoder.append(block, request, receivedMs).rows;
    if (block.rows < flushRows) continue;
    bytes += block.finish().pieces.reduce((sum, piece) => sum + piece.length, 0);
    block.clear();
  }
  bytes += block.finish().pieces.reduce((sum, piece) => sum + piece.length, 0);
  block.clear();
  return rows;
}

round();
const start = process.cpuUsage();
const until = performance.now() + Number(seconds) * 1000;
let spans = 0;
let rounds = 0;
while (performance.now() < until) {
  spans += round();
  rounds++;
}
const used = process.cpuUsage(start);
const wire = requests.reduce((sum, request) => sum + request.length, 0);
console.log(
  JSON.stringify({
    bench: 'transcode',
    spans,
    usPerSpan: Number(((used.user + used.system) / spans).toFixed(3)),
    wireBytesPerSpan: Math.round((wire * rounds) / spans),
    blockBytesPerSpan: Math.round((bytes * rounds) / spans),
  }),
);
