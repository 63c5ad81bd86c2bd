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
}

const firstDelayMs = 100;
const maxDelayMs = 5_000;
const fullDelayMs = 500;

export class Inserter {
  readonly #options: InserterOptions;
  #last: Promise<void> = Promise.resolve();
  #isStopping = false;
  #wake: (() => void) | undefined;

  constructor(options: InserterOptions) {
    this.#options = options;
  }

  /** Resolves when every row of the block is in the store or put aside. Never resolves once stopped: the block stays on disk. */
  insert(block: Block): Promise<void> {
    const done = this.#last.then(() => this.#insertFiles(block));
    // One that fails in a way nobody thought of must not hold back the others.
    this.#last = done.catch(() => {});
    return done;
  }

  /** Ends waiting and trying again; an insert under way is left to finish. */
  stop(): void {
    this.#isStopping = true;
    this.#wake?.();
  }

  async #insertFiles(block: Block): Promise<void> {
    for (const file of block.files) await this.#insertFile(block, file);
  }

  async #insertFile(block: Block, file: BlockFile): Promise<void> {
    const { database, blocks, isFull, log } = this.#options;
    for (let delayMs = firstDelayMs; ; delayMs = Math.min(delayMs * 2, maxDelayMs)) {
      while (isFull() && !this.#isStopping) await this.#pause(fullDelayMs);
      if (this.#isStopping) await new Promise<never>(() => {});
      try {
        await database.insertFile({
          table: file.table,
          columns: file.columns,
          path: blocks.pathOf(file),
          token: file.name,
        });
        if (file.table === 'spans') this.#options.stored.add(file.rows);
        return;
      } catch (error) {
        if (isPermanent(error)) return this.#divide(block, file, error);
        const passing = error instanceof Overloaded;
        if (!this.#isStopping)
          log[passing ? 'debug' : 'warn']('cannot insert a block; trying again', { error: describeError(error) });
        await this.#pause(delayMs);
      }
    }
  }

  /** Halves have names derived from the whole's, so a crash in between comes to the same halves and the same tokens. */
  async #divide(block: Block, file: BlockFile, error: unknown): Promise<void> {
    const { blocks, quarantine, quarantined } = this.#options;
    const bytes = await readFile(blocks.pathOf(file));
    const halves = splitNative(bytes);
    if (halves === undefined) {
      if (file.table === 'spans') quarantined.add(file.rows);
      await quarantine.put('native', bytes, describeError(error), file.rows);
      return;
    }
    const { signal, pipeline, exporter, ranges } = block;
    const origin = { signal, pipeline, exporter, ranges };
    const stem = file.name.slice(0, -`.${file.table}.native`.length);
    for (const [i, half] of halves.entries()) {
      const draft = { table: file.table, columns: file.columns, ...half };
      const part = await blocks.write(origin, [draft], `${stem}.${i}`);
      await this.#insertFiles(part);
      await blocks.remove(part);
    }
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
