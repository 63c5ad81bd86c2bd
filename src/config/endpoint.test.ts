import { expect, test } from 'vitest';
import { moveEndpoint, parseEndpoint, shiftPort } from './endpoint.ts';

test('an endpoint is a host and a port, in every form that the Collector takes', () => {
  expect(parseEndpoint('localhost:4317')).toEqual({ host: 'localhost', port: 4317 });
  expect(parseEndpoint(':9411')).toEqual({ host: '', port: 9411 });
  expect(parseEndpoint('[::1]:0')).toEqual({ host: '::1', port: 0 });
});

test.each(['4317', 'localhost', '::1:4317', 'localhost:65536', 'localhost:', 'http://localhost:1', ''])(
  '%s is none',
  (text) => {
    expect(() => parseEndpoint(text, 'receivers.otlp')).toThrow('receivers.otlp: expected host:port');
  },
);

test('an offset moves the port and nothing else', () => {
  expect(shiftPort('localhost:4317', 1000)).toBe('localhost:5317');
  expect(shiftPort('[::1]:4317', 1)).toBe('[::1]:4318');
  expect(shiftPort(':9411', -11)).toBe(':9400');
  expect(shiftPort('localhost:0', 1000)).toBe('localhost:0');
  expect(() => shiftPort('localhost:65000', 1000)).toThrow('expected 1 to 65535');
});

test('a host takes the place of localhost, and of no address that is spelled out', () => {
  expect(moveEndpoint('localhost:4317', { offset: 100, host: '0.0.0.0' })).toBe('0.0.0.0:4417');
  expect(moveEndpoint('127.0.0.1:4317', { offset: 0, host: '0.0.0.0' })).toBe('127.0.0.1:4317');
  expect(moveEndpoint('localhost:4317', { offset: 0, host: '::1' })).toBe('[::1]:4317');
});
