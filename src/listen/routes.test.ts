import { describe, expect, it } from 'vitest';
import { BadInput, ConfigError } from '../base/errors.ts';
import type { HttpRoute } from '../base/listener.ts';
import { RouteTable } from './routes.ts';

function table(...paths: [HttpRoute['method'], string][]): RouteTable {
  const routes = new RouteTable();
  for (const [method, path] of paths) routes.add({ method, path, handle: () => ({ status: 200 }) });
  return routes;
}

function found(routes: RouteTable, method: string, path: string) {
  const match = routes.find(method, path);
  if (match === undefined || !('route' in match)) return match;
  return [match.route.path, { ...match.params }];
}

describe('RouteTable', () => {
  it('finds a literal path before a parameter before the rest, whatever the order of registering', () => {
    const routes = table(['GET', '/*'], ['GET', '/api/*'], ['GET', '/api/traces/:id'], ['GET', '/api/traces/last']);
    expect(found(routes, 'GET', '/api/traces/last')).toEqual(['/api/traces/last', {}]);
    expect(found(routes, 'GET', '/api/traces/abc')).toEqual(['/api/traces/:id', { id: 'abc' }]);
    expect(found(routes, 'GET', '/api/traces/abc/x')).toEqual(['/api/*', { '*': 'traces/abc/x' }]);
    expect(found(routes, 'GET', '/')).toEqual(['/*', { '*': '' }]);
    expect(found(routes, 'GET', '/index.html')).toEqual(['/*', { '*': 'index.html' }]);
  });

  it('decodes parameters, in which an encoded slash stays one segment', () => {
    const routes = table(['GET', '/api/services/:name/operations']);
    expect(found(routes, 'GET', '/api/services/a%2Fb%20%C3%A9/operations')).toEqual([
      '/api/services/:name/operations',
      { name: 'a/b é' },
    ]);
    expect(() => routes.find('GET', '/api/services/%ff/operations')).toThrow(BadInput);
    expect(found(routes, 'GET', '/api/services//operations')).toBeUndefined();
  });

  it('answers HEAD by a GET route', () => {
    expect(found(table(['GET', '/a']), 'HEAD', '/a')).toEqual(['/a', {}]);
  });

  it('says which methods a path has', () => {
    const routes = table(['GET', '/a'], ['POST', '/a'], ['DELETE', '/:x']);
    expect(routes.find('PUT', '/a')).toEqual({ allow: ['DELETE', 'GET', 'HEAD', 'POST'] });
    expect(found(routes, 'DELETE', '/a')).toEqual(['/:x', { x: 'a' }]);
    expect(routes.find('GET', '/a/b')).toBeUndefined();
  });

  it('refuses the same route twice', () => {
    expect(() => table(['POST', '/v1/traces'], ['POST', '/v1/traces'])).toThrow(ConfigError);
    expect(() => table(['GET', '/a/:x'], ['GET', '/a/:x'])).toThrow(ConfigError);
    expect(() => table(['GET', 'a'])).toThrow(ConfigError);
  });
});
