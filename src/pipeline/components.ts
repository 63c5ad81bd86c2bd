/** Makes the components that the configuration names, each with its checked settings. */
import type { Clock } from '../base/clock.ts';
import { ConfigError } from '../base/errors.ts';
import type { Log } from '../base/log.ts';
import type { Metrics } from '../base/metrics.ts';
import type { ComponentContext, ComponentType } from '../component/component.ts';
import { type Config, type Section, sections, typeOfId } from '../config/config.ts';
import { withLocation } from '../config/load.ts';

export type Kind = ComponentType['kind'];
export type TypeOfKind<K extends Kind> = Extract<ComponentType, { kind: K }>;

const sectionOf: Readonly<Record<Kind, Section>> = {
  receiver: 'receivers',
  processor: 'processors',
  exporter: 'exporters',
  extension: 'extensions',
};
const kindOf: Readonly<Record<Section, string>> = {
  receivers: 'receiver',
  processors: 'processor',
  exporters: 'exporter',
  connectors: 'connector',
  extensions: 'extension',
};

/** Refuses declared components, used or not, of types that this Ariane does not have. Throws `ConfigError`. */
export function checkTypes(config: Config, registry: readonly ComponentType[]): void {
  for (const section of sections) {
    for (const id of Object.keys(config[section])) {
      const path = `${section}.${id}`;
      const known = registry.filter((component) => component.kind === kindOf[section]).map(({ type }) => type);
      const type = typeOfId(id, path);
      if (known.includes(type)) continue;
      const hint = known.length > 0 ? `known types: ${known.sort().join(', ')}` : `there are no ${section} yet`;
      withLocation(config.locate, () => {
        throw new ConfigError(path, `unknown ${kindOf[section]} type ${type}; ${hint}`);
      });
    }
  }
}

/** Finds the type of a component and reads its settings; `create` gets both. Throws `ConfigError` with the place. */
export function makeComponent<K extends Kind, T>(
  kind: K,
  id: string,
  config: Config,
  registry: readonly ComponentType[],
  create: (type: TypeOfKind<K>, settings: unknown) => T,
): T {
  const section = sectionOf[kind];
  const path = `${section}.${id}`;
  const type = registry.find((t): t is TypeOfKind<K> => t.kind === kind && t.type === typeOfId(id, path));
  if (type === undefined) throw new ConfigError(path, `unknown ${kind} type`);
  return withLocation(config.locate, () => create(type, type.config.parse(config[section][id], path)));
}

export function contextOf(
  kind: Kind,
  id: string,
  shared: { readonly log: Log; readonly metrics: Metrics; readonly clock: Clock },
): ComponentContext {
  return { id, log: shared.log.with({ [kind]: id }), metrics: shared.metrics, clock: shared.clock };
}
