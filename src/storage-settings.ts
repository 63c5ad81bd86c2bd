/** What the settings under `ariane.storage` mean for the store. */
import { statfs } from 'node:fs/promises';
import { ConfigError } from './base/errors.ts';
import type { Settings } from './config/settings.ts';
import type { RemoteOptions } from './store/engine/remote.ts';

const dayMs = 86_400_000;

/** Whole days, at least one; the smaller of the two disk limits, of which 0 is none. */
export async function retentionOf({ storage }: Settings, dataDir: string): Promise<{ days: number; maxBytes: number }> {
  const days = Math.max(1, Math.ceil(storage.retention.traces / dayMs));
  if (storage.url !== '') return { days, maxBytes: storage.max_disk };
  const disk = await statfs(dataDir);
  const share = Math.floor((disk.blocks * disk.bsize * storage.max_disk_percent) / 100);
  const limits = [storage.max_disk, share].filter((bytes) => bytes > 0);
  return { days, maxBytes: limits.length === 0 ? 0 : Math.min(...limits) };
}

/** User and password are written in the URL, as in every ClickHouse client. */
export function remoteOf({ storage }: Settings): RemoteOptions {
  const url = URL.canParse(storage.url) ? new URL(storage.url) : undefined;
  if (url === undefined || !['http:', 'https:'].includes(url.protocol)) {
    // Without what was given: there may be a password in it.
    throw new ConfigError('ariane.storage.url', 'expected an address such as http://user:password@host:8123');
  }
  const user = decodeURIComponent(url.username);
  const password = decodeURIComponent(url.password);
  url.username = '';
  url.password = '';
  return {
    url: url.toString(),
    ...(user === '' ? {} : { user }),
    ...(password === '' ? {} : { password }),
    database: storage.database,
  };
}
