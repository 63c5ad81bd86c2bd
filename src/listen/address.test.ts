import { describe, expect, it } from 'vitest';
import { ConfigError } from '../base/errors.ts';
import { addressKey, formatAddress, parseAddress } from './address.ts';

describe('parseAddress', () => {
  it('reads what the Collector reads', () => {
    expect(parseAddress('localhost:4317')).toEqual({ host: 'localhost', port: 4317 });
    expect(parseAddress(':9411')).toEqual({ host: 'all', port: 9411 });
    expect(parseAddress('0.0.0.0:4318')).toEqual({ host: 'all', port: 4318 });
    expect(parseAddress('[::]:4318')).toEqual({ host: 'all', port: 4318 });
    expect(parseAddress('[::1]:4318')).toEqual({ host: '::1', port: 4318 });
    expect(parseAddress('Host.Example:0')).toEqual({ host: 'host.example', port: 0 });
  });

  it('refuses what is no address, showing it', () => {
    for (const text of ['4317', 'localhost', 'localhost:', 'localhost:70000', '::1:4317', '[nonsense]:1', 'a:b', '']) {
      expect(() => parseAddress(text)).toThrow(ConfigError);
      expect(() => parseAddress(text)).toThrow(JSON.stringify(text));
    }
  });
});

it('any way of writing loopback is one listener, and so is any way of writing everywhere', () => {
  const key = (text: string) => addressKey(parseAddress(text));
  expect(new Set(['localhost:1', '127.0.0.1:1', '[::1]:1'].map(key)).size).toBe(1);
  expect(new Set([':1', '0.0.0.0:1', '[::]:1'].map(key)).size).toBe(1);
  expect(key('localhost:1')).not.toBe(key(':1'));
  expect(key('localhost:1')).not.toBe(key('localhost:2'));
});

it('an IPv6 address is written in brackets', () => {
  expect(formatAddress('::1', 4317)).toBe('[::1]:4317');
  expect(formatAddress('127.0.0.1', 4317)).toBe('127.0.0.1:4317');
});
