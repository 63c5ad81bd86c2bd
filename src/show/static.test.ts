import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gunzipSync, gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { manualClock } from '../base/clock.ts';
import { openTestDatabase, type TestDatabase, testSpan } from '../query/test-spans.ts';
import { staticRoutes, withVerdict } from './static.ts';
import { ask } from './test-request.ts';

const dir = mkdtempSync(join(tmpdir(), 'ariane-page-'));
const index = '<!doctype html><head><title>Ariane</title></head><body></body>';
const script = 'console.log("a")';
let store: TestDatabase;
const traceId = 'abc1234d00000000000000000000beef';

beforeAll(async () => {
  mkdirSync(join(dir, 'assets'));
  writeFileSync(join(dir, 'index.html'), index);
  writeFileSync(join(dir, 'assets/index-DiwrgTda.js'), script);
  writeFileSync(join(dir, 'assets/index-DiwrgTda.js.gz'), gzipSync(script));
  writeFileSync(join(dir, 'icon.svg'), '<svg/>');
  writeFileSync(`${dir}-secret.txt`, 'hidden words');
  store = await openTestDatabase();
  await store.insert([testSpan({ traceId, service: '</title><script>"$&', name: '<img src=x>', ms: 350 })]);
});
afterAll(async () => {
  rmSync(dir, { recursive: true });
  rmSync(`${dir}-secret.txt`);
  await store.stop();
});

function get(path: string, headers: Record<string, string> = {}, from = dir) {
  return ask(staticRoutes({ database: store.db, clock: manualClock(Date.now()), dir: from }), path, { headers });
}

describe('the page', () => {
  it.each(['/', '/search', '/trace/unknown', '/services/a.b', '/index.html', `/trace/${'1'.repeat(32)}`])(
    'is at %s',
    async (path) => {
      const reply = await get(path);
      expect(reply).toMatchObject({ status: 200, text: index });
      expect(reply.headers).toMatchObject({ 'content-type': 'text/html; charset=utf-8', 'cache-control': 'no-cache' });
    },
  );

  it('says that it is not built', async () => {
    const reply = await get('/', {}, '/nowhere');
    expect(reply.status).toBe(404);
    expect(JSON.parse(reply.text)).toEqual({
      error: { status: 404, message: 'the page is not built: run npm run build' },
    });
  });
});

describe('a page built again under a running server', () => {
  it('is served with its new files, and without those that are gone', async () => {
    const own = mkdtempSync(join(tmpdir(), 'ariane-page-'));
    mkdirSync(join(own, 'assets'));
    writeFileSync(join(own, 'assets/a-11111111.js'), 'old');
    const clock = manualClock();
    const routes = staticRoutes({ database: store.db, clock, dir: own });
    const status = async (name: string) => (await ask(routes, `/assets/${name}`)).status;
    expect(await status('a-11111111.js')).toBe(200);
    rmSync(join(own, 'assets/a-11111111.js'));
    writeFileSync(join(own, 'assets/b-22222222.js'), 'new');
    // A flood of wrong names must not read the folder each time.
    expect(await status('b-22222222.js')).toBe(404);
    clock.advance(1000);
    expect(await status('b-22222222.js')).toBe(200);
    expect(await status('a-11111111.js')).toBe(404);
    rmSync(own, { recursive: true });
  });

  it('answers 404 for a file that is gone before it is looked for again', async () => {
    const own = mkdtempSync(join(tmpdir(), 'ariane-page-'));
    writeFileSync(join(own, 'icon.svg'), '<svg/>');
    const routes = staticRoutes({ database: store.db, clock: manualClock(), dir: own });
    expect((await ask(routes, '/icon.svg')).status).toBe(200);
    rmSync(own, { recursive: true });
    expect((await ask(routes, '/icon.svg')).status).toBe(404);
  });
});

describe('a file', () => {
  it('is kept for ever when its name has a hash, and asked for again otherwise', async () => {
    const reply = await get('/assets/index-DiwrgTda.js');
    expect(reply).toMatchObject({ status: 200, text: script });
    expect(reply.headers['cache-control']).toBe('public, max-age=31536000, immutable');
    expect(reply.headers['content-type']).toBe('text/javascript; charset=utf-8');
    expect((await get('/icon.svg')).headers).toMatchObject({
      'cache-control': 'no-cache',
      'content-type': 'image/svg+xml',
    });
  });

  it('comes packed to those who accept that', async () => {
    const reply = await get('/assets/index-DiwrgTda.js', { 'accept-encoding': 'br;q=1, gzip' });
    expect(reply.headers).toMatchObject({ 'content-encoding': 'gzip', vary: 'accept-encoding' });
    expect(gunzipSync(reply.bytes).toString()).toBe(script);
    expect((await get('/icon.svg', { 'accept-encoding': 'gzip' })).headers['content-encoding']).toBeUndefined();
  });

  it.each(['/assets/gone-12345678.js', '/assets/', '/favicon.ico'])('that is missing is an error: %s', async (path) => {
    expect((await get(path)).status).toBe(404);
  });

  it.each([
    '/../secret.txt',
    '/assets/../../x-secret.txt',
    '/..%2f..%2fetc%2fpasswd',
    '/assets/%2e%2e/%2e%2e/etc/passwd',
  ])('outside of the folder is never served: %s', async (path) => {
    expect((await get(path)).text).not.toContain('hidden words');
    expect((await get(path)).text).not.toContain('root:');
  });
});

describe('the head of a trace', () => {
  it('carries the verdict, escaped', async () => {
    const { text } = await get(`/trace/${traceId}`);
    expect(text).toContain('<title>&lt;img src=x&gt; took 350');
    expect(text).toMatch(/<meta property="og:description" content="&lt;img src=x&gt; took/);
    expect(text).not.toContain('<img');
    expect(text).not.toContain('<script>');
    expect(text.match(/<title>/g)).toHaveLength(1);
  });

  it('speaks the language of whoever asks', async () => {
    expect((await get('/trace/abc1234', { 'accept-language': 'fr' })).text).toContain('a pris');
  });

  it('is left to the page itself in a browser', async () => {
    expect((await get(`/trace/${traceId}`, { 'sec-fetch-mode': 'navigate' })).text).toBe(index);
  });

  it('replaces a description that is there, and takes a text literally', () => {
    const html = '<head><meta name="description" content="old" /><title>x</title></head>';
    const text = withVerdict(html, `$& a "b" 'c'`);
    expect(text).toContain('<title>$&amp; a &quot;b&quot; &#39;c&#39; · Ariane</title>');
    expect(text).not.toContain('old');
  });
});
