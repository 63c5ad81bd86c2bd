import { expect, it } from 'vitest';
import { parseRoute, redirectOf } from './route.ts';

it('finds the page of an address', () => {
  expect(parseRoute('/')).toEqual({ page: 'home' });
  expect(parseRoute('/search')).toEqual({ page: 'search' });
  expect(parseRoute('/trace/abc1234')).toEqual({ page: 'trace', id: 'abc1234' });
  expect(parseRoute('/trace/%61bc/')).toEqual({ page: 'trace', id: 'abc' });
  expect(parseRoute('/services/')).toEqual({ page: 'services' });
  expect(parseRoute('/nowhere')).toEqual({ page: 'unknown', path: '/nowhere' });
  expect(parseRoute('/trace/%zz')).toEqual({ page: 'trace', id: '%zz' });
});

it('leaves the addresses of APIs to the server', () => {
  expect(parseRoute('/api/traces/1')).toBeUndefined();
  expect(parseRoute('/prometheus/api/v1/query')).toBeUndefined();
});

it("leads Jaeger's addresses to the matching page", () => {
  const to = (path: string, query = '') => redirectOf(path, new URLSearchParams(query));
  expect(to('/dependencies')).toBe('/services');
  expect(to('/trace/1...2')).toBe('/trace/1');
  expect(to('/trace/1', 'uiFind=GET')).toBe('/trace/1?find=GET');
  expect(to('/search', 'service=order&lookback=2d&operation=all&tags={"http.status_code":"500","error":"true"}')).toBe(
    '/search?service=order&last=2d&attribute=http.status_code%3D500&errors=true',
  );
  expect(to('/search', 'lookback=custom&start=1700000000000000&end=1700000001000000&service=a')).toBe(
    '/search?service=a&start=1700000000000000&end=1700000001000000',
  );
  expect(to('/search', 'service=a&tag=k:v:w&limit=20')).toBe('/search?service=a&limit=20&attribute=k%3Dv%3Aw');
  expect(to('/search', 'lookback=1h&tags={broken')).toBe('/search?last=1h');
});

it('does not redirect its own addresses, so no redirect can loop', () => {
  for (const [path, query] of [
    ['/search', 'q=a&last=1h'],
    ['/trace/1', 'find=x'],
    ['/', ''],
  ] as const) {
    expect(redirectOf(path, new URLSearchParams(query))).toBeUndefined();
  }
});
