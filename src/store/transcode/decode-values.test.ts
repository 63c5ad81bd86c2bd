import { expect, test } from 'vitest';
import { decodeAttributes, decodeInlineAttributes, decodeValue } from './decode-values.ts';

test('each type letter gives back its own type', () => {
  const attributes = decodeAttributes(['string', 'bool', 'int', 'double', 'bytes', 'empty'], 'sbidyn', [
    '200',
    'true',
    '-9223372036854775808',
    '-0',
    'AP8=',
    '',
  ]);
  expect([...attributes]).toEqual([
    ['string', '200'],
    ['bool', true],
    ['int', -9223372036854775808n],
    ['double', -0],
    ['bytes', new Uint8Array([0, 255])],
    ['empty', null],
  ]);
  expect(decodeValue('b', 'false')).toBe(false);
  expect(decodeValue('d', 'NaN')).toBeNaN();
  expect(decodeValue('d', '-Infinity')).toBe(Number.NEGATIVE_INFINITY);
});

test('arrays and maps keep the types of their leaves', () => {
  const json = JSON.stringify({
    arrayValue: {
      values: [
        { intValue: '9007199254740993' },
        { doubleValue: 'NaN' },
        { boolValue: false },
        { bytesValue: 'AQ==' },
        {},
        { kvlistValue: { values: [{ key: 'a', value: { stringValue: 'b' } }] } },
      ],
    },
  });
  expect(decodeValue('j', json)).toEqual([
    9007199254740993n,
    Number.NaN,
    false,
    new Uint8Array([1]),
    null,
    new Map([['a', 'b']]),
  ]);
});

test('inline attributes carry key and type beside each value', () => {
  expect([...decodeInlineAttributes(['a', 'i', '1', 'b', 's', 'x'])]).toEqual([
    ['a', 1n],
    ['b', 'x'],
  ]);
});

test('a text that does not fit its type stays readable', () => {
  expect(decodeValue('i', 'twelve')).toBe('twelve');
  expect(decodeValue('j', '{broken')).toBe('{broken');
});
