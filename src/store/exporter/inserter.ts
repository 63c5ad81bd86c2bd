/**
 * Inserts blocks, one after the other, until each is in: what may pass is tried again for ever, what never will is halved
 * until the bad rows are alone, and these are put aside.
 */
import { readFile } from 'node:fs/promises';
import type { Clock } from '../../base/clock.ts';
import { describeError, Overloaded } from '../../base/errors.ts';
import type { Log } from '../../base/log.ts';
import type { Counter } from '../../base/metrics.ts';
import type { Block, Blocks } from '../blocks/blocks.ts';
import type { BlockFile } from '../blocks/manifest.ts';
import { splitNative } from '../blocks/split-native.ts';
import type { Database } from '../database.ts';
import { isPermanent } from '../engine/engine-error.ts';
import type { Quarantine } from './quarantine.ts';

export interface InserterOptions {
  readonly database: Pick<Database, 'insertFile'>;
  readonly blocks: Blocks;
  readonly quarantine: Quarantine;
  /** True while the disk limit is reached: nothing is inserted then. */
  readonly isFull: () => boolean;
  readonly clock: Clock;
  readonly log: Log;
  /** Rows of the table `spans`. */
  readonly stored: Pick<Counter, 'add'>;
  readonly quarantined: Pick<Counter, 'add'>;
  /** By table, of all files. */
  readonly inserts: Pick<Counter, 'add'>;
  readonly insertMs: Pick<Counter, 'add'>;
}

/**
 * So many bad rows of one block are looked for; what is refused after that is put aside as it is. A store that refuses every
 * row must not keep the engine busy for an hour.
 */
const maxAlone = 64;

interface Budget {
  alone: number;
}

const firstDelayMs = 100;
const maxDelayMs = 5_000;
const fullDelayMs = 500;

export class Inserter {
  readonly #options: InserterOptions;
  #last: Promise<unknown> = Promise.resolve();
  #isStopping = false;
  #wake: (() => void) | undefined;

  constructor(options: InserterOptions) {
    this.#options = options;
  }

  /** True when every row of the block is in the store or put aside, false when stopped before: the block stays on disk. Never rejects. */
  insert(block: Block): Promise<boolean> {
    const done = this.#last.then(async () => {
      const budget = { alone: maxAlone };
      for (const file of block.files) if (!(await this.#insertFile(block, file, budget))) return false;
      return true;
    });
    this.#last = done;
    return done;
  }

  /** Ends waiting and trying again; an insert under way is left to finish. */
  stop(): void {
    this.#isStopping = true;
    this.#wake?.();
  }

  async #insertFile(block: Block, file: BlockFile, budget: Budget): Promise<boolean> {
    const { isFull, log } = this.#options;
    for (let delayMs = firstDelayMs; !this.#isStopping; delayMs = Math.min(delayMs * 2, maxDelayMs)) {
      if (isFull()) {
        await this.#pause(fullDelayMs);
        continue;
      }
      try {
        await this.#insertOnce(file);
        return true;
      } catch (error) {
        try {
          if (isPermanent(error)) return await this.#divide(block, file, error, budget);
          log[error instanceof Overloaded ? 'debug' : 'warn']('cannot insert a block; trying again', {
            error: describeError(error),
          });
        } catch (cause) {
          log.error('cannot divide a block; trying again', { error: describeError(cause) });
        }
        await this.#pause(delayMs);
      }
    }
    return false;
  }

  async #insertOnce(file: BlockFile): Promise<void> {
    const { database, blocks, stored, inserts, insertMs } = this.#options;
    const { table, columns, rows, name } = file;
    const startMs = performance.now();
    await database.insertFile({ table, columns, path: blocks.pathOf(file), token: name });
    inserts.add(1, { table });
    insertMs.add(performance.now() - startMs, { table });
    if (table === 'spans') stored.add(rows);
  }

  /** Halves have names derived from the whole's, so a crash in between comes to the same halves and the same tokens. */
  async #divide(block: Block, file: BlockFile, error: unknown, budget: Budget): Promise<boolean> {
    const { blocks } = this.#options;
    const bytes = await readFile(blocks.pathOf(file));
    const halves = budget.alone > 0 ? halvesOf(bytes) : undefined;
    if (halves === undefined) {
      budget.alone--;
      await this.#putAside(file, bytes, error);
      return true;
    }
    const { signal, pipeline, exporter, ranges } = block;
    const origin = { signal, pipeline, exporter, ranges };
    const stem = file.name.slice(0, -`.${file.table}.native`.length);
    for (const [i, half] of halves.entries()) {
      const draft = { table: file.table, columns: file.columns, ...half };
      const part = await blocks.write(origin, [draft], `${stem}.${i}`);
      for (const partFile of part.files) if (!(await this.#insertFile(part, partFile, budget))) return false;
      await blocks.remove(part);
    }
    return true;
  }

  async #putAside(file: BlockFile, bytes: Uint8Array, error: unknown): Promise<void> {
    const { quarantine, quarantined } = this.#options;
    if (file.table === 'spans') quarantined.add(file.rows);
    await quarantine.put('native', bytes, describeError(error), file.rows);
  }

  #pause(ms: number): Promise<void> {
    if (this.#isStopping) return Promise.resolve();
    return new Promise((resolve) => {
      const cancel = this.#options.clock.after(ms, resolve);
      this.#wake = () => {
        cancel();
        resolve();
      };
    });
  }
}

/** Undefined for one row, and for bytes that are no block any more. */
function halvesOf(bytes: Buffer): ReturnType<typeof splitNative> {
  try {
    return splitNative(bytes);
  } catch {
    return undefined;
  }
}
