import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { draw, span } from '../../test/fixtures/draw-trace.ts';
import { judge, noisy, type Population } from '../../test/fixtures/judge-endpoint.ts';
import { diagnoseTrace } from '../diagnose/diagnose-trace.ts';
import { spanFlag } from '../model/trace.ts';
import type { EndpointWhy } from '../show/api/types.ts';
import { run } from './run.ts';

const trace = draw(span('shop/GET /', 0, 500, span('shop/SELECT', 100, 450, { flags: spanFlag.database })));

/** Calls whose query takes `ms`; every twelfth takes 200 ms more when `isUneven`. */
function calls(ms: number, isUneven: boolean): Population['calls'] {
  return noisy(1, 200, 7).map((noise, i) => {
    const sql = ms * noise + (isUneven && i % 12 === 0 ? 200 : 0);
    const query = span('shop/SELECT', 10, 10 + sql, { flags: spanFlag.database });
    return { root: span('shop/GET /', 0, 20 + sql + 20 * noise, query) };
  });
}

function answered(population: Population, count = 200, meanNs = 70e6): EndpointWhy {
  return {
    question: { service: 'shop', operation: 'GET /', start_us: 0, end_us: 1 },
    calls: { count, mean_ns: meanNs, p50_ns: meanNs, p95_ns: meanNs * 1.5 },
    ...judge(population),
  };
}

let server: Server;
let url = '';
let folder = '';
let answer: EndpointWhy;
let asked: URLSearchParams[] = [];

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'ariane-why-'));
  server = createServer((request, reply) => {
    const at = new URL(request.url ?? '', 'http://x');
    asked.push(at.searchParams);
    const send = (status: number, body: unknown) => reply.writeHead(status).end(JSON.stringify(body));
    if (at.pathname === '/api/why') return send(200, answer);
    if (at.pathname === `/api/why/${trace.traceId}`) {
      return send(200, diagnoseTrace(trace, { language: 'en', settled: false }));
    }
    return send(404, { error: { status: 404, message: 'no' } });
  });
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});
afterAll(async () => {
  await rm(folder, { recursive: true });
  await new Promise((closed) => server.close(closed));
});
beforeEach(() => {
  answer = answered({ calls: calls(50, true) });
  asked = [];
});

async function why(...args: string[]) {
  let out = '';
  let err = '';
  const terminal = {
    out: (text: string) => void (out += text),
    err: (text: string) => void (err += text),
    env: { ARIANE_URL: url },
    isTty: false,
    columns: undefined,
  };
  return { code: await run(['why', ...args], terminal), out, err };
}

describe('ariane why TRACE_ID', () => {
  it('prints the verdict, then the causes', async () => {
    const { code, out } = await why(trace.traceId);
    expect(`\n${out}`).toBe(`
GET / took 500 ms: 350 ms in shop · SELECT, one query.

  350 ms  70%  shop · SELECT  one query
  150 ms  30%  shop · GET /  own work, with no child span inside
· still arriving
${url}/trace/${trace.traceId}
`);
    expect(code).toBe(0);
  });

  it('prints it as JSON, says when it is not there, and takes no flag of an endpoint', async () => {
    expect(JSON.parse((await why(trace.traceId, '--json')).out)).toMatchObject({ duration_ns: 500e6 });
    expect(await why('00000000000000aa')).toMatchObject({ code: 1, err: expect.stringContaining('no trace') });
    expect((await why(trace.traceId, '--since', '1h')).code).toBe(2);
  });
});

