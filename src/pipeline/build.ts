/**
 * Joins the components of a configuration: receivers → spool of the signal → processors → exporters. Receivers and
 * exporters are shared by the pipelines that name them, a processor belongs to one pipeline, as in the Collector.
 */
import type { Clock } from '../base/clock.ts';
import { describeError } from '../base/errors.ts';
import type { Listeners } from '../base/listener.ts';
import type { Log } from '../base/log.ts';
import type { Metrics } from '../base/metrics.ts';
import type { ComponentType, Consumer, Exporter, Intake, Lifecycle, Processor } from '../component/component.ts';
import type { Config, PipelineConfig } from '../config/config.ts';
import { type Batch, countOf, type Signal, signals } from '../model/batch.ts';
import { pipelinesCursor, type Spool } from '../spool/spool.ts';
import { checkTypes, contextOf, makeComponent } from './components.ts';
import { fanOut } from './fan-out.ts';
import { createIntakes, registerSpoolGauges } from './intake.ts';
import { createReleases } from './release.ts';
import { type Route, Runner } from './runner.ts';

export interface BuildOptions {
  readonly config: Config;
  readonly registry: readonly ComponentType[];
  /** Opened by the caller, who closes them after `stop`. */
  readonly spools: Readonly<Record<Signal, Spool>>;
  readonly listeners: Listeners;
  readonly log: Log;
  readonly metrics: Metrics;
  readonly clock: Clock;
}

export interface SignalCounts {
  /** Acknowledged since start: spans, data points or log records. */
  readonly received: number;
  /** Told to try again later. */
  readonly refused: number;
  /** Acknowledged, and never delivered: no pipeline, or an exporter that said so. */
  readonly dropped: number;
  /** Acknowledged, and not taken by every exporter yet. */
  readonly spooled: number;
}

export interface Pipelines {
  /** Takes requests in the name of a receiver, as its own context does. */
  intakeOf(receiver: string): Intake;
  /** Opens extensions, exporters, processors, then the spools, and receivers last. When one throws, the others are stopped. */
  start(): Promise<void>;
  /**
   * The other way round, in `stopMs` at most: a component that does not stop in time is left behind. What is in flight has
   * `drainMs` to be taken; the rest stays in the spool. Safe twice.
   */
  stop(): Promise<void>;
  stats(): Readonly<Record<Signal, SignalCounts>>;
}

// Of the 5 s that the whole program has to stop.
const drainMs = 1200;
const stopMs = 2000;

