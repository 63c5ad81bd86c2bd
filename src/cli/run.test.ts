import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { draw, span } from '../../test/fixtures/draw-trace.ts';
import { diagnoseTrace } from '../diagnose/diagnose-trace.ts';
import { encodeSkeleton } from '../model/skeleton.ts';
import { spanFlag } from '../model/trace.ts';
import type { SearchAnswer, TraceHead } from '../show/api/types.ts';
import { closest } from './closest.ts';
import { command } from './command.ts';
import { languageOf } from './language.ts';
import { run } from './run.ts';

const trace = draw(
  span(
    'frontend/GET /checkout',
    0,
    500,
    span('order/POST /orders', 70, 470, span('order/SELECT orders', 100, 450, { flags: spanFlag.database })),
  ),
);

/** What the command line printed, and with which exit code it ended. */
async function ran(args: string[], env: Record<string, string> = {}) {
  let out = '';
  let err = '';
  const code = await run(args, {
    out: (text) => void (out += text),
    err: (text) => void (err += text),
    env,
    isTty: false,
    columns: undefined,
  });
  return { code, out, err };
}

describe('a running Ariane', () => {
  let server: Server;
  let url = '';
  const asked: string[] = [];
  let newest: SearchAnswer['traces'] = [];

  beforeAll(async () => {
    const head: TraceHead = {
      traceId: trace.traceId,
      summary: summaryOf(),
      settled: true,
      alsoMatching: ['abc1234f'.padEnd(32, '0')],
      isDemo: false,
    };
    server = createServer((request, reply) => {
      const at = new URL(request.url ?? '', 'http://x');
      asked.push(request.url ?? '');
      const send = (status: number, body: unknown) => reply.writeHead(status).end(JSON.stringify(body));
      const language = at.searchParams.get('lang') === 'fr' ? 'fr' : 'en';
      switch (at.pathname) {
        case '/api/search':
          return send(200, { traces: newest, more: false, hints: [], newestMs: Date.now() - 7_200_000, tookMs: 1 });
        case '/api/trace/abc1234':
        case `/api/trace/${trace.traceId}`:
          return send(200, head);
        case `/api/trace/${trace.traceId}/skeleton`:
          return reply.writeHead(200).end(encodeSkeleton(trace));
        case `/api/why/${trace.traceId}`:
          return send(200, diagnoseTrace(trace, { language, settled: false }));
        case '/api/trace/dddddd':
          return send(500, { error: { status: 500, message: 'engine "down"' } });
        default:
          return send(404, { error: { status: 404, message: 'no such trace' } });
      }
    });
    await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
    url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  });
  afterAll(() => new Promise((closed) => server.close(closed)));

  it('is asked for a trace by the beginning of its id', async () => {
    const { code, out, err } = await ran(['trace', 'abc1234', '--url', url]);
    expect({ code, err }).toEqual({ code: 0, err: '' });
    expect(`\n${out}`).toBe(`
Trace abc1234 · GET /checkout · 500 ms
└── frontend   GET /checkout              500 ms
    └── order  POST /orders               400 ms
        └── order  SELECT orders          350 ms   ◀ the time goes here · 350 ms (70%)

GET /checkout took 500 ms: 350 ms in order · SELECT orders, one query.
· still arriving
· same beginning: abc1234f000000000000000000000000
${url}/trace/${trace.traceId}
`);
  });

  it('answers in the language of the environment, or the one asked for', async () => {
    const french = await ran(['trace', 'abc1234', '--url', `${url}/`], { LANG: 'fr_FR.UTF-8' });
    expect(french.out).toContain("◀ c'est là que ça coince · 350\u202fms (70\u202f%)");
    expect(french.out).toContain("· en cours d'arrivée");
    const english = await ran(['trace', 'abc1234', '--lang', 'en'], { LANG: 'fr_FR.UTF-8', ARIANE_URL: url });
    expect(english.out).toContain('◀ the time goes here');
  });

  it('gives the verdict as JSON', async () => {
    const { out } = await ran(['trace', 'abc1234', '--json', '--url', url]);
    expect(JSON.parse(out)).toMatchObject({
      trace: { traceId: trace.traceId },
      verdict: { duration_ns: 500e6, causes: [{ operation: 'SELECT orders' }, {}, {}] },
    });
  });

  it('finds the newest and the slowest', async () => {
    newest = [summaryOf()];
    asked.length = 0;
    expect((await ran(['trace', '--slowest', '--since', '24h', '--service', 'order', '--url', url])).code).toBe(0);
    const query = new URLSearchParams(asked[0]?.split('?')[1]);
    expect(Object.fromEntries(query)).toMatchObject({ order: 'slowest', service: 'order' });
    expect(Number(query.get('endUs')) - Number(query.get('startUs'))).toBeCloseTo(86_460e6, -6);
    newest = [{ ...summaryOf(), traceId: 'f'.repeat(32), hasRoot: false }, summaryOf()];
    expect((await ran(['trace', '--last', '--url', url])).out).toContain('Trace abc1234');
  });

  it('says what to do when there is none', async () => {
    newest = [];
    expect(await ran(['trace', '--last', '--url', url])).toEqual({
      code: 1,
      out: '',
      err: 'ariane: no trace in the last 1h: the newest span is 2 h old; look further back with --since\n',
    });
    expect(await ran(['trace', 'ffffff', '--url', url])).toEqual({
      code: 1,
      out: '',
      err: `ariane: no trace ffffff at ${url}: it has not arrived, or is dropped already; see the newest with "ariane trace --last"\n`,
    });
  });

  it('passes on what the server says went wrong', async () => {
    const { code, err } = await ran(['trace', 'dddddd', '--url', url]);
    expect({ code, err }).toEqual({ code: 1, err: `ariane: ${url} answered 500: engine "down"\n` });
  });
});

