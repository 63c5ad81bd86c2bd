/**
 * The page: what the build left in a folder, and `index.html` at every other address, so that a link into the page works. At a
 * trace's address its head carries the verdict, for those who only preview the link.
 */
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Clock } from '../base/clock.ts';
import { BadInput, Overloaded } from '../base/errors.ts';
import type { HttpReply, HttpRequest, HttpRoute } from '../base/listener.ts';
import type { QueryDatabase } from '../query/plain-errors.ts';
import { type Asking, askingOf } from './api/deps.ts';
import { failedAsJson } from './api/json-route.ts';
import { languageOf } from './api/parameters.ts';
import { readVerdict } from './api/why.ts';

export interface StaticDeps {
  readonly database: QueryDatabase;
  readonly clock: Clock;
  /** The folder that the page was built into: `dist/ui`. */
  readonly dir: string;
}

/** Besides `/*` it takes `/`; everything under `/api/` is the API's. */
export function staticRoutes({ dir, ...deps }: StaticDeps): HttpRoute[] {
  const asking = askingOf(deps);
  const filesFor = createListing(dir, deps.clock);
  const page = async (request: HttpRequest): Promise<HttpReply> => {
    const name = request.path.slice(1);
    const found = await filesFor(name);
    if (found.has(name) && name !== 'index.html') return fileReply(dir, name, found, request);
    if (isFileName(name)) throw nothingAt(request);
    return indexReply(dir, request, asking);
  };
  return ['/', '/*'].map((path) => ({ method: 'GET', path, handle: page, failed: failedAsJson }));
}

const types: Readonly<Record<string, string>> = {
  css: 'text/css; charset=utf-8',
  html: 'text/html; charset=utf-8',
  ico: 'image/x-icon',
  js: 'text/javascript; charset=utf-8',
  json: 'application/json; charset=utf-8',
  map: 'application/json; charset=utf-8',
  png: 'image/png',
  svg: 'image/svg+xml',
  txt: 'text/plain; charset=utf-8',
  wasm: 'application/wasm',
  webmanifest: 'application/manifest+json',
  woff2: 'font/woff2',
};

/** Names of the build's own making have a hash in them; what they hold never changes. */
const hashed = /-[\w-]{8,}\.\w+$/;

const encodings = [
  ['br', '.br'],
  ['gzip', '.gz'],
] as const;

const leastListingMs = 1_000;

/** The files below the folder; listed again, once a second at most, when a name is missing that a new build may have made. */
function createListing(dir: string, clock: Clock): (name: string) => Promise<ReadonlySet<string>> {
  let listedMs = clock.nowMs();
  let files = listFiles(dir);
  return async (name) => {
    const known = await files;
    if (known.has(name) || !isFileName(name) || clock.nowMs() - listedMs < leastListingMs) return known;
    listedMs = clock.nowMs();
    files = listFiles(dir);
    return files;
  };
}

/** Paths below the folder. Nothing but what is listed is ever served, so no path can lead out of it. */
async function listFiles(dir: string): Promise<ReadonlySet<string>> {
  try {
    const entries = await readdir(dir, { recursive: true, withFileTypes: true });
    const names = entries.filter((e) => e.isFile()).map((e) => join(e.parentPath, e.name).slice(dir.length));
    return new Set(names.map((name) => name.replace(/^\/+/, '')));
  } catch {
    return new Set();
  }
}

async function fileReply(
  dir: string,
  name: string,
  files: ReadonlySet<string>,
  request: HttpRequest,
): Promise<HttpReply> {
  const accepted = (request.headers['accept-encoding'] ?? '').split(',').map((e) => e.trim().split(';')[0]);
  const packed = encodings.find(([encoding, end]) => accepted.includes(encoding) && files.has(name + end));
  const body = await readFile(join(dir, name + (packed?.[1] ?? ''))).catch((cause: unknown) => {
    // A new build has taken it away.
    throw nothingAt(request, cause);
  });
  return {
    status: 200,
    headers: {
      'content-type': types[name.split('.').at(-1) ?? ''] ?? 'application/octet-stream',
      'cache-control': hashed.test(name) ? 'public, max-age=31536000, immutable' : 'no-cache',
      vary: 'accept-encoding',
      ...(packed && { 'content-encoding': packed[0] }),
    },
    body,
  };
}

function nothingAt({ path }: HttpRequest, cause?: unknown): BadInput {
  return new BadInput(`nothing is at ${path}`, { status: 404, cause });
}

/** A missing script must be an error, not a page. Operations with a dot in their name stand in the query, not in the path. */
function isFileName(name: string): boolean {
  return name.startsWith('assets/') || /\.(?:js|css|map|png|svg|ico|woff2|wasm|json|txt)$/.test(name);
}

async function indexReply(dir: string, request: HttpRequest, asking: Asking): Promise<HttpReply> {
  const html = await readIndex(dir);
  const traceId = /^\/trace\/([0-9a-fA-F-]{1,40})$/.exec(request.path)?.[1];
  // Browsers say that somebody navigates here, and the page will find the verdict itself; a chat's preview runs no page.
  const isBrowser = request.headers['sec-fetch-mode'] !== undefined;
  const verdict = traceId === undefined || isBrowser ? undefined : await verdictText(asking, request, traceId);
  return {
    status: 200,
    headers: { 'content-type': types.html ?? '', 'cache-control': 'no-cache' },
    body: verdict === undefined ? html : withVerdict(html, verdict),
  };
}

async function readIndex(dir: string): Promise<string> {
  try {
    return await readFile(join(dir, 'index.html'), 'utf8');
  } catch (cause) {
    throw new BadInput('the page is not built: run npm run build', { status: 404, cause });
  }
}

/** The verdict's sentence; nothing when the trace is not there or the store does not answer: the page itself says why. */
async function verdictText(asking: Asking, { headers, closed }: HttpRequest, id: string): Promise<string | undefined> {
  const language = languageOf(new URLSearchParams(), headers['accept-language']);
  try {
    return (await readVerdict(asking, id, language, closed)).verdict.text;
  } catch (error) {
    if (error instanceof BadInput || error instanceof Overloaded) return undefined;
    throw error;
  }
}

export function withVerdict(html: string, verdict: string): string {
  const text = escapeHtml(verdict);
  const head = `<title>${text} · Ariane</title>
    <meta property="og:title" content="Ariane" />
    <meta property="og:description" content="${text}" />
    <meta name="description" content="${text}" />`;
  const cleared = html.replaceAll(/\s*<meta\s+(?:name|property)="(?:og:)?description"[^>]*>/g, '');
  // A function, because the text may hold `$&`.
  return cleared.replace(/<title>[^<]*<\/title>/, () => head);
}

function escapeHtml(text: string): string {
  const names: Record<string, string> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;', "'": '&#39;' };
  return text.replaceAll(/[&<>"']/g, (c) => names[c] ?? '');
}
