/** An engine process on a TCP port of its own, for tests: it plays a remote ClickHouse. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { silentLog } from '../../base/log.ts';
import { startEngine, stopEngine } from './embedded.ts';
import { type EngineOptions, engineDefaults } from './options.ts';

export interface TestEngine {
  /** `http://127.0.0.1:port` */
  readonly url: string;
  readonly folder: string;
  readonly pid: number;
  stop(): Promise<void>;
}

export async function startTestEngine(options: Partial<EngineOptions> = {}): Promise<TestEngine> {
  const folder = mkdtempSync(join(tmpdir(), 'ariane-engine-'));
  const { child, port } = await startEngine(
    {
      ...engineDefaults,
      folder: join(folder, 'engine'),
      spillFolder: join(folder, 'spill'),
      configFile: join(folder, 'engine.xml'),
      listen: { host: '127.0.0.1', port: 0 },
      ...options,
    },
    silentLog,
  );
  return {
    url: `http://127.0.0.1:${port}`,
    folder,
    pid: child.pid ?? 0,
    async stop() {
      await stopEngine(child, 2_000);
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
