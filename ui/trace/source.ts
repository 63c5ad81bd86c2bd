/**
 * Where a trace comes from: its head and skeleton, asked together; again every two seconds while it may still grow, is
 * not there yet, or the server does not answer.
 */
import { BadInput } from '../../src/base/errors.ts';
import type { TraceHead } from '../../src/show/api/types.ts';
import { ApiFailure, getBytes, getJson } from '../shell/api.ts';
import { indexSpans, type SpanIndex } from './layout/span-index.ts';
import { prepare, type Prepared } from './prepare.ts';
import type { Answer } from './prepare.worker.ts';

export interface Loaded extends Prepared {
  readonly head: TraceHead;
  readonly index: SpanIndex;
}

export type TraceState =
  | { readonly kind: 'loading' }
  | { readonly kind: 'missing' }
  | { readonly kind: 'unreadable' }
  | { readonly kind: 'failed'; readonly failure: ApiFailure }
  | { readonly kind: 'ready'; readonly loaded: Loaded };

const againMs = 2000;
/** Below this many bytes (some 5,000 spans) decoding here is faster than starting a worker. */
const workerFromBytes = 200_000;

/** Calls `show` with each new state until the returned function is called. A trace once shown stays through failures. */
export function followTrace(id: string, show: (state: TraceState) => void): () => void {
  const abort = new AbortController();
  let timer: ReturnType<typeof setTimeout> | undefined;
  let shown: Loaded | undefined;

  const ask = async (): Promise<boolean> => {
    // Once shown, by its whole id: a newer trace may fit the prefix as well.
    const path = `/api/trace/${encodeURIComponent(shown?.trace.traceId ?? id)}`;
    if (shown === undefined) {
      const [head, bytes] = await Promise.all([
        getJson<TraceHead>(path, abort.signal),
        getBytes(`${path}/skeleton`, abort.signal),
      ]);
      shown = await load(head, bytes, abort.signal);
    } else {
      const head = await getJson<TraceHead>(path, abort.signal);
      const hasGrown = head.summary.spans !== shown.trace.count;
      if (hasGrown) shown = await load(head, await getBytes(`${path}/skeleton`, abort.signal), abort.signal);
      else if (head.settled !== shown.head.settled) shown = { ...shown, head };
      else return !head.settled;
    }
    if (!abort.signal.aborted) show({ kind: 'ready', loaded: shown });
    return !shown.head.settled;
  };
  const round = async (): Promise<void> => {
    let isMoreComing = true;
    try {
      isMoreComing = await ask();
    } catch (error) {
      if (abort.signal.aborted) return;
      const state = stateOf(error);
      if (shown === undefined) show(state);
      // What is no trace id will never be one.
      isMoreComing = state.kind !== 'unreadable' && !(error instanceof ApiFailure && error.status === 400);
    }
    if (isMoreComing && !abort.signal.aborted) timer = setTimeout(() => void round(), againMs);
  };
  show({ kind: 'loading' });
  void round();
  return () => {
    abort.abort();
    clearTimeout(timer);
  };
}

function stateOf(error: unknown): TraceState {
  if (error instanceof BadInput) return { kind: 'unreadable' };
  if (!(error instanceof ApiFailure)) throw error;
  return error.status === 404 || error.status === 400 ? { kind: 'missing' } : { kind: 'failed', failure: error };
}

async function load(head: TraceHead, bytes: Uint8Array, signal: AbortSignal): Promise<Loaded> {
  const prepared = bytes.length < workerFromBytes ? prepare(bytes) : await prepareBeside(bytes, signal);
  return { ...prepared, head, index: indexSpans(prepared.trace) };
}

function prepareBeside(bytes: Uint8Array, signal: AbortSignal): Promise<Prepared> {
  const worker = new Worker(new URL('./prepare.worker.ts', import.meta.url), { type: 'module' });
  signal.addEventListener('abort', () => worker.terminate(), { once: true });
  return new Promise<Prepared>((resolve, reject) => {
    worker.addEventListener('message', (event: MessageEvent<Answer>) => {
      if ('prepared' in event.data) resolve(event.data.prepared);
      else reject(new BadInput(event.data.problem));
    });
    worker.addEventListener('error', (event) => reject(new BadInput(event.message)));
    worker.postMessage(bytes, [bytes.buffer as ArrayBuffer]);
  }).finally(() => worker.terminate());
}
