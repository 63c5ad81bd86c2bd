/** Opens Ariane's health routes on an address of their own, with the Collector's keys. */
import type { HttpRoute } from '../../base/listener.ts';
import { object, string } from '../../base/schema.ts';
import { type ExtensionType, extension } from '../../component/component.ts';

/** `routes`: `/` says whether all is well and moves to the configured path; the others (`/ready`, `/live`, `/metrics`) stay. */
export function createHealthCheck(routes: readonly HttpRoute[]): ExtensionType<{ endpoint: string; path: string }> {
  return extension({
    type: 'health_check',
    config: object({
      endpoint: string('localhost:13133'),
      path: string('/'),
    }),
    create({ endpoint, path }, { listeners }) {
      return {
        async start() {
          const listener = listeners.at(endpoint);
          for (const route of routes) listener.http(route.path === '/' ? { ...route, path } : route);
        },
        stop: async () => {},
      };
    },
  });
}
