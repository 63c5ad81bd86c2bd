/** Applications with Jaeger's and Zipkin's own clients send to the real program, and read back from it. */
import { spawn } from 'node:child_process';
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { createServer } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { freeOffset, type RunningAriane, root, startAriane } from './ariane.ts';

let ariane: RunningAriane;

beforeAll(async () => {
  ariane = await startAriane();
});
afterAll(() => ariane.dispose());

/** Runs a program to its end; what it printed. */
function run(program: string, ...args: string[]): Promise<string> {
  return new Promise((resolve, reject) => {
    const child = spawn(program, args, { cwd: root });
    let out = '';
    let err = '';
    child.stdout.on('data', (text: Buffer) => (out += text.toString()));
    child.stderr.on('data', (text: Buffer) => (err += text.toString()));
    child.on('error', reject);
    child.on('close', (code) =>
      code === 0 ? resolve(out.trim()) : reject(new Error(`${program} ${args[0]}: ${err}`)),
    );
  });
}

interface JaegerTrace {
  readonly spans: readonly {
    readonly operationName: string;
    readonly tags: readonly { readonly key: string; readonly value: unknown }[];
    readonly references: readonly { readonly refType: string }[];
    readonly logs: readonly unknown[];
  }[];
  readonly processes: Readonly<Record<string, { readonly serviceName: string }>>;
}

/** The trace that a client says it has sent. */
function readBack(traceId: string): Promise<JaegerTrace> {
  return ariane.until(`the trace ${traceId}`, async () => {
    const reply = await fetch(`${ariane.url}/api/traces/${traceId}`);
    if (!reply.ok) return undefined;
    const { data } = (await reply.json()) as { data: JaegerTrace[] };
    return data[0]?.spans.length === 2 ? data[0] : undefined;
  });
}

async function expectShop(traceId: string, service: string, names: readonly [string, string]): Promise<void> {
  const trace = await readBack(traceId);
  const found = (name: string) => {
    const span = trace.spans.find((each) => each.operationName === name);
    return { ...span, tags: Object.fromEntries(span?.tags.map((tag) => [tag.key, tag.value]) ?? []) };
  };
  expect(Object.values(trace.processes).map((process) => process.serviceName)).toContain(service);
  const [parent, child] = names.map(found);
  expect(parent?.tags).toMatchObject({ 'span.kind': 'server' });
  expect(child).toMatchObject({
    tags: { 'span.kind': 'client', error: expect.anything() },
    references: [{ refType: 'CHILD_OF' }],
    logs: [expect.anything()],
  });
}

const port = (usual: number) => String(usual + ariane.offset);
const node = process.execPath;

describe("Jaeger's client for Node", () => {
  it.each([
    ['udp', 6832],
    ['http', 14268],
  ])('over %s', async (how, usual) => {
    const traceId = await run(node, 'test/clients/jaeger.mjs', how, port(usual), `jaeger-node-${how}`);
    await expectShop(traceId, `jaeger-node-${how}`, ['GET /checkout', 'SELECT orders']);
  });
});

describe("Zipkin's client for Node", () => {
  it.each(['v1-json', 'v1-thrift', 'v2-json'])('in %s', async (encoding) => {
    const service = `zipkin-node-${encoding}`;
    const traceId = await run(node, 'test/clients/zipkin.mjs', encoding, port(9411), service);
    await expectShop(traceId, service, ['get /checkout', 'select']);
  });
});

const python = process.env['ARIANE_PYTHON'];

describe.skipIf(!python)("Jaeger's client for Python", () => {
  it('over UDP, in the compact protocol', async () => {
    const traceId = await run(python ?? '', 'test/python/jaeger_app.py', port(6831), 'jaeger-python');
    await expectShop(traceId, 'jaeger-python', ['GET /checkout', 'SELECT orders']);
  });
});

describe.skipIf(!python)('py_zipkin', () => {
  it.each(['V1_JSON', 'V2_JSON', 'V2_PROTO3'])('in %s', async (encoding) => {
    const service = `zipkin-python-${encoding.toLowerCase()}`;
    const traceId = await run(python ?? '', 'test/python/zipkin_app.py', encoding, port(9411), service);
    await expectShop(traceId, service, ['get /checkout', 'select']);
  });
});

it('a datagram that is none harms nobody, and is counted', async () => {
  const socket = createSocket('udp4');
  await new Promise<void>((done) => socket.send('not thrift', Number(port(6831)), '127.0.0.1', () => done()));
  socket.close();
  await ariane.until('the count of malformed datagrams', async () => {
    const text = await (await fetch(`${ariane.health}/metrics`)).text();
    return /ariane_datagrams_total\{[^}]*outcome="malformed"\} 1$/m.test(text) || undefined;
  });
  expect((await fetch(`${ariane.health}/ready`)).status).toBe(200);
});

it('beside a Jaeger agent and a Zipkin server that have the ports already, all else works and it is said', async () => {
  const offset = await freeOffset();
  const agent = createSocket('udp4').bind(6831 + offset, '127.0.0.1');
  const zipkin = createServer().listen(9411 + offset, '127.0.0.1');
  await Promise.all([once(agent, 'listening'), once(zipkin, 'listening')]);
  const beside = await startAriane({ offset });
  try {
    const { ports } = await beside.get<{ ports: { address: string; problem: string | null }[] }>('/api/stats');
    const taken = ports.filter((each) => each.problem !== null).map((each) => each.address);
    expect(taken.sort()).toEqual([`localhost:${6831 + offset}/udp`, `localhost:${9411 + offset}`].sort());
    expect(beside.output()).toContain(`localhost:${6831 + offset}/udp is taken by another program`);
  } finally {
    await beside.dispose();
    agent.close();
    zipkin.close();
  }
});
