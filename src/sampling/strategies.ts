/**
 * Sampling strategies by service, as Jaeger's file has them
 * (https://www.jaegertracing.io/docs/latest/architecture/sampling/#file-based-sampling-configuration).
 */
import { BadInput } from '../base/errors.ts';
import type { PerOperation, Sampling, Strategy } from '../wire/jaeger-api-sampling.ts';

export interface Strategies {
  /** What of the file could not be taken as it stands, a sentence each. */
  readonly warnings: readonly string[];
  /** Of services that have none of their own. */
  readonly fallback: Strategy;
  readonly byService: ReadonlyMap<string, Strategy>;
}

export function strategyOf({ fallback, byService }: Strategies, service: string): Strategy {
  return byService.get(service) ?? fallback;
}

export function defaultStrategies(rate: number): Strategies {
  return { fallback: { sampling: { kind: 'probabilistic', rate } }, byService: new Map(), warnings: [] };
}

/**
 * Throws `BadInput` that names the place: `service_strategies: expected a list`. What Jaeger takes with a warning is taken so here, too;
 * unknown keys are left alone.
 */
export function parseStrategies(text: string, defaultRate: number): Strategies {
  let file: unknown;
  try {
    file = JSON.parse(text);
  } catch (cause) {
    throw new BadInput(`no JSON: ${cause instanceof Error ? cause.message : ''}`, { cause });
  }
  if (file === null) return defaultStrategies(defaultRate);
  return new FileReader(defaultRate).read(recordOf(file, ''));
}

class FileReader {
  private readonly defaultRate: number;
  private readonly warnings: string[] = [];

  constructor(defaultRate: number) {
    this.defaultRate = defaultRate;
  }

  read({ default_strategy, service_strategies }: Readonly<Record<string, unknown>>): Strategies {
    const fallback =
      default_strategy === undefined || default_strategy === null
        ? defaultStrategies(this.defaultRate).fallback
        : this.strategy(default_strategy, 'default_strategy');
    const byService = new Map<string, Strategy>();
    for (const [i, given] of listOf(service_strategies, 'service_strategies').entries()) {
      const path = `service_strategies[${i}]`;
      const service = stringOf(recordOf(given, path).service, `${path}.service`);
      byService.set(service, withDefaults(this.strategy(given, path), fallback));
    }
    return { fallback, byService, warnings: this.warnings };
  }

  private strategy(given: unknown, path: string): Strategy {
    const record = recordOf(given, path);
    const sampling = this.sampling(record, path);
    const operations = listOf(record.operation_strategies, `${path}.operation_strategies`);
    if (operations.length === 0) return { sampling };
    const rates = operations.flatMap((each, i) => {
      const at = `${path}.operation_strategies[${i}]`;
      const inner = recordOf(each, at);
      const operation = stringOf(inner.operation, `${at}.operation`);
      const { kind, rate } = { rate: 0, ...this.sampling(inner, at) };
      if (kind === 'probabilistic') return { operation, rate };
      this.warnings.push(`${at}: an operation can only be probabilistic; it has the default of its service`);
      return [];
    });
    const defaultRate = sampling.kind === 'probabilistic' ? sampling.rate : this.defaultRate;
    return { sampling, perOperation: { defaultRate, leastPerSecond: 0, mostPerSecond: 0, rates } };
  }

  private sampling({ type, param }: Readonly<Record<string, unknown>>, path: string): Sampling {
    const value = param ?? 0;
    if (typeof value !== 'number') throw new BadInput(`${path}.param: expected a number, got ${JSON.stringify(value)}`);
    switch (type) {
      case 'probabilistic':
        return { kind: 'probabilistic', rate: this.within(value, 1, path) };
      case 'ratelimiting':
        // Clients read 16 bits.
        return { kind: 'rate-limiting', tracesPerSecond: Math.trunc(this.within(value, 32_767, path)) };
      default: {
        const rate = this.defaultRate;
        this.warnings.push(
          `${path}.type: expected probabilistic or ratelimiting, got ${JSON.stringify(type)}; taken as probabilistic ${rate}`,
        );
        return { kind: 'probabilistic', rate };
      }
    }
  }

  private within(value: number, most: number, path: string): number {
    const taken = Math.min(Math.max(value, 0), most);
    if (taken !== value) this.warnings.push(`${path}.param: expected 0 to ${most}, got ${value}; taken as ${taken}`);
    return taken;
  }
}

/** What the default says of operations holds for a service, too, where that says nothing of them. */
function withDefaults(strategy: Strategy, { perOperation: shared }: Strategy): Strategy {
  const { sampling, perOperation: own } = strategy;
  if (shared === undefined) return strategy;
  if (own === undefined) {
    const defaultRate = sampling.kind === 'probabilistic' ? sampling.rate : shared.defaultRate;
    return { sampling, perOperation: { ...shared, defaultRate } };
  }
  const named = new Set(own.rates.map((each) => each.operation));
  const perOperation: PerOperation = {
    ...own,
    rates: [...own.rates, ...shared.rates.filter((each) => !named.has(each.operation))],
  };
  return { sampling, perOperation };
}

function recordOf(value: unknown, path: string): Readonly<Record<string, unknown>> {
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return { ...value };
  throw new BadInput(`${path === '' ? 'the file' : path}: expected an object`);
}

function listOf(value: unknown, path: string): readonly unknown[] {
  if (value === undefined || value === null) return [];
  if (Array.isArray(value)) return value;
  throw new BadInput(`${path}: expected a list`);
}

function stringOf(value: unknown, path: string): string {
  if (typeof value === 'string' && value !== '') return value;
  throw new BadInput(`${path}: expected a name`);
}
