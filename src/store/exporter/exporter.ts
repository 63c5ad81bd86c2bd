/**
 * The exporter `ariane`: into Ariane's own store. Parts are transcoded into a block until it is large or old enough; then it
 * goes to disk, into the engine, and the parts are taken. After a crash the blocks found are inserted as they are, and the
 * spool's records that went into them are not built again.
 */
import { join } from 'node:path';
import type { Cancel } from '../../base/clock.ts';
import { BadInput, describeError } from '../../base/errors.ts';
import { count, durationMs, object } from '../../base/schema.ts';
import { type ComponentContext, type Exporter, type ExporterType, exporter } from '../../component/component.ts';
import { type Batch, countOf, type Part, type Signal } from '../../model/batch.ts';
import { type Block, Blocks } from '../blocks/blocks.ts';
import { hasSeq, lastSeq, rangesOf } from '../blocks/seq-ranges.ts';
import type { Database } from '../database.ts';
import { dayOfMs } from '../transcode/day.ts';
import { dictionaryBlocks } from '../transcode/dictionary-blocks.ts';
import { Dictionary } from '../transcode/dictionary.ts';
import { SpanBlock } from '../transcode/span-block.ts';
import { TraceTranscoder } from '../transcode/transcode-traces.ts';
import { Inserter } from './inserter.ts';
import { createQuarantine, type Quarantine } from './quarantine.ts';

export interface ArianeExporterDeps {
  readonly database: Pick<Database, 'insertFile'>;
  /** `blocks/` and `quarantine/` are in it. */
  readonly dataDir: string;
  isFull(): boolean;
  /** Older spans count as of the day of their arrival. */
  readonly retentionDays: number;
}

export interface ExporterCounts {
  readonly stored: number;
  readonly not_stored: number;
  readonly quarantined: number;
}

interface ArianeConfig {
  /** Rows after which a block goes off. */
  readonly flush_rows: number;
  /** ms after its first row at which a block goes off. */
  readonly flush_interval: number;
}

const maxBlockBytes = 16 * 1024 * 1024;
/** Blocks that are written and not inserted yet; more wait in the spool. */
const maxWaiting = 2;
/** ms of transcoding at a stretch. */
const maxBusyMs = 10;
/** ms that a stop waits for an insert under way. */
const maxStopMs = 1_000;
const never = new Promise<never>(() => {});

const helps = {
  stored: 'Items written into the store.',
  notStored: 'Items taken and let go, because their signal is not stored.',
  quarantined: 'Items that the store will never take, put aside.',
  inserts: 'Files inserted into the engine, by table.',
  insertMs: 'Milliseconds of inserting them.',
  rejected: 'Spans without a possible id.',
} as const;

/** `counts` sums over all exporters made of `type`. */
export function arianeExporter(deps: ArianeExporterDeps): {
  readonly type: ExporterType<unknown>;
  counts(signal: Signal): ExporterCounts;
} {
  const made: StoreExporter[] = [];
  const type = exporter<ArianeConfig>({
    type: 'ariane',
    config: object({ flush_rows: count(50_000), flush_interval: durationMs('500ms') }),
    create(config, context) {
      const one = new StoreExporter(deps, config, context);
      made.push(one);
      return one;
    },
  });
  return {
    type,
    counts(signal) {
      const sum = { stored: 0, not_stored: 0, quarantined: 0 };
      for (const { counts } of made) {
        sum.not_stored += counts.notStored[signal];
        if (signal !== 'traces') continue;
        sum.stored += counts.stored;
        sum.quarantined += counts.quarantined;
      }
      return sum;
    },
  };
}

/** A block being filled for one pipeline. */
interface Filling {
  readonly pipeline: string;
  readonly rows: SpanBlock;
  readonly seqs: number[];
  readonly taken: Promise<void>;
  readonly take: () => void;
  readonly cancel: Cancel;
}

/** A block on disk. */
interface Written {
  readonly block: Block;
  /** Is it in the store, or was the exporter stopped before? */
  readonly inserted: Promise<boolean>;
}

class StoreExporter implements Exporter {
  readonly counts = { stored: 0, quarantined: 0, notStored: { traces: 0, metrics: 0, logs: 0 } };
  readonly #deps: ArianeExporterDeps;
  readonly #config: ArianeConfig;
  readonly #context: ComponentContext;
  readonly #transcoder: TraceTranscoder;
  readonly #quarantine: Quarantine;
  readonly #filling = new Map<string, Filling>();
  /** Their memory is used again: it is what grows. */
  readonly #idle: SpanBlock[] = [];
  #blocks: Blocks | undefined;
  #inserter: Inserter | undefined;
  #written: Written[] = [];
  #waiting = 0;
  /** Blocks on their way. */
  readonly #going = new Set<Promise<void>>();
  #room: (() => void)[] = [];
  #isStopped = false;
  readonly #saidNotStored = new Set<Signal>();

