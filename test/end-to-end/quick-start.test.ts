import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { SearchAnswer } from '../../src/show/api/types.ts';
import { quickStarts } from '../../ui/home/quick-start.ts';
import { type RunningAriane, startAriane } from './ariane.ts';

describe.skipIf(!process.env['ARIANE_PYTHON'])(
  'the commands on the empty page, run as printed in an empty folder',
  () => {
    let ariane: RunningAriane;
    beforeAll(async () => {
      ariane = await startAriane();
    });
    afterAll(() => ariane.dispose());

    it.each(['python', 'curl'] as const)('%s: the trace is there', { timeout: 180_000 }, async (id) => {
      const start = quickStarts({ grpc: ariane.grpc, http: ariane.http }).find((each) => each.id === id);
      const folder = mkdtempSync(join(tmpdir(), 'ariane-quick-'));
      const before = new Set((await search()).map(({ traceId }) => traceId));
      const result = spawnSync('sh', ['-e', '-c', start?.commands ?? 'exit 9'], { cwd: folder, encoding: 'utf8' });
      rmSync(folder, { recursive: true });
      expect(result.status, result.stderr).toBe(0);
      const found = await ariane.until('the trace', async () =>
        (await search()).find(({ traceId }) => !before.has(traceId)),
      );
      expect(found.service).toBe('myapp');
      expect(found.operation).toBe('operation_lourde');
    });

    async function search() {
      return (await ariane.get<SearchAnswer>('/api/search')).traces;
    }
  },
);
