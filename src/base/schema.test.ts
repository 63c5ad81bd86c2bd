import { describe, expect, it } from 'vitest';
import { ConfigError } from './errors.ts';
import { boolean, bytes, count, durationMs, list, map, object, oneOf, optional, string } from './schema.ts';

const batch = object({ timeout: durationMs('200ms'), send_batch_size: count(8192), mode: oneOf(['a', 'b'], 'a') });

describe('a configuration schema', () => {
  it('fills in every default', () => {
    expect(batch.parse(undefined, 'processors.batch')).toEqual({ timeout: 200, send_batch_size: 8192, mode: 'a' });
    expect(batch.parse(null, '')).toEqual(batch.parse({}, ''));
  });

  it('refuses an unknown key with its path and the known ones', () => {
    expect(() => batch.parse({ max_item: 1 }, 'processors.batch')).toThrow(
      'processors.batch.max_item: unknown key; known keys: timeout, send_batch_size, mode',
    );
  });

  it('names where and what was expected and got', () => {
    expect(() => batch.parse({ timeout: '5' }, 'x')).toThrow(/^x\.timeout: expected a duration .*, got "5"$/);
    expect(() => batch.parse({ send_batch_size: -1 }, 'x')).toThrow(/x\.send_batch_size: expected a whole number/);
    expect(() => list(string()).parse(['a', 1], 'x')).toThrow('x[1]: expected a string, got 1');
    expect(() => batch.parse([], 'x')).toThrow(ConfigError);
  });

  it('keeps what is not named absent, and counts an empty block as named', () => {
    const protocols = object({ grpc: optional(object({ endpoint: string('localhost:4317') })) });
    expect(protocols.parse({}, '')).toEqual({ grpc: undefined });
    expect(protocols.parse({ grpc: null }, '')).toEqual({ grpc: { endpoint: 'localhost:4317' } });
  });

  it('reads sizes and maps', () => {
    expect(bytes().parse('10GB', '')).toBe(10 * 2 ** 30);
    expect(bytes().parse('64MiB', '')).toBe(64 * 2 ** 20);
    expect(bytes('512MB').parse(undefined, '')).toBe(512 * 2 ** 20);
    expect(map(boolean()).parse({ a: true }, '')).toEqual({ a: true });
    expect(() => bytes().parse('ten', 'spool.size')).toThrow(/spool\.size: expected a size/);
  });
});