/** Throws `ConfigError` naming the path and line. Nothing is opened before `start`. */
export function buildPipelines(options: BuildOptions): Pipelines {
  const { config, registry, spools, listeners, log, metrics, clock } = options;
  checkTypes(config, registry);
  const pipelines = Object.entries(config.service.pipelines);
  const intakes = createIntakes({ pipelines: pipelines.map(([, p]) => p), spools, metrics, clock });

  const dropped = new Map<Signal, number>();
  const droppedTotal = metrics.counter('dropped_total', 'Items that were acknowledged and will never be delivered.');
  const countDropped = (batch: Batch, component: string, reason: string) => {
    const items = countOf(batch);
    dropped.set(batch.signal, (dropped.get(batch.signal) ?? 0) + items);
    droppedTotal.add(items, { signal: batch.signal, pipeline: batch.pipeline, component, reason });
  };

  const exporters: ReadonlyMap<string, Exporter> = new Map(
    unique(pipelines.flatMap(([, p]) => p.exporters)).map((id) => [
      id,
      makeComponent('exporter', id, config, registry, (type, settings) =>
        type.create(settings, contextOf('exporter', id, options)),
      ),
    ]),
  );
  const processors: Processor[] = [];
  const routeOf = (id: string, pipeline: PipelineConfig): Route => {
    const ends = new Map<string, Consumer>(pipeline.exporters.map((name) => [name, found(exporters, name)]));
    const chain: Processor[] = [];
    let next = fanOut(ends, log, countDropped);
    for (const name of pipeline.processors.toReversed()) {
      const context = contextOf('processor', name, { ...options, log: log.with({ pipeline: id }) });
      const after = next;
      const processor = makeComponent('processor', name, config, registry, (type, settings) =>
        type.create(settings, context, after),
      );
      chain.push(processor);
      next = processor;
    }
    processors.push(...chain);
    return {
      pipeline: id,
      receivers: new Set(pipeline.receivers),
      first: next,
      ready: () => firstDefined(chain, (processor) => processor.ready?.()),
    };
  };
  const routes = new Map(pipelines.map(([id, pipeline]) => [id, routeOf(id, pipeline)]));
  const runners = signals.map(
    (signal) =>
      new Runner({
        signal,
        cursor: spools[signal].cursor(pipelinesCursor),
        routes: pipelines.filter(([, p]) => p.signal === signal).map(([id]) => found(routes, id)),
        maxInFlightBytes: config.settings.spool.max_in_flight,
        log,
        clock,
        countDropped,
      }),
  );
  const receivers = unique(pipelines.flatMap(([, p]) => p.receivers)).map((id) =>
    makeComponent('receiver', id, config, registry, (type, settings) =>
      type.create(settings, { ...contextOf('receiver', id, options), listeners, intake: intakes.of(id) }),
    ),
  );
  const extensions = config.service.extensions.map((id) =>
    makeComponent('extension', id, config, registry, (type, settings) =>
      type.create(settings, { ...contextOf('extension', id, options), listeners }),
    ),
  );

  const targets = pipelines.flatMap(([pipeline, { signal, exporters: ids }]) =>
    ids.map((id) => ({ signal, pipeline, exporter: found(exporters, id) })),
  );
  registerSpoolGauges(spools, metrics);

  const stages: readonly Lifecycle[] = [
    ...extensions,
    ...exporters.values(),
    createReleases(spools, targets, log),
    ...processors,
    {
      start: async () => runners.forEach((runner) => runner.start()),
      stop: async () => void (await Promise.all(runners.map((runner) => runner.stop(drainMs)))),
    },
    ...receivers,
  ];
  let stopping: Promise<void> | undefined;
  const stop = () => (stopping ??= stopAll(stages, log, clock));

  const countsOf = (signal: Signal): SignalCounts => {
    const { received, refused, unrouted } = intakes.counts(signal);
    const spooled = spools[signal].spooledCount;
    return { received, refused, dropped: (dropped.get(signal) ?? 0) + unrouted, spooled };
  };

  return {
    intakeOf: (receiver) => intakes.of(receiver),
    async start() {
      try {
        for (const stage of stages) await stage.start?.();
      } catch (error) {
        await stop();
        throw error;
      }
    },
    stop,
    stats: () => ({ traces: countsOf('traces'), metrics: countsOf('metrics'), logs: countsOf('logs') }),
  };
}

/** Last opened, first stopped. One that cannot stop, or not in time, does not keep the others from it. */
async function stopAll(stages: readonly Lifecycle[], log: Log, clock: Clock): Promise<void> {
  let cancel = () => {};
  const late = new Promise<void>((resolve) => (cancel = clock.after(stopMs, resolve)));
  for (const stage of stages.toReversed()) {
    try {
      await Promise.race([stage.stop(), late]);
    } catch (error) {
      log.error('cannot stop a component', { error: describeError(error) });
    }
  }
  cancel();
}

function unique(ids: readonly string[]): readonly string[] {
  return [...new Set(ids)];
}

function found<T>(byId: ReadonlyMap<string, T>, id: string): T {
  const value = byId.get(id);
  if (value === undefined) throw new RangeError(`no component ${id}`);
  return value;
}

function firstDefined<T, R>(items: readonly T[], read: (item: T) => R | undefined): R | undefined {
  for (const item of items) {
    const value = read(item);
    if (value !== undefined) return value;
  }
  return undefined;
}
