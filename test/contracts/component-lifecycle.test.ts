/** What every component keeps to, run over the registry: a new line in `components.ts` is tested here without another word. */
import { readdirSync } from 'node:fs';
import { basename, join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { manualClock } from '../../src/base/clock.ts';
import { ConfigError } from '../../src/base/errors.ts';
import type { HttpRoute } from '../../src/base/listener.ts';
import { silentLog } from '../../src/base/log.ts';
import { createMetrics } from '../../src/base/metrics.ts';
import type { ComponentType, Consumer, Lifecycle } from '../../src/component/component.ts';
import { createComponents } from '../../src/components.ts';
import { signals } from '../../src/model/batch.ts';
import { nop } from '../../src/pipeline/export/nop.ts';

const health: HttpRoute = { method: 'GET', path: '/', handle: () => ({ status: 200 }) };
// The exporter `ariane` needs an open store and is tested with one; here `nop` stands in its place.
const registry = createComponents({ healthRoutes: [health], ariane: { ...nop, type: 'ariane' } });

/** Settings without which a component has nothing to do. All others have defaults. */
const required: Readonly<Record<string, unknown>> = {
  otlp: { protocols: { grpc: null, http: null } },
  jaeger: { protocols: { grpc: null, thrift_http: null, thrift_compact: null, thrift_binary: null } },
  memory_limiter: { limit_mib: 4096 },
};

const sources = readdirSync(join(import.meta.dirname, '../../src'), { recursive: true, encoding: 'utf8' });

function create(type: ComponentType, settings: unknown): Lifecycle & Partial<Consumer> {
  const context = { id: type.type, log: silentLog, metrics: createMetrics(), clock: manualClock() };
  const listeners = { at: (address: string) => ({ address, http() {}, grpc() {} }), udp() {} };
  const config = type.config.parse(settings, `${type.kind}s.${type.type}`);
  switch (type.kind) {
    case 'receiver':
      return type.create(config, { ...context, listeners, intake: { accept: async () => {} } });
    case 'processor':
      return type.create(config, context, { consume: async () => {} });
    case 'exporter':
      return type.create(config, context);
    case 'extension':
      return type.create(config, { ...context, listeners });
  }
}

test('no two components of a kind share a type', () => {
  const names = registry.map(({ kind, type }) => `${kind} ${type}`);
  expect(new Set(names).size).toBe(names.length);
});

describe.each(registry.map((type) => [`${type.kind} ${type.type}`, type] as const))('%s', (_, type) => {
  const settings = required[type.type];

  test('stops without having started', async () => {
    const component = create(type, settings);
    await component.stop();
    await component.stop();
  });

  test('starts, and stops twice', async () => {
    const component = create(type, settings);
    await component.start?.();
    await component.stop();
    await component.stop();
  });

  test('refuses a key that it does not know, with its path', () => {
    const path = `${type.kind}s.${type.type}`;
    const given = { ...(settings as object | undefined), no_such_key: 1 };
    expect(() => type.config.parse(given, path)).toThrow(ConfigError);
    expect(() => type.config.parse(given, path)).toThrow(`${path}.no_such_key: unknown key`);
  });

  test('lies in the file of its name', () => {
    const name = type.type.replaceAll('_', '-');
    const isFound = sources.some((file) => basename(file) === `${name}.ts` || basename(file) === name);
    expect(isFound || type.type === 'ariane', `no file ${name}.ts`).toBe(true);
  });

  test('has a type that YAML can name', () => {
    expect(type.type).toMatch(/^[a-z][a-z0-9_]*$/);
  });

  if (type.kind === 'processor' || type.kind === 'exporter') {
    test.each(signals)('takes %s that came before it stopped', async (signal) => {
      const component = create(type, settings);
      await component.start?.();
      const parts = [{ bytes: Buffer.alloc(0), count: 0, receivedMs: 0, seq: 1 }];
      const taken = component.consume?.({ signal, pipeline: signal, parts });
      expect(taken).toBeInstanceOf(Promise);
      await component.stop();
      await taken;
    });
  }
});
