import { expect, test } from 'vitest';
import { ConfigError } from '../base/errors.ts';
import { boolean, count, string } from '../base/schema.ts';
import type { Config } from './config.ts';
import { defaultConfigPath, loadConfig } from './load.ts';

const minimal = `
receivers: { otlp: }
exporters: { debug: }
service: { pipelines: { traces: { receivers: [otlp], exporters: [debug] } } }
`;

function load(yaml: string | readonly string[], env: Record<string, string> = {}): Config {
  const texts = typeof yaml === 'string' ? [yaml] : yaml;
  const readFile = (path: string) => {
    const text = /^(\d)\.yaml$/.exec(path) ? texts[Number(path[0])] : undefined;
    if (text === undefined) throw new Error(`no such file ${path}`);
    return text;
  };
  return loadConfig({ files: texts.map((_, i) => `${i}.yaml`), env, readFile });
}

function problem(yaml: string, env: Record<string, string> = {}): string {
  try {
    load(yaml, env);
  } catch (error) {
    if (error instanceof ConfigError) return error.message;
    throw error;
  }
  return 'no error';
}

test('the default pipeline stores the three signals', () => {
  const config = loadConfig({ files: [defaultConfigPath], env: {} });
  expect(config.warnings).toEqual([]);
  expect(Object.keys(config.service.pipelines)).toEqual(['traces', 'metrics', 'logs']);
  expect(config.service.pipelines['logs']).toEqual({
    signal: 'logs',
    receivers: ['otlp'],
    processors: [],
    exporters: ['ariane'],
  });
});

test('settings have their defaults, and units', () => {
  const { settings } = load(
    `${minimal}\nariane: { spool: { max_size: { logs: 64MiB } }, storage: { retention: { traces: 36h } } }`,
  );
  expect(settings.spool.max_size).toEqual({ traces: 2 ** 31, metrics: 2 ** 29, logs: 2 ** 26 });
  expect(settings.storage.retention.traces).toBe(36 * 3600_000);
  expect(settings.storage.retention.logs).toBe(7 * 24 * 3600_000);
});

test('references take the type that their text has, and keep the text', () => {
  const config = load(
    `${minimal}
extensions:
  x: { port: '\${env:PORT}', flag: '\${FLAG}', key: '\${env:KEY}', dollar: a$$b, mixed: "http://\${env:HOST:-localhost}:\${env:PORT}", none: '\${env:NONE}' }
`,
    { PORT: '4317', FLAG: 'true', KEY: '0123' },
  );
  const x = config.extensions['x'] as Record<string, unknown>;
  expect(count().parse(x['port'], '')).toBe(4317);
  expect(boolean().parse(x['flag'], '')).toBe(true);
  expect(string().parse(x['key'], '')).toBe('0123');
  expect(x['dollar']).toBe('a$b');
  expect(x['mixed']).toBe('http://localhost:4317');
  expect(x['none']).toBeNull();
  expect(config.warnings).toContain('extensions.x.none: environment variable NONE is not set; taken as empty');
});

test('an unknown scheme and a bad name are refused with the path', () => {
  expect(problem(`${minimal}\nextensions: { x: { a: "\${vault:y}" } }`)).toMatch(
    /^extensions\.x\.a: \${vault:y}: unknown scheme/,
  );
  expect(problem(`${minimal}\nextensions: { x: { a: "\${env:1 2}" } }`)).toMatch(
    /^extensions\.x\.a: .*environment variable/,
  );
});

test('later files win: maps merge, lists are replaced', () => {
  const config = load([minimal, 'exporters: { nop: }\nservice: { pipelines: { traces: { exporters: [nop] } } }']);
  expect(config.service.pipelines['traces']).toMatchObject({ receivers: ['otlp'], exporters: ['nop'] });
  expect(config.warnings).toEqual(['exporters.debug: declared but not used']);
});

test("--config takes the Collector's yaml: and env: forms", () => {
  const config = loadConfig({ files: ['env:BASE', 'yaml:receivers::otlp::size: 5'], env: { BASE: minimal } });
  expect(config.receivers['otlp']).toEqual({ size: 5 });
});

test.each([
  ['receiver: {}', /^receiver: unknown key; known keys: receivers, .* \(0\.yaml:5\)$/],
  ['processors: { "": }', /^processors\.: expected a component id/],
  ['processors: { batch/: }', /^processors\.batch\/: expected a component id/],
  [
    'ariane: { spool: { fsync: never } }',
    /^ariane\.spool\.fsync: expected one of interval, always, got "never" \(0\.yaml:5\)$/,
  ],
  ['extensions: []', /^extensions: expected a map/],
])('%s is refused with its path and line', (yaml, message) => {
  expect(problem(`${minimal}${yaml}`)).toMatch(message);
});

test.each([
  ['', /^service\.pipelines: expected at least one/],
  ['profiles: {}', /^service\.pipelines\.profiles: unknown signal profiles; known: traces, metrics, logs/],
  ['traces: { exporters: [debug] }', /^service\.pipelines\.traces\.receivers: expected at least one/],
  [
    'traces: { receivers: [otlp], exporters: [debug, ariane] }',
    /^service\.pipelines\.traces\.exporters\[1\]: exporter ariane is not declared; declared: debug/,
  ],
  ['traces: { receivers: [otlp, otlp], exporters: [debug] }', /receivers\[1\]: otlp is named twice/],
  [
    'traces: { receivers: [otlp], processors: [batch], exporters: [debug] }',
    /processors\[0\]: processor batch is not declared; no processor is declared/,
  ],
])('a pipeline with %s is refused', (pipelines, message) => {
  expect(problem(`receivers: { otlp: }\nexporters: { debug: }\nservice: { pipelines: { ${pipelines} } }`)).toMatch(
    message,
  );
});

test('a broken YAML names its line', () => {
  expect(problem('receivers:\n  a: [1\nexporters:')).toMatch(/^0\.yaml:\d+: /);
  expect(problem('a: 1\na: 2')).toMatch(/^0\.yaml:2: .*unique/);
  expect(problem('- a')).toMatch(/expected a map/);
});

test('an alias bomb, a flood of nesting and a huge file are refused quickly', () => {
  const bomb = [
    'a: &a0 [x,x,x,x,x,x,x,x,x,x]',
    ...Array.from({ length: 9 }, (_, i) => `b${i}: &a${i + 1} [${Array(10).fill(`*a${i}`).join(',')}]`),
  ];
  expect(problem(bomb.join('\n'))).toMatch(/alias/i);
  expect(problem(`a: ${'['.repeat(100_000)}`)).toMatch(/^0\.yaml:/);
  expect(problem('#'.repeat(5 << 20))).toMatch(/larger than/);
});

test('no key reaches the prototype of objects', () => {
  problem('__proto__: { polluted: 1 }');
  problem(`${minimal}extensions: { __proto__: { polluted: 1 }, constructor: { prototype: { polluted: 1 } } }`);
  expect(({} as Record<string, unknown>)['polluted']).toBeUndefined();
});
