/** The configuration as a typed tree: which components there are, and how pipelines join them. */
import { ConfigError } from '../base/errors.ts';
import { list, map, object, type Schema, string } from '../base/schema.ts';
import { type Signal, signals } from '../model/batch.ts';
import { type Settings, settingsSchema } from './settings.ts';

export const sections = ['receivers', 'processors', 'exporters', 'connectors', 'extensions'] as const;
export type Section = (typeof sections)[number];

/** Settings of the declared components by id (`otlp`, `otlp/second`), not yet checked: each component's schema does that. */
export type Declared = Readonly<Record<string, unknown>>;

export interface PipelineConfig {
  readonly signal: Signal;
  /** Ids of receivers, or of connectors that end another pipeline. */
  readonly receivers: readonly string[];
  readonly processors: readonly string[];
  /** Ids of exporters, or of connectors that begin another pipeline. */
  readonly exporters: readonly string[];
}

export interface Config extends Readonly<Record<Section, Declared>> {
  readonly service: {
    readonly extensions: readonly string[];
    /** By id: `traces`, `traces/demo`. */
    readonly pipelines: Readonly<Record<string, PipelineConfig>>;
    /** The Collector's own telemetry settings, as given. */
    readonly telemetry: unknown;
  };
  readonly settings: Settings;
  /** Sentences for the log: what is declared and not used, variables that are not set. */
  readonly warnings: readonly string[];
  /** `collector.yaml:12` for a path such as `receivers.otlp`; undefined when no file says it. */
  readonly locate: (path: string) => string | undefined;
}

const anything: Schema<unknown> = { parse: (value) => value };

const shape = object({
  receivers: map(anything),
  processors: map(anything),
  exporters: map(anything),
  connectors: map(anything),
  extensions: map(anything),
  service: object({
    extensions: list(string()),
    pipelines: map(object({ receivers: list(string()), processors: list(string()), exporters: list(string()) })),
    telemetry: anything,
  }),
  ariane: settingsSchema,
});

/** Checks the whole but for the components' own settings. Throws `ConfigError` with the path. */
export function readConfig(tree: unknown): Omit<Config, 'locate'> {
  const { service, ariane, ...declared } = shape.parse(tree, '');
  for (const section of sections) {
    for (const id of Object.keys(declared[section])) typeOfId(id, `${section}.${id}`);
  }
  const pipelines = Object.fromEntries(
    Object.entries(service.pipelines).map(([id, pipeline]) => [id, { signal: signalOf(id), ...pipeline }]),
  );
  if (Object.keys(pipelines).length === 0) {
    throw new ConfigError('service.pipelines', 'expected at least one pipeline, such as traces');
  }
  for (const [id, pipeline] of Object.entries(pipelines)) checkPipeline(id, pipeline, declared);
  checkDeclared(service.extensions, 'service.extensions', 'extension', [declared.extensions]);
  const warnings = findUnused(declared, service.extensions, Object.values(pipelines));
  return { ...declared, service: { ...service, pipelines }, settings: ariane, warnings };
}

/** `otlp` of `otlp/second`. Throws `ConfigError` when it is no component id. */
export function typeOfId(id: string, path: string): string {
  const [, type, name] = /^([A-Za-z][A-Za-z0-9_]{0,62})(?:\/(.+))?$/.exec(id) ?? [];
  if (type === undefined || (name === undefined && id.includes('/'))) {
    throw new ConfigError(path, 'expected a component id: type or type/name');
  }
  return type;
}

function signalOf(pipelineId: string): Signal {
  const path = `service.pipelines.${pipelineId}`;
  const type = typeOfId(pipelineId, path);
  const signal = signals.find((s) => s === type);
  if (signal === undefined) throw new ConfigError(path, `unknown signal ${type}; known: ${signals.join(', ')}`);
  return signal;
}

function checkPipeline(id: string, pipeline: PipelineConfig, declared: Readonly<Record<Section, Declared>>): void {
  const path = `service.pipelines.${id}`;
  if (pipeline.receivers.length === 0) throw new ConfigError(`${path}.receivers`, 'expected at least one receiver');
  if (pipeline.exporters.length === 0) throw new ConfigError(`${path}.exporters`, 'expected at least one exporter');
  checkDeclared(pipeline.receivers, `${path}.receivers`, 'receiver', [declared.receivers, declared.connectors]);
  checkDeclared(pipeline.processors, `${path}.processors`, 'processor', [declared.processors]);
  checkDeclared(pipeline.exporters, `${path}.exporters`, 'exporter', [declared.exporters, declared.connectors]);
}

function checkDeclared(ids: readonly string[], path: string, kind: string, places: readonly Declared[]): void {
  for (const [i, id] of ids.entries()) {
    if (!places.some((place) => Object.hasOwn(place, id))) {
      const known = places.flatMap((place) => Object.keys(place));
      const hint = known.length > 0 ? `declared: ${known.join(', ')}` : `no ${kind} is declared`;
      throw new ConfigError(`${path}[${i}]`, `${kind} ${id} is not declared; ${hint}`);
    }
    if (ids.indexOf(id) !== i) throw new ConfigError(`${path}[${i}]`, `${id} is named twice`);
  }
}

function findUnused(
  declared: Readonly<Record<Section, Declared>>,
  extensions: readonly string[],
  pipelines: readonly PipelineConfig[],
): string[] {
  const used = {
    receivers: pipelines.flatMap((p) => p.receivers),
    processors: pipelines.flatMap((p) => p.processors),
    exporters: pipelines.flatMap((p) => p.exporters),
    connectors: pipelines.flatMap((p) => [...p.receivers, ...p.exporters]),
    extensions,
  };
  return sections.flatMap((section) =>
    Object.keys(declared[section])
      .filter((id) => !used[section].includes(id))
      .map((id) => `${section}.${id}: declared but not used`),
  );
}
