/** `ariane serve`: runs Ariane until SIGINT or SIGTERM. */
import { homedir } from 'node:os';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { createLog } from '../base/log.ts';
import type { Config } from '../config/config.ts';
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
    config: { type: 'string', value: 'FILE', help: "a Collector's YAML; `ariane config` prints the default" },
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

    const config = loadConfig({ files: [values.config ?? defaultConfigPath], env: terminal.env });
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
    if (values.demo) await running.demo.start();
    terminal.out(banner(running, dataDir, portOffset));
    const signal = await nextSignal();
    log.info('stopping', { signal });
    await running.stop();
    return 0;
  },
});

/** Where to look, how to send, where the data is. */
function banner({ ports }: Running, dataDir: string, offset: number): string {
  const open = (port: number) => ports.some((p) => p.port === port + offset && p.problem === undefined);
  const lines = ['', 'Ariane is ready.', ''];
  if (open(16686)) lines.push(`  Look      http://localhost:${16686 + offset}`);
  if (open(4317)) lines.push(`  Send      OTLP/gRPC  http://localhost:${4317 + offset}`);
  if (open(4318)) lines.push(`            OTLP/HTTP  http://localhost:${4318 + offset}`);
  lines.push(`  Data      ${dataDir}`, '', '  Stop with Ctrl+C.', '');
  return `${lines.join('\n')}\n`;
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
