import { spawn } from 'node:child_process';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { tutorialRequest } from '../fixtures/tutorial.ts';
import { type RunningAriane, root, startAriane } from './ariane.ts';

/** The tutorial from end to end: sent over OTLP, kept by the store, asked for by the terminal. */
let ariane: RunningAriane;

beforeAll(async () => {
  ariane = await startAriane();
  const { bytes, traceId } = tutorialRequest();
  const headers = { 'content-type': 'application/x-protobuf' };
  const reply = await fetch(`${ariane.http}/v1/traces`, { method: 'POST', headers, body: Uint8Array.from(bytes) });
  expect(reply.status).toBe(200);
  await ariane.until('the tutorial', async () =>
    (await fetch(`${ariane.url}/api/trace/${traceId}`)).ok ? true : undefined,
  );
});
afterAll(() => ariane?.dispose());

/** What `ariane …` prints when its output is no terminal. */
async function typed(args: string[], env: Record<string, string> = {}): Promise<{ out: string; code: number | null }> {
  const child = spawn(process.execPath, ['bin/ariane.js', ...args, '--url', ariane.url], {
    cwd: root,
    env: { PATH: process.env.PATH, ...env },
  });
  let out = '';
  child.stdout.on('data', (text: Buffer) => (out += text.toString()));
  child.stderr.on('data', (text: Buffer) => (out += text.toString()));
  const code = await new Promise<number | null>((ended) => child.once('close', ended));
  return { out, code };
}

const lines = (text: string, from: number, to: number) => text.split('\n').slice(from, to).join('\n');

it("prints the tutorial's tree", async () => {
  const { out, code } = await typed(['trace', 'abc1234']);
  expect(code, out).toBe(0);
  expect(`\n${lines(out, 0, 7)}`).toBe(`
Trace abc1234 · GET /checkout · 500 ms
└── frontend   GET /checkout              500 ms
    ├── auth   POST /login                 50 ms
    └── order  POST /orders               400 ms
        └── order  SELECT orders          350 ms   ◀ the time goes here: 12× its usual 28 ms

GET /checkout took 500 ms, 2.8× its usual 178 ms: 350 ms in order · SELECT orders, one query: 350 ms instead of 28 ms.`);
});

it('prints it in French where the machine speaks French', async () => {
  const { out } = await typed(['trace', 'abc1234'], { LANG: 'fr_FR.UTF-8' });
  const plain = out.replaceAll('\u202f', ' ');
  expect(plain).toContain(
    "order  SELECT orders          350 ms   ◀ c'est là que ça coince : 12× ses 28 ms habituelles\n",
  );
  expect(plain).toContain('GET /checkout a pris 500 ms, soit 2,8× ses 178 ms habituelles : 350 ms dans order');
});

it('finds it as the slowest and as the newest', async () => {
  const { out } = await typed(['trace', '--slowest']);
  expect((await typed(['trace', '--last'])).out).toBe(out);
  expect(out).toContain('Trace abc1234 ·');
});

it('says so when there is no such trace', async () => {
  const { out, code } = await typed(['trace', 'fedcba98']);
  expect([code, out]).toEqual([
    1,
    expect.stringMatching(/^ariane: no trace fedcba98 at http.*"ariane trace --last"\n$/),
  ]);
});