it('says what to do when nothing answers', async () => {
  const server = createServer();
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  await new Promise((closed) => server.close(closed));
  expect(await ran(['trace', 'abc1234', '--url', url])).toEqual({
    code: 1,
    out: '',
    err: `ariane: nothing answers at ${url}: start Ariane (npm start, or ariane serve), or say where it runs with --url\n`,
  });
});

describe('asked wrongly', () => {
  it.each([
    [['trcae'], 'ariane: unknown command "trcae"; did you mean trace?\n'],
    [['help', 'confg'], 'ariane: unknown command "confg"; did you mean config?\n'],
    [['trace'], 'ariane trace: say which trace: an id, --last or --slowest\nSee ariane trace --help\n'],
    [
      ['trace', 'abc1234', '--last'],
      'ariane trace: say which trace: an id, --last or --slowest\nSee ariane trace --help\n',
    ],
    [['trace', 'xyz'], 'ariane trace: "xyz" is no trace id: hex digits are\nSee ariane trace --help\n'],
    [
      ['trace', '--slowset'],
      'ariane trace: unknown flag --slowset; did you mean --slowest?\nSee ariane trace --help\n',
    ],
    [
      ['trace', '--last', '--since', 'soon'],
      'ariane trace: --since is a duration such as 30m or 24h, got "soon"\nSee ariane trace --help\n',
    ],
    [['trace', '--last', '--url'], 'ariane trace: --url needs a value: --url URL\nSee ariane trace --help\n'],
    [['trace', '--url', '--last'], 'ariane trace: --url needs a value: --url URL\nSee ariane trace --help\n'],
    [
      ['trace', '--last', '--url', 'here'],
      'ariane trace: --url is an address such as http://localhost:16686, got "here"\nSee ariane trace --help\n',
    ],
    [['trace', '--last=1'], 'ariane trace: --last takes no value, got "1"\nSee ariane trace --help\n'],
    [['trace', '--last', '--lang', 'de'], 'ariane trace: --lang is en or fr, got "de"\nSee ariane trace --help\n'],
    [['config', 'more'], 'ariane config: "more" is one word too many\nSee ariane config --help\n'],
  ])('%j ends with 2 and says why', async (args, err) => {
    expect(await ran(args)).toEqual({ code: 2, out: '', err });
  });

  it('an unknown word far from any command names them all', async () => {
    expect((await ran(['frobnicate'])).err).toMatch(
      /unknown command "frobnicate"; the commands are .*trace, why, config/,
    );
  });
});

