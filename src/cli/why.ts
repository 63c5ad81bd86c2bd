/** `ariane why`: the verdict on a trace or on an endpoint, as text or JSON, and as a gate in a pipeline. */
import { parseDurationNs } from '../base/duration.ts';
import { targetOf } from '../diagnose/diagnose-trace.ts';
import { formatDuration, formatShare } from '../diagnose/format.ts';
import type { Language } from '../diagnose/verdict-types.ts';
import type { EndpointWhy, TraceVerdict } from '../show/api/types.ts';
import { defaultUrl, NotFound, type Server, serverAt } from './ask.ts';
import { CommandError, command, type Terminal, UsageError } from './command.ts';
import { languageOf } from './language.ts';
import { paintFor } from './tree/paint.ts';
import { harmless } from './tree/text-width.ts';
import { type Growth, growthSince, readProfile, saveProfile } from './why-profile.ts';

/** What a pipeline reads as: slower than allowed. */
const slowerCode = 3;
const mostCauses = 5;

export const why = command({
  name: 'why',
  usage: 'why TRACE_ID | SERVICE [OPERATION]',
  summary: 'say why a trace, or an endpoint, is slow',
  mostWords: 2,
  flags: {
    since: { type: 'string', value: '1h', help: 'of an endpoint: how far back to look' },
    against: { type: 'string', value: '1d|FILE', help: 'compare with so long ago, or with a saved profile' },
    save: { type: 'string', value: 'FILE', help: 'save how the endpoint is now, to compare with later' },
    'fail-over': {
      type: 'string',
      value: '20%',
      help: `with --against: exit code ${slowerCode} when slower by more than this`,
    },
    json: { type: 'boolean', help: 'the answer as JSON' },
    lang: { type: 'string', value: 'en|fr', help: 'language; otherwise that of LC_ALL or LANG' },
    url: { type: 'string', value: 'URL', help: `where Ariane runs; otherwise ARIANE_URL or ${defaultUrl}` },
  },
  examples: [
    ['ariane why frontend "GET /checkout" --since 1h', 'why its slow requests are slow'],
    ['ariane why frontend --against main.json --fail-over 20%', 'a gate: exit code 3 when it got slower'],
  ],
  async run(values, [first, operation], terminal) {
    if (first === undefined) throw new UsageError('say what: a trace id, or a service and its operation');
    const language = languageOf(values.lang, terminal.env);
    const server = serverAt(values.url, terminal.env);
    if (operation === undefined && /^(?:[0-9a-f]{16}|[0-9a-f]{32})$/i.test(first)) {
      if (values.since ?? values.against ?? values.save ?? values['fail-over']) {
        throw new UsageError('--since, --against, --save and --fail-over are for an endpoint, not for a trace');
      }
      await tellTrace(server, first, { ...values, language, terminal });
      return 0;
    }
    return askEndpoint(
      server,
      { service: first, operation },
      { ...values, failOver: values['fail-over'], language, terminal },
    );
  },
});

interface Telling {
  readonly json?: boolean;
  readonly language: Language;
  readonly terminal: Terminal;
}

async function tellTrace(server: Server, id: string, { json, language, terminal }: Telling): Promise<void> {
  let verdict: TraceVerdict;
  try {
    verdict = await server.json<TraceVerdict>(`/api/why/${id}`, { lang: language });
  } catch (error) {
    if (!(error instanceof NotFound)) throw error;
    throw new CommandError(`no trace ${id} at ${server.url}: it has not arrived, or is dropped already`, {
      cause: error,
    });
  }
  if (json === true) return terminal.out(`${JSON.stringify(verdict, undefined, 2)}\n`);
  const paint = paintFor(terminal);
  terminal.out(
    [
      paint('bold', harmless(verdict.verdict.text)),
      '',
      ...causeLines(verdict.causes, (cause) => cause.contribution_ns, language),
      ...verdict.notes.map((note) => `· ${harmless(note.text)}`),
      paint('dim', `${server.url}/trace/${verdict.trace_id}`),
      '',
    ].join('\n'),
  );
}

interface Asking extends Telling {
  readonly since?: string;
  readonly against?: string;
  readonly save?: string;
  readonly failOver?: string | undefined;
}

