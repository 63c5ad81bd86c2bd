/**
 * Ariane's own API (`src/show/api/types.ts`). A question dies with the page that asked it, the old answer stays on view
 * until the new one, and an error says what to do next.
 */
import { type Signal, signal, useSignal } from '@preact/signals';
import { useEffect } from 'preact/hooks';
import type { ApiError } from '../../src/show/api/types.ts';
import { words } from '../words/words.ts';

/** What went wrong, as the page tells it. `status` 0: no answer at all. */
export class ApiFailure extends Error {
  override readonly name = 'ApiFailure';
  readonly status: number;
  constructor(status: number, message: string) {
    super(message);
    this.status = status;
  }
}

/** The JSON at `path` (`/api/home?start=…`). Throws `ApiFailure`; an abort throws the signal's reason. */
export async function getJson<T>(path: string, signal?: AbortSignal): Promise<T> {
  const response = await request(path, signal === undefined ? {} : { signal });
  // The contract of `src/show/api/types.ts`: the server is ours, of the same version.
  return (await whole(response.json(), signal)) as T;
}

/** The bytes at `path`. */
export async function getBytes(path: string, signal?: AbortSignal): Promise<Uint8Array> {
  const response = await request(path, signal === undefined ? {} : { signal });
  return new Uint8Array(await whole(response.arrayBuffer(), signal));
}

export async function postJson<T>(path: string): Promise<T> {
  const response = await request(path, { method: 'POST', headers: { 'content-type': 'application/json' }, body: '{}' });
  return (await whole(response.json())) as T;
}

/** A connection that breaks in the middle of an answer is no answer. */
async function whole<T>(body: Promise<T>, signal?: AbortSignal): Promise<T> {
  try {
    return await body;
  } catch (error) {
    if (signal?.aborted === true) throw error;
    throw new ApiFailure(0, 'the answer was cut off');
  }
}

async function request(path: string, init: RequestInit): Promise<Response> {
  let response: Response;
  try {
    response = await fetch(path, init);
  } catch (error) {
    if (init.signal?.aborted === true) throw error;
    throw new ApiFailure(0, 'no answer');
  }
  if (response.ok) return response;
  throw new ApiFailure(response.status, await errorMessage(response));
}

async function errorMessage(response: Response): Promise<string> {
  try {
    const body = (await response.json()) as Partial<ApiError>;
    return body.error?.message ?? response.statusText;
  } catch {
    return `${response.status} ${response.statusText}`;
  }
}

/** One sentence for a failure: what happened and what to do next. */
export function explain(failure: ApiFailure): string {
  const { errors } = words();
  if (failure.status === 0) return errors.offline;
  if (failure.status === 504 || failure.status === 408) return errors.timeout;
  if (failure.status === 429 || failure.status === 503) return failure.message === '' ? errors.busy : failure.message;
  return errors.server(failure.message);
}

/** A question and its answer. `data` may belong to the question before while `isLoading`. */
export interface Answer<T> {
  readonly data: T | undefined;
  readonly failure: ApiFailure | undefined;
  readonly isLoading: boolean;
  /** The path that `data` answers. */
  readonly of: string | undefined;
}

/** Number of questions under way, for the bar on top of the page. */
export const pending = signal<readonly { readonly path: string; readonly sinceMs: number }[]>([]);

// What pages showed last: coming back to one, its rows stand there at once, and so does the place it was scrolled to.
const remembered = new Map<string, unknown>();
const mostRemembered = 12;

/**
 * Asks `path` when it changes, and again when `again` does (the old answer stays meanwhile). Undefined asks nothing. What cannot be reached, or is
 * busy, is asked again by itself.
 * @param memory where the answer is kept for the next time the page stands; its first answer until there is one
 */
export function useAnswer<T>(path: string | undefined, again?: unknown, memory?: string): Signal<Answer<T>> {
  const answer = useSignal<Answer<T>>({
    // Kept under this name by this call alone: of the same type.
    data: memory === undefined ? undefined : (remembered.get(memory) as T | undefined),
    failure: undefined,
    isLoading: path !== undefined,
    of: undefined,
  });
  useEffect(() => {
    if (path === undefined) return;
    const abort = new AbortController();
    let timer: ReturnType<typeof setTimeout> | undefined;
    const ask = async () => {
      answer.value = { ...answer.peek(), isLoading: true };
      const entry = { path, sinceMs: performance.now() };
      pending.value = [...pending.peek(), entry];
      try {
        const data = await getJson<T>(path, abort.signal);
        if (abort.signal.aborted) return;
        answer.value = { data, failure: undefined, isLoading: false, of: path };
        if (memory !== undefined) remember(memory, data);
      } catch (error) {
        if (abort.signal.aborted) return;
        if (!(error instanceof ApiFailure)) throw error;
        answer.value = { ...answer.peek(), failure: error, isLoading: false };
        if (isPassing(error)) timer = setTimeout(() => void ask(), 2000);
      } finally {
        pending.value = pending.peek().filter((p) => p !== entry);
      }
    };
    void ask();
    return () => {
      abort.abort();
      clearTimeout(timer);
    };
  }, [path, again]);
  return answer;
}

function remember(memory: string, data: unknown): void {
  remembered.delete(memory);
  remembered.set(memory, data);
  const [oldest] = remembered.keys();
  if (remembered.size > mostRemembered && oldest !== undefined) remembered.delete(oldest);
}

function isPassing(failure: ApiFailure): boolean {
  return failure.status === 0 || failure.status === 429 || failure.status === 503;
}
