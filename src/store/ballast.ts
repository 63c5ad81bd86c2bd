/**
 * Bytes kept on the disk for nothing but the moment when it is full: the engine needs about 1 MiB to drop a partition,
 * and a store that cannot drop can never make room again.
 */
import { rm, stat, statfs, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';

export interface Ballast {
  /** Runs `work` with the ballast's room free, and takes it again afterwards as soon as there is some. */
  without<T>(work: () => Promise<T>): Promise<T>;
  /** Takes the room, if there is. */
  load(): Promise<void>;
  /** Gives the room away when the disk is so full that a start could not even write its lock. */
  throwOffIfFull(): Promise<void>;
}

const leastFreeBytes = 2 * 2 ** 20;

export function createBallast(path: string, bytes = 4 * 2 ** 20): Ballast {
  async function load(): Promise<void> {
    try {
      if ((await stat(path).catch(() => undefined))?.size === bytes) return;
      await writeFile(path, Buffer.alloc(bytes, 1));
    } catch {
      // No room for it now: a part of it would be of no use.
      await rm(path, { force: true });
    }
  }
  return {
    load,
    async throwOffIfFull() {
      const disk = await statfs(dirname(path)).catch(() => undefined);
      if (disk !== undefined && disk.bavail * disk.bsize < leastFreeBytes) await rm(path, { force: true });
    },
    async without(work) {
      await rm(path, { force: true });
      try {
        return await work();
      } finally {
        await load();
      }
    },
  };
}
