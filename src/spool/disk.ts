/** The file operations of a spool, in one place so that tests can fill the disk or break it. */
import * as fs from 'node:fs';
import * as fsp from 'node:fs/promises';
import { dirname } from 'node:path';

export interface Disk {
  /** Writes all buffers from `position` on, on this thread. Throws the system's error after a partial write. */
  writeSync(fd: number, buffers: readonly Uint8Array[], position: number): void;
  /** The same on the thread pool. */
  write(fd: number, buffers: readonly Uint8Array[], position: number): Promise<void>;
  /** Resolves when the file's data is on the device. */
  sync(fd: number): Promise<void>;
  truncateSync(fd: number, length: number): void;
  /** Replaces `path` as a whole: on disk with its name, or unchanged. */
  replace(path: string, content: string): Promise<void>;
  /** Writes a small file in the place that it has, taking no new room: torn by a crash in the middle. */
  overwrite(path: string, content: string): Promise<void>;
  /** Makes names in a folder durable. */
  syncFolder(path: string): Promise<void>;
}

export const nodeDisk: Disk = {
  writeSync(fd, buffers, position) {
    let rest = buffers;
    let at = position;
    while (rest.length > 0) {
      const written = fs.writevSync(fd, rest, at);
      at += written;
      rest = dropBytes(rest, written);
    }
  },
  async write(fd, buffers, position) {
    let rest = buffers;
    let at = position;
    while (rest.length > 0) {
      const written = await new Promise<number>((resolve, reject) => {
        fs.writev(fd, rest, at, (error, n) => (error ? reject(error) : resolve(n)));
      });
      at += written;
      rest = dropBytes(rest, written);
    }
  },
  sync: (fd) => new Promise((resolve, reject) => fs.fdatasync(fd, (error) => (error ? reject(error) : resolve()))),
  truncateSync: (fd, length) => fs.ftruncateSync(fd, length),
  async replace(path, content) {
    const next = `${path}.tmp`;
    const file = await fsp.open(next, 'w', 0o600);
    try {
      await file.writeFile(content);
      await file.sync();
    } finally {
      await file.close();
    }
    await fsp.rename(next, path);
    await this.syncFolder(dirname(path));
  },
  async overwrite(path, content) {
    const file = await fsp.open(path, 'r+');
    try {
      await file.write(content, 0);
      await file.truncate(Buffer.byteLength(content));
      await file.sync();
    } finally {
      await file.close();
    }
  },
  async syncFolder(path) {
    const folder = await fsp.open(path, 'r');
    try {
      await folder.sync();
    } finally {
      await folder.close();
    }
  },
};

/** What is left of `buffers` after their first `count` bytes. */
function dropBytes(buffers: readonly Uint8Array[], count: number): readonly Uint8Array[] {
  let left = count;
  let i = 0;
  for (; i < buffers.length; i++) {
    const length = buffers[i]?.length ?? 0;
    if (left < length) break;
    left -= length;
  }
  const [first, ...others] = buffers.slice(i);
  return first === undefined ? [] : [first.subarray(left), ...others];
}
