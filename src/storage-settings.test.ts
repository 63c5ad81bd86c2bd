import { tmpdir } from 'node:os';
import { describe, expect, it } from 'vitest';
import { settingsSchema } from './config/settings.ts';
import { remoteOf, retentionOf } from './storage-settings.ts';

const settingsWith = (storage: Record<string, unknown>) => settingsSchema.parse({ storage }, 'ariane');

describe('a remote store', () => {
  it('is signed in to as the user of its URL, which carries neither name nor password any more', () => {
    expect(remoteOf(settingsWith({ url: 'https://ari%40ne:p%3Aw@ch.example:8443', database: 'traces' }))).toEqual({
      url: 'https://ch.example:8443/',
      user: 'ari@ne',
      password: 'p:w',
      database: 'traces',
    });
    expect(remoteOf(settingsWith({ url: 'http://ch.example:8123' }))).toEqual({
      url: 'http://ch.example:8123/',
      database: 'ariane',
    });
  });

  it.each(['ch.example', 'tcp://user:secret@ch.example:9000'])('at %s is refused without telling a password', (url) => {
    const refusal = () => remoteOf(settingsWith({ url }));
    expect(refusal).toThrow('ariane.storage.url: expected an address such as http://user:password@host:8123');
    expect(refusal).not.toThrow('secret');
  });
});

describe('the limits of the store', () => {
  it('are whole days and the smaller of size and share of the disk', async () => {
    const limits = await retentionOf(
      settingsWith({ retention: { traces: '36h' }, max_disk: '1MB', max_disk_percent: 100 }),
      tmpdir(),
    );
    expect(limits).toEqual({ days: 2, maxBytes: 2 ** 20 });
  });

  it('of 0 are none, and leave the other one', async () => {
    expect(await retentionOf(settingsWith({ max_disk: '1MB', max_disk_percent: 0 }), tmpdir())).toMatchObject({
      maxBytes: 2 ** 20,
    });
    expect((await retentionOf(settingsWith({ max_disk: 0, max_disk_percent: 50 }), tmpdir())).maxBytes).toBeGreaterThan(
      0,
    );
    expect(await retentionOf(settingsWith({ max_disk: 0, max_disk_percent: 0 }), tmpdir())).toMatchObject({
      maxBytes: 0,
    });
  });
});
