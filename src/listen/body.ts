/** Reading a request body within its limits. */
import type { Readable } from 'node:stream';
import { BadInput } from '../base/errors.ts';
import { tooLarge } from '../wire/compression-limit.ts';
import { decompress } from '../wire/compression.ts';
import type { Budget } from './budget.ts';
import type { Deadlines } from './deadlines.ts';
import type { Exchange } from './exchange.ts';

export interface BodyLimits {
  readonly budget: Budget;
  readonly deadlines: Deadlines;
  /** For the whole body to arrive. */
  readonly bodyTimeoutMs: number;
}

export interface Body {
  readonly bytes: Uint8Array;
  /** What of the budget it holds until the request is answered. */
  readonly heldBytes: number;
}

/** Throws `BadInput`: 413 above `maxBytes`, as sent or decompressed, 408 when it takes too long; `Overloaded` without memory. */
export async function readBody(exchange: Exchange, maxBytes: number, limits: BodyLimits): Promise<Body> {
  const { budget } = limits;
  const announced = Number(exchange.headers['content-length'] ?? 0);
  if (announced > maxBytes) throw tooLarge(maxBytes);
  let held = 0;
  const hold = (bytes: number) => {
    budget.take(bytes);
    held += bytes;
  };
  try {
    const sent = await collect(exchange.input, maxBytes, hold, limits);
    const encoding = exchange.headers['content-encoding'] ?? '';
    const bytes = await decompress(encoding, sent, Math.min(maxBytes, budget.limit));
    if (bytes !== sent) hold(bytes.length);
    return { bytes, heldBytes: held };
  } catch (error) {
    budget.release(held);
    throw error;
  }
}

function collect(
  input: Readable,
  maxBytes: number,
  hold: (bytes: number) => void,
  { deadlines, bodyTimeoutMs }: BodyLimits,
): Promise<Uint8Array> {
  return new Promise((resolve, reject) => {
    const chunks: Uint8Array[] = [];
    let length = 0;
    const deadline = deadlines.add(bodyTimeoutMs, () => {
      finish(() => reject(new BadInput(`body did not arrive within ${bodyTimeoutMs / 1000} s`, { status: 408 })));
    });
    const onData = (chunk: Uint8Array) => {
      length += chunk.length;
      try {
        if (length > maxBytes) throw tooLarge(maxBytes);
        hold(chunk.length);
      } catch (error) {
        finish(() => reject(error));
        return;
      }
      chunks.push(chunk);
    };
    const onEnd = () =>
      finish(() => resolve(chunks.length === 1 && chunks[0] ? chunks[0] : Buffer.concat(chunks, length)));
    const onClose = () => finish(() => reject(new BadInput('the body was cut off')));
    const finish = (settle: () => void) => {
      deadlines.remove(deadline);
      input.off('data', onData).off('end', onEnd).off('close', onClose).off('error', onClose);
      settle();
    };
    if (input.readableEnded || input.destroyed) {
      finish(() => (input.readableEnded ? resolve(new Uint8Array()) : reject(new BadInput('the body was cut off'))));
      return;
    }
    input.on('data', onData).on('end', onEnd).on('close', onClose).on('error', onClose);
  });
}

/** Discards what is left of a body for a while, so that the client reads the refusal instead of a reset connection. */
export async function discardBody(
  exchange: Exchange,
  maxBytes: number,
  deadlines: Deadlines,
  ms: number,
): Promise<void> {
  const { input } = exchange;
  if (exchange.isInputRead() || input.destroyed) return;
  await new Promise<void>((resolve) => {
    let length = 0;
    const deadline = deadlines.add(ms, () => finish());
    const onData = (chunk: Uint8Array) => {
      length += chunk.length;
      if (length > maxBytes) finish();
    };
    const finish = () => {
      deadlines.remove(deadline);
      input.off('data', onData).off('end', finish).off('close', finish).off('error', finish);
      input.pause();
      resolve();
    };
    input.on('data', onData).on('end', finish).on('close', finish).on('error', finish);
    input.resume();
  });
}