async function askEndpoint(
  server: Server,
  { service, operation }: { service: string; operation: string | undefined },
  { since = '1h', against, save, failOver, json, language, terminal }: Asking,
): Promise<number> {
  const sinceNs = durationOf('--since', since);
  const limit = failOver === undefined ? undefined : shareOf(failOver);
  if (limit !== undefined && against === undefined)
    throw new UsageError('--fail-over needs --against: slower than what?');
  const backNs =
    against === undefined
      ? undefined
      : parseDurationNs(against.replace(/^(\d+)d$/, (_, days) => `${Number(days) * 24}h`));
  const profile = against !== undefined && backNs === undefined ? await readProfile(against) : undefined;

  const endUs = Math.ceil(Date.now() * 1000);
  const startUs = Math.floor(endUs - sinceNs / 1000);
  const answer = await server.json<EndpointWhy>('/api/why', {
    service,
    operation,
    start: startUs,
    end: endUs,
    ...(backNs !== undefined && { baselineStart: startUs - backNs / 1000, baselineEnd: endUs - backNs / 1000 }),
    lang: language,
  });
  if (answer.calls.count === 0) {
    const what = operation === undefined ? service : `${service} · ${operation}`;
    throw new CommandError(`no call of ${harmless(what)} in the last ${since}: look further back with --since`);
  }
  if (save !== undefined) await saveProfile(save, answer);
  const growth = profile === undefined ? undefined : growthSince(profile, answer);
  if (json === true)
    terminal.out(`${JSON.stringify(growth === undefined ? answer : { ...answer, growth }, undefined, 2)}\n`);
  else tellEndpoint(server, answer, growth, { language, terminal });

  if (limit === undefined) return 0;
  const grown = growth?.share ?? grownBy(answer);
  if (grown === undefined) throw new CommandError('too few calls to tell whether it got slower');
  if (grown <= limit) return 0;
  terminal.err(
    `ariane: ${harmless(answer.question.operation)} is ${formatShare(grown, language)} slower; ${formatShare(limit, language)} is allowed\n`,
  );
  return slowerCode;
}

/** By what share the calls are slower than those of the other time; 0 where the difference may be chance. */
function grownBy({ found, slow, usual }: EndpointWhy): number | undefined {
  if (found === 'too-little') return undefined;
  return found === 'healthy' ? 0 : (slow.mean_ns - usual.mean_ns) / Math.max(1, usual.mean_ns);
}

function tellEndpoint(
  server: Server,
  answer: EndpointWhy,
  growth: Growth | undefined,
  { language, terminal }: Telling,
): void {
  const paint = paintFor(terminal);
  const { causes, notes, slowest } = answer;
  const grown = causes.filter((cause) => cause.excess_ns > 0);
  const [first] = causes;
  const attributes = (answer.found === 'slower' ? (first?.attributes ?? []) : []).map(
    ({ key, value, slow_share, usual_share }) =>
      `  ${harmless(`${key} = ${value}`)}  ${formatShare(slow_share, language)} / ${formatShare(usual_share, language)}`,
  );
  const evidence = answer.found === 'slower' ? (first?.evidence ?? []).slice(0, 3) : [];
  terminal.out(
    [
      paint('bold', harmless(answer.verdict.text)),
      ...(slowest === undefined ? [] : [harmless(slowest.verdict.text)]),
      ...(growth === undefined ? [] : [harmless(growth.text(language))]),
      '',
      ...(answer.found === 'too-little' ? [] : causeLines(grown, (cause) => cause.excess_ns, language)),
      ...attributes,
      ...notes.map((note) => `· ${harmless(note.text)}`),
      ...evidence.map(({ trace_id }) => paint('dim', `${server.url}/trace/${trace_id}`)),
      '',
    ].join('\n'),
  );
}

interface Line {
  readonly service: string;
  readonly operation: string;
  readonly share: number;
  readonly sentence: { readonly text: string };
}

function causeLines<Cause extends Line>(
  causes: readonly Cause[],
  nsOf: (cause: Cause) => number,
  language: Language,
): string[] {
  const rows = causes.slice(0, mostCauses).map((cause) => ({
    ms: formatDuration(nsOf(cause), language),
    share: formatShare(cause.share, language),
    what: harmless(`${targetOf(cause)}  ${cause.sentence.text}`),
  }));
  const width = (key: 'ms' | 'share') => Math.max(0, ...rows.map((row) => row[key].length));
  return rows.map(({ ms, share, what }) => `  ${ms.padStart(width('ms'))}  ${share.padStart(width('share'))}  ${what}`);
}

function durationOf(flag: string, text: string): number {
  const ns = parseDurationNs(text.replace(/^(\d+)d$/, (_, days) => `${Number(days) * 24}h`));
  if (ns === undefined || ns <= 0) throw new UsageError(`${flag} is a duration such as 30m, 24h or 7d, got "${text}"`);
  return ns;
}

function shareOf(text: string): number {
  const percent = /^(\d+(?:\.\d+)?)%?$/.exec(text)?.[1];
  if (percent === undefined) throw new UsageError(`--fail-over is a share such as 20%, got "${text}"`);
  return Number(percent) / 100;
}
