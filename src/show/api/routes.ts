/** Ariane's own API, as `types.ts` lists it. */
import { BadInput } from '../../base/errors.ts';
import type { HttpRequest, HttpRoute } from '../../base/listener.ts';
import { everything } from '../../query/find-spans.ts';
import { readServiceCalls } from '../../query/service-calls.ts';
import { readServiceFigures } from '../../query/service-figures.ts';
import { suggest } from '../../query/suggest.ts';
import { type ApiDeps, type Asking, askingOf, type Demo } from './deps.ts';
import { answerHome, homeRange } from './home.ts';
import { failedAsJson, jsonRoute, plainRoute } from './json-route.ts';
import { liveStats } from './live.ts';
import { rangeOf } from './parameters.ts';
import { answerSearch } from './search.ts';
import { answerFind, answerHead, answerSkeleton, answerSpans } from './trace.ts';
import type { DemoState, ServiceMap, Suggestions } from './types.ts';
import { answerWhy } from './why.ts';
import { answerWhyEndpoint } from './why-endpoint.ts';

export function apiRoutes(deps: ApiDeps): HttpRoute[] {
  const asking = askingOf(deps);
  const live = liveStats(deps.clock, () => deps.stats());
  return [
    jsonRoute('GET', '/api/stats', () => deps.stats()),
    jsonRoute('GET', '/api/home', (request) => answerHome(asking, request)),
    jsonRoute('GET', '/api/search', (request) => answerSearch(asking, request)),
    jsonRoute('GET', '/api/suggest', (request) => answerSuggest(asking, request)),
    jsonRoute('GET', '/api/trace/:id', (request) => answerHead(asking, request)),
    plainRoute('/api/trace/:id/skeleton', (request) => answerSkeleton(asking, request)),
    jsonRoute('GET', '/api/trace/:id/spans', (request) => answerSpans(asking, request)),
    jsonRoute('GET', '/api/trace/:id/find', (request) => answerFind(asking, request)),
    jsonRoute('GET', '/api/why', (request) => answerWhyEndpoint(asking, request)),
    jsonRoute('GET', '/api/why/:id', (request) => answerWhy(asking, request)),
    jsonRoute('GET', '/api/map', (request) => answerMap(asking, request)),
    { method: 'GET', path: '/api/live', handle: live, failed: failedAsJson },
    jsonRoute('GET', '/api/demo', async () => deps.demo.state()),
    jsonRoute('POST', '/api/demo/:command', ({ params }) => runDemo(deps.demo, params.command ?? '')),
    jsonRoute('GET', '/api/*', ({ path }) => Promise.reject(new BadInput(`nothing is at ${path}`, { status: 404 }))),
  ];
}

async function answerSuggest({ db }: Asking, { query, closed }: HttpRequest): Promise<Suggestions> {
  const range = rangeOf(query, 'start', 'end', everything);
  return { items: await suggest(db, (query.get('q') ?? '').slice(-1_000), range, closed) };
}

async function answerMap({ db, clock }: Asking, { query, closed }: HttpRequest): Promise<ServiceMap> {
  const range = homeRange(query, clock.nowMs());
  const [services, edges] = await Promise.all([
    readServiceFigures(db, range, closed),
    readServiceCalls(db, range, closed),
  ]);
  return { services, edges };
}

function runDemo(demo: Demo, command: string): Promise<DemoState> {
  switch (command) {
    case 'start':
      return demo.start();
    case 'stop':
      return demo.stop();
    case 'index':
      return demo.addIndex();
    case 'remove':
      return demo.remove();
    default:
      throw new BadInput(`the demo knows start, stop, index and remove, not "${command.slice(0, 50)}"`, {
        status: 404,
      });
  }
}
