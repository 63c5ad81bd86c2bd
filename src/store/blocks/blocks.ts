/**
 * Blocks on disk between the spool and the engine. A block is immutable: its files are written and synced, then its manifest,
 * then it may be inserted, under its own name as the deduplication token. So a restart inserts what is there once more,
 * unchanged, and the engine knows what it has already.
 */
import { randomBytes } from 'node:crypto';
import { mkdir, open, readdir, readFile, rename, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { Log } from '../../base/log.ts';
import { type BlockFile, type Manifest, parseManifest } from './manifest.ts';

export interface Block extends Manifest {
  readonly name: string;
}

/** A file before it is one. */
export interface Draft {
  readonly table: string;
  readonly columns: readonly string[];
  readonly rows: number;
  readonly pieces: readonly Uint8Array[];
}

export class Blocks {
  readonly #dir: string;

  private constructor(dir: string) {
    this.#dir = dir;
  }

  /** Also gives the blocks that are there, oldest first. What has no whole manifest was never acknowledged as a block: removed. */
  static async open(dir: string, log: Log): Promise<{ blocks: Blocks; found: readonly Block[] }> {
    await mkdir(dir, { recursive: true, mode: 0o700 });
    const names = (await readdir(dir)).sort();
    const found: Block[] = [];
    for (const file of names.filter((name) => name.endsWith('.json'))) {
      const manifest = parseManifest(await readFile(join(dir, file), 'utf8'));
      if (manifest !== undefined && (await isWhole(dir, manifest))) {
        found.push({ ...manifest, name: file.slice(0, -'.json'.length) });
      } else log.error('a block is damaged: removed, its rows are built again from the spool', { block: file });
    }
    const kept = new Set(found.flatMap(({ name, files }) => [`${name}.json`, ...files.map((file) => file.name)]));
    for (const name of names) if (!kept.has(name)) await rm(join(dir, name), { force: true });
    return { blocks: new Blocks(dir), found };
  }

  pathOf(file: BlockFile): string {
    return join(this.#dir, file.name);
  }

  /** Resolves when the block is on disk for sure. `name` only for a part of another block: the same bytes each time. */
  async write(
    origin: Omit<Manifest, 'version' | 'files'>,
    drafts: readonly Draft[],
    name = `${Date.now().toString(36)}-${randomBytes(8).toString('hex')}`,
  ): Promise<Block> {
    const files: BlockFile[] = [];
    for (const { table, columns, rows, pieces } of drafts) {
      const bytes = pieces.reduce((sum, piece) => sum + piece.length, 0);
      const file = { table, columns, rows, bytes, name: `${name}.${table}.native` };
      files.push(file);
      await this.#orRemove(files, () => writeSynced(this.pathOf(file), pieces));
    }
    const manifest: Manifest = { version: 1, ...origin, files };
    const path = join(this.#dir, `${name}.json`);
    await this.#orRemove(files, async () => {
      await writeSynced(`${path}.new`, [Buffer.from(JSON.stringify(manifest))]);
      await rename(`${path}.new`, path);
      await syncFolder(this.#dir);
    });
    return { ...manifest, name };
  }

  /** The manifest goes first: what is left of a removal cut short is removed at the next start. */
  async remove(block: Block): Promise<void> {
    await rm(join(this.#dir, `${block.name}.json`), { force: true });
    for (const file of block.files) await rm(this.pathOf(file), { force: true });
  }

  /** A full disk must not fill with what did not fit: the next try has a new name. */
  async #orRemove(files: readonly BlockFile[], run: () => Promise<void>): Promise<void> {
    try {
      await run();
    } catch (error) {
      for (const file of files) await rm(this.pathOf(file), { force: true });
      throw error;
    }
  }
}

async function isWhole(dir: string, { files }: Manifest): Promise<boolean> {
  const sizes = await Promise.all(
    files.map(({ name }) =>
      stat(join(dir, name)).then(
        ({ size }) => size,
        () => -1,
      ),
    ),
  );
  return files.every(({ bytes }, i) => sizes[i] === bytes);
}

async function writeSynced(path: string, pieces: readonly Uint8Array[]): Promise<void> {
  const file = await open(path, 'w', 0o600);
  try {
    // The kernel takes at most 1024 pieces at a time.
    for (let at = 0; at < pieces.length; at += 512) {
      const some = pieces.slice(at, at + 512);
      const bytes = some.reduce((sum, piece) => sum + piece.length, 0);
      const { bytesWritten } = await file.writev(some);
      if (bytesWritten !== bytes) throw new Error(`cannot write ${path}: ${bytesWritten} of ${bytes} bytes`);
    }
    await file.datasync();
  } finally {
    await file.close();
  }
}

async function syncFolder(dir: string): Promise<void> {
  const folder = await open(dir, 'r');
  try {
    await folder.sync();
  } finally {
    await folder.close();
  }
}
