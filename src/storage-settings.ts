/** What the settings under `ariane.storage` mean for the store. */
import { statfs } from 'node:fs/promises';
import { ConfigError } from './base/errors.ts';
import type { Settings } from './config/settings.ts';

const dayMs = 86_400_000;

/** Whole days, at least one; the smaller of the two disk limits. */
export async function retentionOf({ storage }: Settings, dataDir: string): Promise<{ days: number; maxBytes: number }> {
  const days = Math.max(1, Math.ceil(storage.retention.traces / dayMs));
  if (storage.url !== '') return { days, maxBytes: storage.max_disk };
  const disk = await statfs(dataDir);
  const share = Math.floor((disk.blocks * disk.bsize * storage.max_disk_percent) / 100);
  return { days, maxBytes: Math.min(storage.max_disk, share) };
}

/** User and password are written in the URL, as in every ClickHouse client. */
export function remoteOf({ storage }: Settings): {
  url: string;
  username?: string;
  password?: string;
  database: string;
} {
  if (!URL.canParse(storage.url)) {
    throw new ConfigError('ariane.storage.url', `expected http://user:password@host:8123, got "${storage.url}"`);
  }
  const url = new URL(storage.url);
  const user = decodeURIComponent(url.username);
  const password = decodeURIComponent(url.password);
  url.username = '';
  url.password = '';
  return {
    url: url.toString(),
    ...(user === '' ? {} : { username: user }),
    ...(password === '' ? {} : { password }),
    database: storage.database,
  };
}
