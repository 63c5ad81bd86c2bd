/** What the store will never take is put aside for a person to look at, within bounds: a flood of it must not fill the disk. */
import { randomBytes } from 'node:crypto';
import { mkdir, readdir, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Log } from '../../base/log.ts';

export interface Quarantine {
  /** `kind` says what the bytes are: `otlp.pb`, `native`. Never throws: what cannot be kept is logged and gone. */
  put(kind: 'otlp.pb' | 'native', bytes: Uint8Array, reason: string, items: number): Promise<void>;
}

const maxBytes = 64 * 1024 * 1024;

export function createQuarantine(dir: string, log: Log): Quarantine {
  let used: number | undefined;
  return {
    async put(kind, bytes, reason, items) {
      const name = `${new Date().toISOString().replaceAll(/[:.]/g, '-')}-${randomBytes(4).toString('hex')}`;
      let kept = false;
      try {
        await mkdir(dir, { recursive: true, mode: 0o700 });
        used ??= await sizeOf(dir);
        kept = used + bytes.length <= maxBytes;
        if (kept) {
          used += bytes.length;
          await writeFile(join(dir, `${name}.${kind}`), bytes, { mode: 0o600 });
          await writeFile(join(dir, `${name}.txt`), `${reason}\n`, { mode: 0o600 });
        }
      } catch {
        kept = false;
      }
      log.error('the store will never take this; put aside', {
        items,
        reason,
        file: kept ? `${name}.${kind}` : 'not kept',
      });
    },
  };
}

async function sizeOf(dir: string): Promise<number> {
  let bytes = 0;
  for (const name of await readdir(dir)) bytes += (await stat(join(dir, name))).size;
  return bytes;
}
