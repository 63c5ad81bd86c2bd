/** `ariane trace`: one trace as a tree, with the span where its time goes. */
import { parseDurationNs } from '../base/duration.ts';
import { formatDuration } from '../diagnose/format.ts';
import type { Language, TraceVerdict } from '../diagnose/verdict-types.ts';
import { parseTraceIdQuery } from '../model/ids.ts';
import { decodeSkeleton } from '../model/skeleton.ts';
import type { SearchAnswer, TraceHead } from '../show/api/types.ts';
import { defaultUrl, NotFound, type Server, serverAt } from './ask.ts';
import { CommandError, command, type Terminal, UsageError } from './command.ts';
import { languageOf } from './language.ts';
import { paintFor } from './tree/paint.ts';
import { harmless } from './tree/text-width.ts';
import { renderTree } from './tree/tree.ts';

export const trace = command({
  name: 'trace',
  usage: 'trace ID | --last | --slowest',
  summary: 'print a trace as a tree, with the span where its time goes',
  mostWords: 1,
  flags: {
    last: { type: 'boolean', help: 'the newest trace' },
    slowest: { type: 'boolean', help: 'the slowest trace' },
    service: { type: 'string', value: 'NAME', help: 'with --last or --slowest: of this service' },
    since: { type: 'string', value: '1h', help: 'with --last or --slowest: how far back to look' },
    all: { type: 'boolean', help: 'every span on a line of its own, nothing folded' },
    json: { type: 'boolean', help: 'the verdict as JSON' },
    lang: { type: 'string', value: 'en|fr', help: 'language; otherwise that of LC_ALL or LANG' },
    url: { type: 'string', value: 'URL', help: `where Ariane runs; otherwise ARIANE_URL or ${defaultUrl}` },
  },
  examples: [
    ['ariane trace 4bf92f3577b34da6', 'by its id, or the first 6 digits and more of it'],
    ['ariane trace --slowest --since 24h', 'the slowest one of a day'],
  ],
  async run(values, [id], terminal) {
    const picks = [id !== undefined, values.last === true, values.slowest === true].filter(Boolean).length;
    if (picks !== 1) throw new UsageError('say which trace: an id, --last or --slowest');
    const language = languageOf(values.lang, terminal.env);
    const server = serverAt(values.url, terminal.env);
    const wanted = id ?? (await searchOne(server, values, language));
    if (parseTraceIdQuery(wanted).length === 0) throw new UsageError(`"${wanted}" is no trace id: hex digits are`);
    await print(server, wanted.trim(), { ...values, language, terminal });
    return 0;
  },
});

async function searchOne(
  server: Server,
  { slowest, service, since = '1h' }: { slowest?: boolean; service?: string; since?: string },
  language: Language,
): Promise<string> {
  const sinceNs = parseDurationNs(since);
  if (sinceNs === undefined || sinceNs <= 0)
    throw new UsageError(`--since is a duration such as 30m or 24h, got "${since}"`);
  const nowMs = Date.now();
  const answer = await server.json<SearchAnswer>('/api/search', {
    order: slowest === true ? 'slowest' : 'newest',
    limit: 10,
    service,
    startUs: Math.floor(nowMs * 1000 - sinceNs / 1000),
    // A sender's clock may be ahead.
    endUs: Math.ceil(nowMs * 1000 + 60e6),
  });
  // Of the newest, the first whose root is here: services send on their own, some later than others.
  const found = answer.traces.find((each) => slowest === true || each.hasRoot) ?? answer.traces[0];
  if (found !== undefined) return found.traceId;
  const where = service === undefined ? '' : ` of ${harmless(service)}`;
  const hint =
    answer.newestMs === null
      ? 'nothing has been received yet'
      : `the newest span is ${formatDuration(Math.max(0, nowMs - answer.newestMs) * 1e6, language)} old; look further back with --since`;
  throw new CommandError(`no trace${where} in the last ${since}: ${hint}`);
}

interface Printing {
  readonly json?: boolean;
  readonly all?: boolean;
  readonly language: Language;
  readonly terminal: Terminal;
}

async function print(server: Server, asked: string, { json, all, language, terminal }: Printing): Promise<void> {
  const head = await found(server, asked, server.json<TraceHead>(`/api/trace/${encodeURIComponent(asked)}`));
  const path = `/api/trace/${head.traceId}`;
  const why = server.json<TraceVerdict>(`/api/why/${head.traceId}`, { lang: language });
  if (json === true) {
    terminal.out(`${JSON.stringify({ trace: head, verdict: await found(server, asked, why) }, undefined, 2)}\n`);
    return;
  }
  const [verdict, skeleton] = await found(server, asked, Promise.all([why, server.bytes(`${path}/skeleton`)]));
  const paint = paintFor(terminal);
  const tree = renderTree(decodeSkeleton(skeleton), verdict, {
    language,
    paint,
    columns: terminal.isTty ? terminal.columns : undefined,
    all: all === true,
  });
  const remarks = [...verdict.notes.map((note) => note.text), ...also(head, language)];
  const said = [paint('bold', harmless(verdict.verdict.text)), ...remarks.map((text) => `· ${harmless(text)}`)];
  terminal.out(`${[...tree, '', ...said, paint('dim', `${server.url}/trace/${head.traceId}`)].join('\n')}\n`);
}

function also({ alsoMatching }: TraceHead, language: Language): string[] {
  if (alsoMatching.length === 0) return [];
  const ids = alsoMatching.slice(0, 5).join(', ');
  return [language === 'fr' ? `même début\u202f: ${ids}` : `same beginning: ${ids}`];
}

async function found<T>(server: Server, asked: string, answer: Promise<T>): Promise<T> {
  try {
    return await answer;
  } catch (error) {
    if (!(error instanceof NotFound)) throw error;
    throw new CommandError(
      `no trace ${harmless(asked)} at ${server.url}: it has not arrived, or is dropped already; see the newest with "ariane trace --last"`,
      { cause: error },
    );
  }
}
