import { expect, test } from 'vitest';
import { placeLabel } from './label.ts';
import { serviceShares } from './service-shares.ts';
import { traceOf } from './example.ts';

test('a word stands behind its bar, before it, or over its end, where there is room', () => {
  expect(placeLabel({ x0: 100, x1: 200 }, 500, 150)).toEqual({ side: 'after', px: 208 });
  expect(placeLabel({ x0: 300, x1: 450 }, 500, 150)).toEqual({ side: 'before', px: 208 });
  expect(placeLabel({ x0: 100, x1: 450 }, 500, 150)).toEqual({ side: 'over', px: 292 });
  expect(placeLabel({ x0: 0, x1: 100 }, 100, 150)).toEqual({ side: 'over', px: 0 });
});

test('services come by their share of the path', () => {
  const trace = traceOf(`
    shop checkout 0 100
      auth login 0 20
      order orders 20 90
      order more 30 40
  `);
  expect(serviceShares(trace, Float64Array.of(10, 20, 60, 10))).toEqual([
    { service: 'order', share: 0.7, spans: 2 },
    { service: 'auth', share: 0.2, spans: 1 },
    { service: 'shop', share: 0.1, spans: 1 },
  ]);
});
