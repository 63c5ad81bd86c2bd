/**
 * Sends one trace with Zipkin's own client for Node and prints its id. Thrift is encoded by Zipkin's encoder and posted as its
 * transports did: as a list, whose head is the type of its items and their number.
 *
 *   node zipkin.mjs v1-json|v1-thrift|v2-json PORT SERVICE
 */
import { createRequire } from 'node:module';
import thrift from 'zipkin-encoder-thrift';
import transport from 'zipkin-transport-http';

const [encoding, port, service] = process.argv.slice(2);
const { Annotation, BatchRecorder, ExplicitContext, InetAddress, Tracer, jsonEncoder } = createRequire(import.meta.url)(
  'zipkin',
);
const base = `http://127.0.0.1:${port}/api`;

const thriftLogger = {
  spans: [],
  logSpan(span) {
    this.spans.push(Buffer.from(thrift.encode(span)));
  },
  async flush() {
    const head = Buffer.from([12, 0, 0, 0, this.spans.length]);
    const reply = await fetch(`${base}/v1/spans`, {
      method: 'POST',
      headers: { 'content-type': 'application/x-thrift' },
      body: Buffer.concat([head, ...this.spans]),
    });
    if (reply.status !== 202) throw new Error(`answered ${reply.status}`);
  },
};

function httpLogger(version, encoder) {
  const logger = new transport.HttpLogger({ endpoint: `${base}/${version}/spans`, jsonEncoder: encoder });
  logger.flush = () =>
    new Promise((resolve, reject) => {
      logger.on('success', resolve);
      logger.on('error', reject);
      logger.processQueue(fetch);
    });
  return logger;
}

const logger = {
  'v1-json': () => httpLogger('v1', jsonEncoder.JSON_V1),
  'v2-json': () => httpLogger('v2', jsonEncoder.JSON_V2),
  'v1-thrift': () => thriftLogger,
}[encoding]();

const ctxImpl = new ExplicitContext();
const localEndpoint = { serviceName: service, host: new InetAddress('10.0.0.1'), port: 8080 };
const tracer = new Tracer({
  ctxImpl,
  recorder: new BatchRecorder({ logger }),
  localServiceName: service,
  traceId128Bit: encoding === 'v2-json',
});

const root = tracer.scoped(() => {
  const id = tracer.createRootId();
  tracer.setId(id);
  tracer.recordServiceName(service);
  tracer.recordRpc('get /checkout');
  tracer.recordAnnotation(new Annotation.ServerRecv());
  tracer.recordAnnotation(new Annotation.LocalAddr(localEndpoint));
  tracer.recordBinary('http.path', '/checkout');
  tracer.scoped(() => {
    tracer.setId(tracer.createChildId(id));
    tracer.recordServiceName(service);
    tracer.recordRpc('select');
    tracer.recordAnnotation(new Annotation.ClientSend());
    tracer.recordAnnotation(new Annotation.LocalAddr(localEndpoint));
    tracer.recordAnnotation(
      new Annotation.ServerAddr({ serviceName: 'postgres', host: new InetAddress('10.0.0.2'), port: 5432 }),
    );
    tracer.recordBinary('error', 'timed out');
    tracer.recordMessage('retry');
    tracer.recordAnnotation(new Annotation.ClientRecv());
  });
  tracer.recordAnnotation(new Annotation.ServerSend());
  return id;
});
await logger.flush();
console.log(root.traceId);
process.exit();
