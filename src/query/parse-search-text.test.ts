import fc from 'fast-check';
import { expect, it } from 'vitest';
import { parseSearchText } from './parse-search-text.ts';

const conditionsOf = (text: string) => parseSearchText(text).conditions.map((c) => c.condition);

it('reads words, phrases, attributes, durations and errors', () => {
  expect(conditionsOf('checkout "GET /a b" http.status=200 user="7 8" >500ms <=2s error')).toEqual([
    { kind: 'word', text: 'checkout' },
    { kind: 'word', text: 'GET /a b' },
    { kind: 'attribute', key: 'http.status', value: '200', isString: false },
    { kind: 'attribute', key: 'user', value: '7 8', isString: true },
    { kind: 'least', ns: 500_000_001n },
    { kind: 'most', ns: 2_000_000_000n },
    { kind: 'errors' },
  ]);
});

it('turns service and operation into conditions of their own', () => {
  expect(conditionsOf('service=shop service.name="my shop" operation="GET /" name=x')).toEqual([
    { kind: 'service', name: 'shop' },
    { kind: 'service', name: 'my shop' },
    { kind: 'operation', name: 'GET /' },
    { kind: 'operation', name: 'x' },
  ]);
});

it('keeps = in values, and unescapes quotes', () => {
  expect(conditionsOf(String.raw`a=b=c d="x \"y\" \\z" e=`)).toEqual([
    { kind: 'attribute', key: 'a', value: 'b=c', isString: false },
    { kind: 'attribute', key: 'd', value: String.raw`x "y" \z`, isString: true },
    { kind: 'attribute', key: 'e', value: '', isString: false },
  ]);
});

it('takes what fits nothing as a word', () => {
  expect(conditionsOf('>500 =x <soon "a=b" "open')).toEqual([
    { kind: 'word', text: '>500' },
    { kind: 'word', text: '=x' },
    { kind: 'word', text: '<soon' },
    { kind: 'word', text: 'a=b' },
    { kind: 'word', text: '"open' },
  ]);
});

const id = '0af7651916cd43dd8448eb211c80319c';

it.each([
  id,
  ` ${id.toUpperCase()} `,
  `00-${id}-b7ad6b7169203331-01`,
  `traceparent: 00-${id}-b7ad6b7169203331-01`,
  `http://localhost:16686/trace/${id}?uiFind=x#y`,
  `https://jaeger.example/jaeger/api/traces/${id}`,
  '0af76519-16cd-43dd-8448-eb211c80319c',
])('finds the trace id in %s', (text) => {
  expect(parseSearchText(text).traceIds).toEqual([{ kind: 'exact', traceId: id }]);
});

it('takes six hex digits as a prefix and as a word', () => {
  const { traceIds, conditions } = parseSearchText('abc123');
  expect(traceIds.map((t) => t.kind)).toEqual(['exact', 'prefix']);
  expect(conditions).toHaveLength(1);
  expect(parseSearchText('checkout abc123').traceIds).toEqual([]);
});

it('reads any text without throwing, in bounded terms', () => {
  fc.assert(
    fc.property(fc.oneof(fc.string({ unit: 'binary' }), fc.stringMatching(/^[a-z"=<>\\ 0-9ms]*$/)), (text) => {
      const { conditions } = parseSearchText(text);
      expect(conditions.length).toBeLessThanOrEqual(32);
      expect(conditions.length > 0).toBe(text.trim() !== '');
    }),
    { numRuns: 2000 },
  );
});