  constructor(deps: ArianeExporterDeps, config: ArianeConfig, context: ComponentContext) {
    this.#deps = deps;
    this.#config = config;
    this.#context = context;
    this.#transcoder = new TraceTranscoder(new Dictionary(), deps.retentionDays);
    this.#quarantine = createQuarantine(join(deps.dataDir, 'quarantine'), context.log);
  }

  async start(): Promise<void> {
    const { log, clock, id, metrics } = this.#context;
    const { blocks, found } = await Blocks.open(
      join(this.#deps.dataDir, 'blocks', id.replaceAll(/[^\w.-]/g, '_')),
      log,
    );
    this.#blocks = blocks;
    const tally = (add: (n: number) => void, name: string, help: string) => {
      const counter = metrics.counter(name, help).with({ signal: 'traces' });
      return {
        add(n: number) {
          add(n);
          counter.add(n);
        },
      };
    };
    this.#inserter = new Inserter({
      database: this.#deps.database,
      blocks,
      quarantine: this.#quarantine,
      isFull: () => this.#deps.isFull(),
      clock,
      log,
      stored: tally((n) => (this.counts.stored += n), 'stored_total', helps.stored),
      inserts: metrics.counter('inserts_total', helps.inserts),
      insertMs: metrics.counter('insert_milliseconds_total', helps.insertMs),
      quarantined: tally((n) => (this.counts.quarantined += n), 'quarantined_total', helps.quarantined),
    });
    for (const block of found) void this.#insert(block);
  }

  /**
   * What is being filled is dropped: its records were not taken, and the spool has them. A block under way to disk or to the
   * engine gets a little time; parts that are not taken then stay so (`consume` stays open), for the spool to replay.
   */
  async stop(): Promise<void> {
    if (this.#isStopped) return;
    this.#isStopped = true;
    for (const filling of this.#filling.values()) filling.cancel();
    this.#inserter?.stop();
    let cancel = () => {};
    const late = new Promise<void>((resolve) => (cancel = this.#context.clock.after(maxStopMs, resolve)));
    await Promise.race([late, Promise.all(this.#going)]);
    cancel();
  }

  async consume(batch: Batch): Promise<void> {
    if (batch.signal !== 'traces') return this.#letGo(batch);
    const open = new Set<Promise<void>>();
    let resumedMs = performance.now();
    for (const part of batch.parts) {
      // Several only when a block was being divided at a crash.
      const before = this.#written.filter(
        ({ block }) => block.pipeline === batch.pipeline && hasSeq(block.ranges, part.seq),
      );
      if (before.length > 0) {
        for (const { inserted } of before) open.add(inserted.then((isIn) => (isIn ? undefined : never)));
        continue;
      }
      while (this.#waiting >= maxWaiting) await new Promise<void>((resolve) => this.#room.push(resolve));
      open.add(this.#append(this.#fillingOf(batch.pipeline), part));
      // A batch of many parts must not hold up whoever looks at a page.
      if (performance.now() - resumedMs < maxBusyMs) continue;
      await new Promise<void>((resolve) => void setImmediate(resolve));
      resumedMs = performance.now();
    }
    await Promise.all(open);
  }

  async released(signal: Signal, pipeline: string, seq: number): Promise<void> {
    const isDone = ({ block }: Written) =>
      block.signal === signal && block.pipeline === pipeline && lastSeq(block.ranges) <= seq;
    const done = this.#written.filter(isDone);
    this.#written = this.#written.filter((written) => !isDone(written));
    for (const { block, inserted } of done) {
      // Its records are taken, so it is inserted, but for one that was found at the start and is tried once more.
      void inserted
        .then((isIn) => (isIn ? this.#blocks?.remove(block) : undefined))
        .catch((error: unknown) => this.#context.log.warn('cannot remove a block', { error: describeError(error) }));
    }
  }

  #letGo(batch: Batch): Promise<void> {
    const { log, metrics } = this.#context;
    const items = countOf(batch);
    this.counts.notStored[batch.signal] += items;
    metrics.counter('not_stored_total', helps.notStored).add(items, { signal: batch.signal });
    if (!this.#saidNotStored.has(batch.signal)) {
      this.#saidNotStored.add(batch.signal);
      log.info(`${batch.signal} arrive and are not stored: this version keeps traces only`);
    }
    return Promise.resolve();
  }

  #fillingOf(pipeline: string): Filling {
    const known = this.#filling.get(pipeline);
    if (known !== undefined) return known;
    let take = () => {};
    const taken = new Promise<void>((resolve) => (take = resolve));
    const filling: Filling = {
      pipeline,
      rows: this.#idle.pop() ?? new SpanBlock(),
      seqs: [],
      taken,
      take,
      cancel: this.#context.clock.after(this.#config.flush_interval, () => this.#flush(filling)),
    };
    this.#filling.set(pipeline, filling);
    return filling;
  }

  /**
   * Resolves when the part is taken: with its block, or put aside. Rows and number go into the block in one go, so that its
   * manifest, written at any moment between two parts, says exactly which parts are in it.
   */
  #append(filling: Filling, part: Part): Promise<void> {
    const { metrics } = this.#context;
    try {
      const { rejected } = this.#transcoder.append(filling.rows, part.bytes, part.receivedMs);
      for (const [reason, spans] of rejected) metrics.counter('rejected_total', helps.rejected).add(spans, { reason });
    } catch (error) {
      // Malformed, or a fault of ours: either way nothing of it is in the block, and its neighbours must not suffer.
      if (!(error instanceof BadInput)) {
        this.#context.log.error('cannot transcode a request', {
          seq: part.seq,
          stack: error instanceof Error ? error.stack : undefined,
        });
      }
      this.counts.quarantined += part.count;
      metrics.counter('quarantined_total', helps.quarantined).add(part.count, { signal: 'traces' });
      return this.#quarantine.put('otlp.pb', part.bytes, describeError(error), part.count);
    }
    filling.seqs.push(part.seq);
    if (filling.rows.rows >= this.#config.flush_rows || filling.rows.size >= maxBlockBytes) this.#flush(filling);
    return filling.taken;
  }

  /** Sends the block off; the next rows go into another one. */
  #flush(filling: Filling): void {
    if (this.#filling.get(filling.pipeline) !== filling || this.#isStopped) return;
    this.#filling.delete(filling.pipeline);
    filling.cancel();
    this.#waiting++;
    const done = this.#writeAndInsert(filling);
    this.#going.add(done);
    void done.finally(() => this.#going.delete(done));
  }

  /** Never rejects. Once stopped it may end without having taken the parts: the spool has them, or the block is on disk. */
  async #writeAndInsert({ rows, seqs, pipeline, take }: Filling): Promise<void> {
    if (rows.rows > 0) {
      const block = await this.#write(rows, seqs, pipeline);
      this.#keep(rows);
      if (block === undefined || !(await this.#insert(block))) return;
    } else this.#keep(rows);
    this.#waiting--;
    for (const resolve of this.#room.splice(0)) resolve();
    take();
  }

  /** The memory of full blocks is used again; when little comes, it is given back. */
  #keep(rows: SpanBlock): void {
    const isBusy = rows.rows * 2 >= this.#config.flush_rows || rows.size * 2 >= maxBlockBytes;
    rows.clear();
    if (!isBusy) this.#idle.length = 0;
    else if (this.#idle.length < maxWaiting) this.#idle.push(rows);
  }

  /** Tries until the disk has room (the spool refuses senders meanwhile), or the exporter is stopped. */
  async #write(rows: SpanBlock, seqs: readonly number[], pipeline: string): Promise<Block | undefined> {
    const { clock, log, id } = this.#context;
    const today = dayOfMs(clock.nowMs());
    const dictionary = dictionaryBlocks(rows, today);
    const drafts = [...dictionary, { table: 'spans', rows: rows.rows, ...rows.finish() }];
    const origin = { signal: 'traces', pipeline, exporter: id, ranges: rangesOf(seqs) } as const;
    while (!this.#isStopped) {
      try {
        const block = await this.#blocksOpen().write(origin, drafts);
        // On disk is as good as stored: blocks are inserted in order, also after a crash.
        for (const thing of [...rows.shapes, ...rows.resources, ...rows.scopes]) {
          if (thing.storedDay < today) thing.storedDay = today;
        }
        return block;
      } catch (error) {
        log.warn('cannot write a block; trying again', { error: describeError(error) });
        await new Promise<void>((resolve) => clock.after(1000, resolve));
      }
    }
    return undefined;
  }

  /** False when it was stopped before: the block is on disk, for the next start. */
  #insert(block: Block): Promise<boolean> {
    if (this.#inserter === undefined) throw new Error('the exporter is not started');
    const inserted = this.#inserter.insert(block);
    this.#written.push({ block, inserted });
    return inserted;
  }

  #blocksOpen(): Blocks {
    if (this.#blocks === undefined) throw new Error('the exporter is not started');
    return this.#blocks;
  }
}