describe('ariane why SERVICE [OPERATION]', () => {
  it('prints the verdict, the causes and traces that show it', async () => {
    const { code, out } = await why('shop', 'GET /', '--since', '2h');
    expect(code).toBe(0);
    expect(out).toMatch(
      /^GET \/ takes 2\d\d ms more than usual \(.*\): \d+ ms in shop · SELECT, one query: .*\.\n\n {2,}\d+ ms +9\d% {2}shop · SELECT/,
    );
    expect(out).toContain(`${url}/trace/a0000`);
    expect(asked[0]?.get('operation')).toBe('GET /');
    expect(Number(asked[0]?.get('end')) - Number(asked[0]?.get('start'))).toBeCloseTo(7_200_000_000, -1);
  });

  it('asks for the same hours of another day', async () => {
    await why('shop', '--against', '1d');
    const at = (key: string) => Number(asked[0]?.get(key));
    expect(at('start') - at('baselineStart')).toBe(86_400e6);
    expect(at('end') - at('baselineEnd')).toBe(86_400e6);
  });

  it('says that nothing was called, and what is no duration or share', async () => {
    answer = answered({ calls: [] }, 0);
    expect(await why('shop')).toMatchObject({
      code: 1,
      err: expect.stringContaining('no call of shop in the last 1h'),
    });
    for (const wrong of [
      ['--since', 'x'],
      ['--fail-over', '20%'],
      ['--against', '1d', '--fail-over', 'much'],
    ]) {
      expect((await why('shop', ...wrong)).code).toBe(2);
    }
    expect((await why()).code).toBe(2);
  });
});

describe('as a gate', () => {
  it('ends with 3 when slower than another time by more than allowed, else with 0', async () => {
    answer = answered({ calls: calls(80, false), baseline: calls(50, false) });
    const gate = await why('shop', '--against', '1d', '--fail-over', '20%');
    expect(gate).toMatchObject({
      code: 3,
      err: expect.stringMatching(/^ariane: GET \/ is [34]\d% slower; 20% is allowed\n$/),
    });
    expect((await why('shop', '--against', '1d', '--fail-over', '90%')).code).toBe(0);
    answer = answered({ calls: calls(51, false), baseline: calls(50, false) });
    expect((await why('shop', '--against', '1d', '--fail-over', '1%')).code).toBe(0);
  });

  it('cannot tell from too few calls', async () => {
    answer = answered({ calls: calls(80, false).slice(0, 4), baseline: calls(50, false) });
    expect(await why('shop', '--against', '1d', '--fail-over', '20%')).toMatchObject({ code: 1 });
  });

  it('compares with a saved profile, and says what grew', async () => {
    const file = join(folder, 'main.json');
    answer = answered({ calls: calls(50, false) }, 200, 70e6);
    expect((await why('shop', '--save', file)).code).toBe(0);
    expect(JSON.parse(await readFile(file, 'utf8'))).toMatchObject({
      ariane_profile: 1,
      service: 'shop',
      operation: 'GET /',
    });
    expect((await why('shop', '--against', file, '--fail-over', '5%')).code).toBe(0);

    answer = answered({ calls: calls(90, false) }, 200, 110e6);
    const slower = await why('shop', '--against', file, '--fail-over', '20%');
    expect(slower.code).toBe(3);
    expect(slower.out).toMatch(
      /GET \/ takes 40 ms more than usual \(110 ms against 70 ms\): 3\d.* ms in shop · SELECT, one query: .*\./,
    );
    expect(JSON.parse((await why('shop', '--against', file, '--json')).out)).toMatchObject({
      growth: { share: expect.closeTo(0.571, 2) },
    });
  });

  it('refuses a file that is none, or of another endpoint', async () => {
    const file = join(folder, 'other.json');
    await writeFile(file, '{"a":1}');
    expect(await why('shop', '--against', file)).toMatchObject({
      code: 1,
      err: expect.stringContaining('is no profile'),
    });
    expect(await why('shop', '--against', join(folder, 'absent'))).toMatchObject({ code: 1 });
    await why('shop', '--save', file);
    answer = { ...answer, question: { ...answer.question, operation: 'GET /b' } };
    expect(await why('shop', '--against', file)).toMatchObject({
      code: 1,
      err: expect.stringContaining('the profile is of shop · GET /'),
    });
  });
});
