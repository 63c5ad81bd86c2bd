import { expect, it } from 'vitest';
import { hrefInRange, traceHref, withParams } from './router.ts';

it('changes, repeats and drops parameters', () => {
  const from = new URLSearchParams('q=a&attribute=x%3D1&attribute=y%3D2&last=6h');
  expect(withParams('/search', from, { q: 'b', attribute: ['z=3', 'w=4'], order: '' })).toBe(
    '/search?last=6h&q=b&attribute=z%3D3&attribute=w%3D4',
  );
  expect(withParams('/search', new URLSearchParams('q=a'), { q: undefined })).toBe('/search');
});

it('leads to other pages in the range one is in, and to a trace without one', () => {
  expect(hrefInRange('/')).toBe('/');
  expect(hrefInRange('/search', { service: 'a b' })).toBe('/search?service=a+b');
  expect(traceHref('abc1234', { span: '00f067aa0ba902b7' })).toBe('/trace/abc1234?span=00f067aa0ba902b7');
});
