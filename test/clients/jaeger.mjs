/**
 * Sends one trace with Jaeger's own client for Node, over UDP in the binary protocol or over HTTP, and prints its id:
 *
 *   node jaeger.mjs udp|http PORT SERVICE
 */
import client from 'jaeger-client';

const [how, port, service] = process.argv.slice(2);
const { ConstSampler, RemoteReporter, Tracer } = client;
const senders = {
  udp: async () => {
    const { default: UDPSender } = await import('jaeger-client/dist/src/reporters/udp_sender.js');
    return new UDPSender.default({ host: '127.0.0.1', port: Number(port) });
  },
  http: async () => {
    const { default: HTTPSender } = await import('jaeger-client/dist/src/reporters/http_sender.js');
    return new HTTPSender.default({ endpoint: `http://127.0.0.1:${port}/api/traces` });
  },
};

const tracer = new Tracer(service, new RemoteReporter(await senders[how]()), new ConstSampler(true), {
  tags: { zone: 'eu-1' },
  traceId128bit: how === 'http',
});
const root = tracer.startSpan('GET /checkout', {
  startTime: 1_767_225_600_000,
  tags: { 'span.kind': 'server', 'http.status_code': 500, ratio: 0.25, ok: true, text: 'é😀' },
});
const child = tracer.startSpan('SELECT orders', {
  childOf: root,
  startTime: 1_767_225_600_125,
  tags: { 'span.kind': 'client', 'peer.service': 'postgres' },
});
child.setTag('error', true);
child.log({ event: 'timeout', attempts: 3 }, 1_767_225_600_250);
child.finish(1_767_225_600_375);
root.finish(1_767_225_600_500);
await new Promise((resolve) => tracer.close(resolve));
console.log(root.context().traceIdStr);
