import { describe, expect, it } from 'vitest';
import { addChips, chipsOf, findTraceId, paramsOf, parseText, tokens } from './query.ts';

const texts = (query: string) => chipsOf(new URLSearchParams(query)).map((c) => c.text);

it('reads conditions from what somebody types', () => {
  expect(parseText('service=order >500ms error http.status_code=500 "new user" checkout <1,5s')).toEqual([
    { param: 'service', value: 'order', text: 'service=order' },
    { param: 'minDuration', value: '500ms', text: '>500ms' },
    { param: 'errors', value: 'true', text: 'error' },
    { param: 'attribute', value: 'http.status_code=500', text: 'http.status_code=500' },
    { param: 'q', value: '"new user"', text: '"new user"' },
    { param: 'q', value: 'checkout', text: 'checkout' },
    { param: 'maxDuration', value: '1.5s', text: '<1.5s' },
  ]);
});

it('takes what is no condition for words', () => {
  for (const word of ['>', '>fast', '<html>', '=x', 'GET']) expect(parseText(word)).toMatchObject([{ param: 'q' }]);
});

it('keeps quotes together', () => {
  expect(tokens('operation="GET /a b"  c "open end')).toEqual(['operation="GET /a b"', 'c', '"open end']);
  expect(parseText('operation="GET /a b"')).toMatchObject([{ param: 'operation', value: 'GET /a b' }]);
});

it('goes from an address to chips and back without loss', () => {
  const query =
    'service=order&operation=GET+%2Fa&minDuration=1s&errors=true&attribute=a%3D1&attribute=b%3D%222%22&q=x+y';
  expect(texts(query)).toEqual(['service=order', 'operation="GET /a"', '>1s', 'error', 'a=1', 'b="2"', 'x', 'y']);
  expect(paramsOf(chipsOf(new URLSearchParams(query)))).toEqual({
    service: 'order',
    operation: 'GET /a',
    minDuration: '1s',
    maxDuration: undefined,
    errors: 'true',
    attribute: ['a=1', 'b="2"'],
    q: 'x y',
  });
});

it('replaces a condition that can stand only once, and drops repeated ones', () => {
  const chips = addChips(parseText('service=a k=1 k=2 x'), parseText('service=b k=1 >1s'));
  expect(chips.map((c) => c.text)).toEqual(['k=2', 'x', 'service=b', 'k=1', '>1s']);
});

describe('a trace id', () => {
  const id = '4bf92f3577b34da6a3ce929d0e0e4736';
  it.each([
    [id],
    [` ${id.toUpperCase()}\n`],
    ['4bf92f35-77b3-4da6-a3ce-929d0e0e4736'],
    [`00-${id}-00f067aa0ba902b7-01`],
    [`traceparent: 00-${id}-00f067aa0ba902b7-01`],
    [`http://localhost:16686/trace/${id}?uiFind=x`],
    [`trace_id=${id}`],
    [`"traceId": "${id}",`],
    [`0x${id}`],
  ])('is found in %j', (text) => expect(findTraceId(text)).toBe(id));

  it('may be short', () => {
    expect(findTraceId('abc1234')).toBe('abc1234');
    expect(findTraceId('00f067aa0ba902b7')).toBe('00f067aa0ba902b7');
  });

  it.each([['facade'], ['abc12'], ['checkout abc1234'], ['order=abc1234'], ['GET /trace']])('is not in %j', (text) =>
    expect(findTraceId(text)).toBeUndefined(),
  );
});