describe('help', () => {
  it('is short, names every command and gives examples', async () => {
    const { code, out } = await ran(['--help']);
    expect(code).toBe(0);
    for (const part of ['trace ID | --last | --slowest', 'config', 'version', 'ariane trace --slowest --since 24h']) {
      expect(out).toContain(part);
    }
    expect(out.split('\n').length).toBeLessThan(30);
    expect(Math.max(...out.split('\n').map((line) => line.length))).toBeLessThanOrEqual(120);
    expect((await ran(['help'])).out).toBe(out);
    expect(await ran([])).toEqual({ code: 2, out: '', err: out });
  });

  it('of a command names every flag', async () => {
    const { code, out } = await ran(['trace', '--help']);
    expect(code).toBe(0);
    for (const flag of ['--last', '--slowest', '--since 1h', '--all', '--json', '--lang en|fr', '--url URL']) {
      expect(out).toContain(`  ${flag} `);
    }
    expect((await ran(['help', 'trace'])).out).toBe(out);
  });
});

it('prints the version and the default configuration', async () => {
  expect((await ran(['version'])).out).toMatch(/^ariane \d+\.\d+\.\d+ \(node /);
  expect((await ran(['--version'])).out).toBe((await ran(['version'])).out);
  expect((await ran(['config'])).out).toMatch(/^receivers:$/m);
});

it('takes a flag that may be repeated in its order, and the last of one that may not', async () => {
  const given: unknown[] = [];
  const merge = command({
    name: 'merge',
    usage: 'merge',
    summary: '',
    flags: { config: { type: 'strings', help: '' }, data: { type: 'string', help: '' } },
    examples: [],
    run: async (values) => given.push(values),
  });
  const args = ['--config', 'a.yaml', '--data', 'x', '--config=yaml:a::b: 1', '--data=y'];
  await merge.run(args, { out() {}, err() {}, env: {}, isTty: false, columns: undefined });
  await merge.run([], { out() {}, err() {}, env: {}, isTty: false, columns: undefined });
  expect(given).toEqual([{ config: ['a.yaml', 'yaml:a::b: 1'], data: 'y' }, {}]);
});

it('takes the language from LC_ALL before LANG, and English for any other', () => {
  expect(languageOf(undefined, { LC_ALL: 'fr_CA.UTF-8', LANG: 'en_US' })).toBe('fr');
  expect(languageOf(undefined, { LC_ALL: '', LANG: 'fr' })).toBe('fr');
  expect(languageOf(undefined, { LC_ALL: 'C', LANG: 'fr_FR' })).toBe('en');
  expect(languageOf(undefined, { LANG: 'frisian' })).toBe('en');
  expect(languageOf('fr', { LANG: 'en' })).toBe('fr');
});

it('suggests what is near and nothing that is not', () => {
  const known = ['serve', 'trace', 'config'];
  expect(['sreve', 'conf', 'tracee', 'x', 'help'].map((w) => closest(w, known))).toEqual([
    'serve',
    'config',
    'trace',
    undefined,
    undefined,
  ]);
});

function summaryOf() {
  return {
    traceId: trace.traceId,
    service: 'frontend',
    operation: 'GET /checkout',
    hasRoot: true,
    startNs: '0',
    durationNs: 500e6,
    spans: 3,
    errors: 0,
    services: [],
    leader: null,
  };
}
