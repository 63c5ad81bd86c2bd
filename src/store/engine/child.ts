/** Entry of the engine's process: opens chDB, serves it, ends with its parent. Started by `embedded.ts` through `bin/engine.js`. */
import { chmodSync, rmSync, writeFileSync } from 'node:fs';
import { openEngine } from './engine.ts';
import { engineErrorFrom } from './engine-error.ts';
import { createHttpServer } from './http-server.ts';
import type { EngineOptions, EngineOrder, EngineReport } from './options.ts';

const options = JSON.parse(process.argv[2] ?? '{}') as EngineOptions;

// Without its parent nobody can reach it, and the next parent wants the folder. What is acknowledged is on disk.
process.once('disconnect', () => process.kill(process.pid, 'SIGKILL'));
// Ctrl-C goes to the whole group: the parent decides when this process ends.
process.on('SIGINT', () => {});
process.on('SIGTERM', () => {});

preferToDie();
try {
  await serve();
} catch (error) {
  const refusal = engineErrorFrom(error);
  report({ kind: 'refused', code: refusal.code, message: refusal.message });
  setTimeout(() => process.exit(1), 50);
}

/** When the machine runs out of memory, Linux shall end this process, which is replaced, and not the one that receives. */
function preferToDie(): void {
  try {
    writeFileSync('/proc/self/oom_score_adj', '500');
  } catch {
    // Not Linux, or not allowed: then the kernel chooses.
  }
}

async function serve(): Promise<void> {
  const engine = openEngine(options);
  const server = createHttpServer(engine, options);
  process.on('message', (order: EngineOrder) => {
    server.close(() => {
      void engine.close().then(() => process.exit(0));
    });
    // A connection whose last answer is out stays open for the next request: close it, for there is none.
    setInterval(() => server.closeIdleConnections(), 20);
    setTimeout(() => process.exit(0), order.withinMs);
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    if ('socket' in options.listen) {
      const { socket } = options.listen;
      rmSync(socket, { force: true });
      // The socket is born private; chmod alone would leave a moment.
      const before = process.umask(0o177);
      server.listen(socket, () => {
        process.umask(before);
        chmodSync(socket, 0o600);
        resolve();
      });
    } else server.listen(options.listen.port, options.listen.host, resolve);
  });
  const address = server.address();
  report({ kind: 'ready', port: typeof address === 'object' ? (address?.port ?? 0) : 0, version: engine.version });
}

function report(message: EngineReport): void {
  process.send?.(message);
}
