/** Sends encoded OTLP requests over gRPC, many at once on a few connections, and counts what is acknowledged. */
import http2 from 'node:http2';
import { sleep } from './ariane.js';

const path = '/opentelemetry.proto.collector.trace.v1.TraceService/Export';

/**
 * @param {string} url of the gRPC port
 * @param {Iterable<{ bytes: Uint8Array, count: number }>} requests
 * @param {{ workers?: number, connections?: number, rate?: number, retry?: boolean }} options `rate` in spans per second; none: as fast as acknowledged
 */
export async function send(url, requests, { workers = 8, connections = 2, rate, retry = true } = {}) {
  const sessions = Array.from({ length: connections }, () => http2.connect(url));
  for (const session of sessions) session.on('error', () => {});
  const queue = requests[Symbol.iterator]();
  const result = { acked: 0, requests: 0, refusals: 0, failed: 0, latenciesMs: [], firstError: null };
  const started = performance.now();
  let offered = 0;
  await Promise.all(
    Array.from({ length: workers }, async (_, w) => {
      for (;;) {
        const { value: request, done } = queue.next();
        if (done) return;
        if (rate) {
          const due = started + (offered / rate) * 1000;
          offered += request.count;
          const wait = due - performance.now();
          if (wait > 0) await sleep(wait);
        }
        const frame = frameOf(request.bytes);
        for (let attempt = 0; ; attempt++) {
          const at = performance.now();
          const answer = await exportOnce(sessions[w % connections], frame);
          if (answer.status === 0) {
            result.acked += request.count;
            result.requests++;
            result.latenciesMs.push(performance.now() - at);
            break;
          }
          result.firstError ??= `${answer.status}: ${answer.message}`;
          result.refusals++;
          if (!retry || attempt > 200) {
            result.failed += request.count;
            break;
          }
          await sleep(20);
        }
      }
    }),
  );
  result.seconds = (performance.now() - started) / 1000;
  for (const session of sessions) session.close();
  return result;
}

function frameOf(bytes) {
  const frame = Buffer.allocUnsafe(5 + bytes.length);
  frame[0] = 0;
  frame.writeUInt32BE(bytes.length, 1);
  frame.set(bytes, 5);
  return frame;
}

function exportOnce(session, frame) {
  return new Promise((resolve) => {
    const stream = session.request({
      ':method': 'POST',
      ':path': path,
      'content-type': 'application/grpc',
      te: 'trailers',
    });
    let status;
    let message = '';
    const read = (headers) => {
      if (headers['grpc-status'] === undefined) return;
      status = Number(headers['grpc-status']);
      message = String(headers['grpc-message'] ?? '');
    };
    stream.on('response', read);
    stream.on('trailers', read);
    stream.on('error', (error) => (message ||= error.message));
    stream.on('close', () => resolve({ status: status ?? 14, message }));
    stream.resume();
    stream.end(frame);
  });
}
