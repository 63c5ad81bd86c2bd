/**
 * The contracts of a component. A component is one exported value: its type (as in YAML), its configuration's schema and
 * `create`. `components.ts` lists them all.
 */
import type { Clock } from '../base/clock.ts';
import type { Listeners } from '../base/listener.ts';
import type { Log } from '../base/log.ts';
import type { Metrics } from '../base/metrics.ts';
import type { Schema } from '../base/schema.ts';
import type { Batch, Signal } from '../model/batch.ts';

/** What every component gets. `id` is its name in YAML, `otlp` or `otlp/second`. */
export interface ComponentContext {
  readonly id: string;
  readonly log: Log;
  readonly metrics: Metrics;
  readonly clock: Clock;
}

/** `stop` is safe twice and without `start`. After it resolves nothing of the component runs any more. */
export interface Lifecycle {
  start?(): Promise<void>;
  stop(): Promise<void>;
}

/**
 * Takes batches. The promise resolves when the batch is *taken*: delivered for good, or durable in a log of the taker's own.
 * It rejects only for data that can never be delivered (counted as dropped, with its reason); what may succeed later is the
 * taker's to retry. Several calls may be open at once; the caller bounds how many bytes are.
 */
export interface Consumer {
  consume(batch: Batch): Promise<void>;
}

/** Receivers hand requests in; the promise resolves when they are on disk. Throws `Overloaded` when they cannot be. */
export interface Intake {
  accept(signal: Signal, request: AcceptedRequest): Promise<void>;
}

export interface AcceptedRequest {
  /** A valid OTLP `Export…ServiceRequest`. Not kept by reference after the promise resolves. */
  readonly bytes: Uint8Array;
  /** Spans, data points or log records in it. */
  readonly count: number;
}

export interface ReceiverContext extends ComponentContext {
  readonly listeners: Listeners;
  readonly intake: Intake;
}

export type Receiver = Lifecycle;

export interface ReceiverType<C> {
  readonly kind: 'receiver';
  readonly type: string;
  readonly config: Schema<C>;
  create(config: C, context: ReceiverContext): Receiver;
}

export interface Processor extends Lifecycle, Consumer {
  /**
   * Asked before more is read from the spool. A promise means: not now, wait for it. Undefined when more may come. Only to
   * protect this process (memory); a slow backend is said by `consume`.
   */
  ready?(): Promise<void> | undefined;
}

export interface ProcessorType<C> {
  readonly kind: 'processor';
  readonly type: string;
  readonly config: Schema<C>;
  create(config: C, context: ComponentContext, next: Consumer): Processor;
}

export interface Exporter extends Lifecycle, Consumer {
  /**
   * The pipeline's cursor is past `seq` *on disk*: nothing up to it will be replayed to this exporter, which may forget what it
   * kept to recognise replays (block files, manifests).
   */
  released?(signal: Signal, pipeline: string, seq: number): Promise<void>;
}

export interface ExporterType<C> {
  readonly kind: 'exporter';
  readonly type: string;
  readonly config: Schema<C>;
  create(config: C, context: ComponentContext): Exporter;
}

export interface Extension extends Lifecycle {}

export interface ExtensionContext extends ComponentContext {
  readonly listeners: Listeners;
}

export interface ExtensionType<C> {
  readonly kind: 'extension';
  readonly type: string;
  readonly config: Schema<C>;
  create(config: C, context: ExtensionContext): Extension;
}

export type ComponentType =
  | ReceiverType<unknown>
  | ProcessorType<unknown>
  | ExporterType<unknown>
  | ExtensionType<unknown>;

/** These only fix the types, so that `config` in `create` is what `config` says. */
export function receiver<C>(def: Omit<ReceiverType<C>, 'kind'>): ReceiverType<C> {
  return { kind: 'receiver', ...def };
}

export function processor<C>(def: Omit<ProcessorType<C>, 'kind'>): ProcessorType<C> {
  return { kind: 'processor', ...def };
}

export function exporter<C>(def: Omit<ExporterType<C>, 'kind'>): ExporterType<C> {
  return { kind: 'exporter', ...def };
}

export function extension<C>(def: Omit<ExtensionType<C>, 'kind'>): ExtensionType<C> {
  return { kind: 'extension', ...def };
}
