/// <reference lib="webworker" />
/** Decodes a large trace and finds its critical path beside the page. One message in, one out. */
import { describeError } from '../../src/base/errors.ts';
import { buffersOf, prepare, type Prepared } from './prepare.ts';

export type Answer = { readonly prepared: Prepared } | { readonly problem: string };

declare const self: DedicatedWorkerGlobalScope;

self.addEventListener('message', (event: MessageEvent<Uint8Array>) => {
  try {
    const prepared = prepare(event.data);
    const answer: Answer = { prepared };
    self.postMessage(answer, { transfer: buffersOf(prepared) as Transferable[] });
  } catch (error) {
    const answer: Answer = { problem: describeError(error) };
    self.postMessage(answer, {});
  }
});
