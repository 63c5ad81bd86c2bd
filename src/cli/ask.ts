/** Asks a running Ariane over its HTTP API. */
import { CommandError, UsageError } from './command.ts';

export interface Server {
  /** Without a slash at the end: `http://localhost:16686`. */
  readonly url: string;
  json<T>(path: string, query?: Query): Promise<T>;
  bytes(path: string): Promise<Uint8Array>;
}

export type Query = Readonly<Record<string, string | number | undefined>>;

/** The server knows nothing of what was asked: the caller says what that means. */
export class NotFound extends Error {
  override readonly name = 'NotFound';
}

export const defaultUrl = 'http://localhost:16686';

const patienceMs = 30_000;

export function serverAt(given: string | undefined, env: Readonly<Record<string, string | undefined>>): Server {
  const text = given ?? env.ARIANE_URL ?? defaultUrl;
  if (!URL.canParse(text) || !/^https?:/.test(text)) {
    throw new UsageError(`--url is an address such as ${defaultUrl}, got "${text}"`);
  }
  const url = text.replace(/\/+$/, '');
  return {
    url,
    // The types of the API are shared with the server that answers.
    json: async <T>(path: string, query?: Query) => (await get(url, path, query)).json() as Promise<T>,
    bytes: async (path) => new Uint8Array(await (await get(url, path)).arrayBuffer()),
  };
}

async function get(url: string, path: string, query: Query = {}): Promise<Response> {
  const asked = new URLSearchParams();
  for (const [key, value] of Object.entries(query)) if (value !== undefined) asked.set(key, String(value));
  const address = `${url}${path}${asked.size > 0 ? `?${asked.toString()}` : ''}`;
  let reply: Response;
  try {
    reply = await fetch(address, { signal: AbortSignal.timeout(patienceMs) });
  } catch (cause) {
    if (cause instanceof Error && cause.name === 'TimeoutError') {
      throw new CommandError(`${url} did not answer within ${patienceMs / 1000} s`, { cause });
    }
    throw new CommandError(
      `nothing answers at ${url}: start Ariane (npm start, or ariane serve), or say where it runs with --url`,
      { cause },
    );
  }
  if (reply.ok) return reply;
  const problem = problemOf(await reply.text());
  if (reply.status === 404) throw new NotFound(problem);
  throw new CommandError(`${url} answered ${reply.status}${problem === '' ? '' : `: ${problem}`}`);
}

/** `{ "error": { "message": "…" } }`; another server's page is not worth printing. */
function problemOf(body: string): string {
  const message = /"message"\s*:\s*("(?:[^"\\]|\\.)*")/.exec(body)?.[1];
  if (message === undefined) return '';
  try {
    return String(JSON.parse(message));
  } catch {
    return '';
  }
}
