/** `ariane serve`: runs Ariane until SIGINT or SIGTERM. */
import { homedir } from 'node:os';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describeError } from '../base/errors.ts';
import { createLog, type Log } from '../base/log.ts';
import type { Config } from '../config/config.ts';
import { parseEndpoint } from '../config/endpoint.ts';
import { defaultConfigPath, loadConfig } from '../config/load.ts';
import type { Running } from '../main.ts';
import { command, type Terminal, UsageError } from './command.ts';
import { readVersion } from './version.ts';

export const serve = command({
  name: 'serve',
  usage: 'serve',
  summary: 'receive, keep and show traces until stopped',
  flags: {
    data: { type: 'string', value: 'DIR', help: 'folder of everything kept (default ~/.local/share/ariane)' },
    config: {
      type: 'strings',
      value: 'FILE',
      help: "a Collector's YAML; several are merged, later ones win; `ariane config` prints the default",
    },
    host: { type: 'string', value: 'HOST', help: 'listen there instead of on localhost only; 0.0.0.0 is everywhere' },
    'port-offset': { type: 'string', value: 'N', help: 'move every port by N, to run beside a Jaeger' },
    'log-format': { type: 'string', value: 'text|json', help: 'how log lines look (default text)' },
    demo: { type: 'boolean', help: 'start the demo shop as well' },
  },
  examples: [
    ['ariane serve', 'everything on its usual port'],
    ['ariane serve --data ./data --port-offset 100', 'beside a Jaeger: the page is on 16786'],
  ],
  async run(values, _words, terminal) {
    const portOffset = Number(values['port-offset'] ?? 0);
    if (!Number.isInteger(portOffset))
      throw new UsageError(`--port-offset needs a whole number, got "${values['port-offset']}"`);
    const format = values['log-format'] ?? 'text';
    if (format !== 'text' && format !== 'json') throw new UsageError(`--log-format is text or json, got "${format}"`);
    const log = createLog({ format, write: (line) => terminal.err(`${line}\n`) });

    const config = loadConfig({ files: values.config ?? [defaultConfigPath], env: terminal.env });
    for (const warning of config.warnings) log.warn(warning);
    const dataDir = dataDirOf(values.data, config, terminal);
    // Only now: the other commands start without loading the server.
    const { serve: startServing } = await import('../main.ts');
    const running = await startServing({
      config,
      dataDir,
      portOffset,
      ...(values.host === undefined ? {} : { host: values.host }),
      uiDir: fileURLToPath(new URL('../../dist/ui', import.meta.url)),
      version: readVersion(),
      log,
    });
    try {
      const signal = nextSignal();
      if (values.demo) await Promise.race([startDemo(running, log), signal]);
      terminal.out(banner(running, dataDir, parseEndpoint(config.settings.query.endpoint).port, portOffset));
      log.info('stopping', { signal: await signal });
    } finally {
      endWithin(mostStoppingMs, log);
      await running.stop();
    }
    return 0;
  },
});

/** Without it everything else works. */
async function startDemo({ demo }: Running, log: Log): Promise<void> {
  const problem = await demo.start().then((state) => state.problem, describeError);
  if (problem !== null) log.warn('the demo does not run', { problem });
}

/** Where to look, how to send, where the data is. */
function banner({ ports }: Running, dataDir: string, pagePort: number, offset: number): string {
  const lines = ['', 'Ariane is ready.', ''];
  const add = (label: string, port: number) => {
    const opened = ports.find((p) => p.port === port + offset && p.bound.length > 0);
    if (opened !== undefined) lines.push(`  ${label}${urlOf(opened)}`);
  };
  add('Look      ', pagePort);
  add('Send      OTLP/gRPC  ', 4317);
  add('          OTLP/HTTP  ', 4318);
  lines.push(`  Data      ${dataDir}`, '', '  Stop with Ctrl+C.', '');
  return `${lines.join('\n')}\n`;
}

/** `localhost` wherever that reaches it. */
function urlOf({ bound: [address = ''], port }: Running['ports'][number]): string {
  const isHere = /^(?:127\.0\.0\.1|\[::1\]|0\.0\.0\.0|\[::\]):/.test(address);
  return `http://${isHere ? `localhost:${port}` : address}`;
}

/** Of the 5 s in which a supervisor expects the end. */
const mostStoppingMs = 4_800;

/**
 * Ends the process where some part does not stop in time: what is acknowledged is on disk, and the engine and the demo end
 * with their parent. Never keeps the process alive.
 */
function endWithin(ms: number, log: Log): void {
  setTimeout(() => {
    log.warn('not everything stopped in time; ended without it', { ms });
    process.exit(0);
  }, ms).unref();
}

function dataDirOf(flag: string | undefined, config: Config, { env }: Terminal): string {
  const chosen = flag ?? config.settings.data_dir;
  if (chosen !== '') return resolve(chosen);
  const base = env['XDG_DATA_HOME'];
  return join(base ? base : join(homedir(), '.local', 'share'), 'ariane');
}

/** A second signal ends the process at once. */
function nextSignal(): Promise<string> {
  return new Promise((wake) => {
    let seen = false;
    const take = (signal: NodeJS.Signals) => {
      if (seen) process.exit(130);
      seen = true;
      wake(signal);
    };
    process.on('SIGINT', take);
    process.on('SIGTERM', take);
  });
}
