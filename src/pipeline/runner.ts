/** Takes one signal's spool through its pipelines: in order, a bounded window at a time, each record until all have taken it. */
import type { Clock } from '../base/clock.ts';
import { describeError } from '../base/errors.ts';
import type { Log } from '../base/log.ts';
import type { Consumer } from '../component/component.ts';
import { type Batch, countOf, type Signal } from '../model/batch.ts';
import type { SpoolCursor, SpoolRecord } from '../spool/spool.ts';
import { type CountDropped, guard } from './fan-out.ts';

/** A pipeline as its runner sees it. */
export interface Route {
  readonly pipeline: string;
  /** Ids of the receivers whose records it takes. */
  readonly receivers: ReadonlySet<string>;
  /** The first processor, or the exporters. */
  readonly first: Consumer;
  /** A promise while a processor wants no more to be read. */
  ready(): Promise<void> | undefined;
}

export interface RunnerOptions {
  readonly signal: Signal;
  readonly cursor: SpoolCursor;
  readonly routes: readonly Route[];
  /** Bytes read and not yet taken. One record may exceed it alone. */
  readonly maxInFlightBytes: number;
  readonly log: Log;
  readonly clock: Clock;
  readonly countDropped: CountDropped;
}

/** A run of records that went off together. */
interface Flight {
  readonly seq: number;
  readonly bytes: number;
  hasLanded: boolean;
}

// Several batches fill the window, so that taking one does not wait for another.
const batchesInWindow = 8;
// Flights that landed behind one that did not are remembered; so many of them, and reading waits.
const maxFlights = 10_000;
const retryReadMs = 1000;

export class Runner {
  readonly #options: RunnerOptions;
  readonly #routes: readonly Route[];
  #flights: Flight[] = [];
  #inFlightBytes = 0;
  #isStopping = false;
  #running: Promise<void> | undefined;
  #landed: (() => void)[] = [];
  readonly #strangers = new Set<string>();

  constructor(options: RunnerOptions) {
    this.#options = options;
    const { log, countDropped } = options;
    this.#routes = options.routes.map((route) => ({
      pipeline: route.pipeline,
      receivers: route.receivers,
      first: guard(route.pipeline, route.first, log, countDropped),
      ready: () => route.ready(),
    }));
  }

  get inFlightBytes(): number {
    return this.#inFlightBytes;
  }

  start(): void {
    this.#running ??= this.#run();
  }

  /** Reads no more, and waits up to `drainMs` for what is in flight. What is not taken by then stays in the spool. */
  async stop(drainMs: number): Promise<void> {
    this.#isStopping = true;
    this.#wake();
    await this.#options.cursor.close();
    let cancel = () => {};
    const late = new Promise<void>((resolve) => {
      cancel = this.#options.clock.after(drainMs, resolve);
    });
    await Promise.race([this.#drained(), late]);
    cancel();
  }

  async #drained(): Promise<void> {
    await this.#running;
    while (this.#flights.length > 0) await this.#nextLanding();
  }

  async #run(): Promise<void> {
    const { cursor, maxInFlightBytes, log, clock } = this.#options;
    const batchBytes = Math.ceil(maxInFlightBytes / batchesInWindow);
    while (!this.#isStopping) {
      if (this.#inFlightBytes >= maxInFlightBytes || this.#flights.length >= maxFlights) await this.#nextLanding();
      else if (!(await this.#waitUntilReady())) {
        try {
          const records = await cursor.next(Math.min(batchBytes, maxInFlightBytes - this.#inFlightBytes));
          if (records.length === 0) return; // closed
          this.#send(records);
        } catch (error) {
          log.error('cannot read the spool; trying again', { error: describeError(error) });
          await new Promise<void>((resolve) => clock.after(retryReadMs, resolve));
        }
      }
    }
  }

  /** True when it had to wait: then the window is looked at again. */
  async #waitUntilReady(): Promise<boolean> {
    for (const route of this.#routes) {
      const wait = route.ready();
      if (wait) {
        await Promise.race([wait, this.#stopped()]);
        return true;
      }
    }
    return false;
  }

  #send(records: readonly SpoolRecord[]): void {
    const bytes = records.reduce((sum, record) => sum + record.bytes.length, 0);
    const flight: Flight = { seq: records.at(-1)?.seq ?? 0, bytes, hasLanded: false };
    this.#flights.push(flight);
    this.#inFlightBytes += bytes;
    const batches = this.#routes
      .map((route) => ({ route, parts: records.filter((record) => this.#takes(route, record)) }))
      .filter(({ parts }) => parts.length > 0);
    if (this.#routes.length === 0) this.#release(records);
    const taken = batches.map(({ route, parts }) =>
      route.first.consume({ signal: this.#options.signal, pipeline: route.pipeline, parts }),
    );
    void Promise.all(taken).then(() => this.#land(flight));
  }

  /** A receiver that no pipeline names any more left acknowledged records: all pipelines of the signal take them. */
  #takes(route: Route, { receiver }: SpoolRecord): boolean {
    if (route.receivers.has(receiver)) return true;
    if (this.#routes.some((other) => other.receivers.has(receiver))) return false;
    if (!this.#strangers.has(receiver)) {
      this.#strangers.add(receiver);
      this.#options.log.warn('the spool holds records of a receiver that no pipeline names; all pipelines take them', {
        receiver,
        signal: this.#options.signal,
      });
    }
    return true;
  }

  #release(records: readonly SpoolRecord[]): void {
    const batch: Batch = { signal: this.#options.signal, pipeline: '', parts: records };
    this.#options.countDropped(batch, '', 'no_pipeline');
    this.#options.log.warn('the spool holds records and no pipeline takes their signal: released', {
      signal: this.#options.signal,
      items: countOf(batch),
    });
  }

  #land(flight: Flight): void {
    flight.hasLanded = true;
    this.#inFlightBytes -= flight.bytes;
    let landed = 0;
    while (this.#flights[landed]?.hasLanded) landed++;
    const last = this.#flights[landed - 1];
    if (last !== undefined) {
      this.#flights = this.#flights.slice(landed);
      this.#options.cursor.commit(last.seq);
    }
    this.#wake();
  }

  #nextLanding(): Promise<void> {
    return new Promise((resolve) => this.#landed.push(resolve));
  }

  #stopped(): Promise<void> {
    return this.#isStopping ? Promise.resolve() : this.#nextLanding();
  }

  #wake(): void {
    const waiting = this.#landed;
    this.#landed = [];
    for (const resolve of waiting) resolve();
  }
}
