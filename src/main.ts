/** Ariane as one story: read the configuration, open the store, build the pipelines, serve; stop in reverse. */
import { access, constants, mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { type Clock, systemClock } from './base/clock.ts';
import { ConfigError, describeError } from './base/errors.ts';
import type { HttpRoute } from './base/listener.ts';
import type { Log } from './base/log.ts';
import { createMetrics } from './base/metrics.ts';
import { registerCompatibleApis } from './compatible-apis.ts';
import { createComponents } from './components.ts';
import type { Config } from './config/config.ts';
import { moveEndpoint, parseEndpoint } from './config/endpoint.ts';
import { createDemo, type Demo } from './demo/demo.ts';
import { healthRoutes, metricsRoutes } from './listen/health.ts';
import { hostGuard, sameOriginGuard, securityHeaders } from './listen/guards.ts';
import { createListeners, type Opened } from './listen/listeners.ts';
import { type Signal, signals } from './model/batch.ts';
import { buildPipelines } from './pipeline/build.ts';
import { startRemoteSampling } from './remote-sampling.ts';
import { apiRoutes } from './show/api/routes.ts';
import { staticRoutes } from './show/static.ts';
import { checkPorts, warnOfOpenPorts } from './ports.ts';
import { openSpool, type Spool } from './spool/spool.ts';
import { statsReader } from './stats.ts';
import { arianeExporter } from './store/exporter/exporter.ts';
import { demoData } from './store/demo-data.ts';
import { openStore } from './store/open-store.ts';
import { retentionOf, remoteOf } from './storage-settings.ts';

export interface ServeOptions {
  readonly config: Config;
  readonly dataDir: string;
  /** Every port is moved by this. */
  readonly portOffset: number;
  /** Instead of `localhost` in every endpoint. */
  readonly host?: string;
  /** Folder of the built page. */
  readonly uiDir: string;
  readonly version: string;
  readonly log: Log;
  readonly clock?: Clock;
}

export interface Running {
  readonly ports: readonly Opened[];
  readonly demo: Demo;
  /** Drains, and stops everything in reverse order. Safe twice. */
  stop(): Promise<void>;
}

/** Of the 5 s that stopping may take: a page that follows the figures keeps its connection until it is cut off. */
const listenersGraceMs = 800;

/** Throws `ConfigError` with one sentence when it cannot start; whatever was opened by then is closed again. */
export async function serve(options: ServeOptions): Promise<Running> {
  const { config, dataDir, log, version } = options;
  const { settings } = config;
  const clock = options.clock ?? systemClock;
  const startedMs = clock.nowMs();
  const metrics = createMetrics();
  const endpoint = (text: string) => moveEndpoint(text, { offset: options.portOffset, host: options.host });
  let isReady = false;
  const closing: (() => Promise<void>)[] = [];
  const stop = once(async () => {
    isReady = false;
    for (const close of closing.toReversed()) {
      // One part that cannot stop must not leave the data folder locked.
      await close().catch((error: unknown) => log.error('cannot stop a part', { error: describeError(error) }));
    }
  });

  try {
    await makeDataDir(dataDir);
    const retention = await retentionOf(settings, dataDir);
    const store = await openStore({
      dataDir,
      ...(settings.storage.url === '' ? {} : { remote: remoteOf(settings) }),
      retention,
      limits: { memoryBytes: settings.storage.max_memory },
      log: log.with({ part: 'store' }),
      metrics,
      clock,
    });
    closing.push(() => store.stop());

    const spools = await openSpools(options, clock);
    closing.push(() => Promise.all(signals.map((signal) => spools[signal].close())).then(() => {}));

    const listeners = createListeners({ log, metrics });
    const health = healthRoutes({
      isReady: () => {
        const { state } = store.database;
        return {
          ready: isReady && state === 'ready',
          ...(state === 'ready' ? {} : { reason: `the store is ${state}` }),
        };
      },
      isLive: () => true,
      metricsText: () => metrics.text(),
      startedMs,
      nowMs: () => clock.nowMs(),
    });
    const ariane = arianeExporter({
      database: store.database,
      dataDir,
      isFull: () => store.isFull(),
      retentionDays: retention.days,
    });
    const pipelines = buildPipelines({
      config,
      registry: createComponents({ healthRoutes: health, ariane: ariane.type }),
      spools,
      listeners: {
        at: (address) => listeners.at(endpoint(address)),
        udp: (route) => listeners.udp({ ...route, address: endpoint(route.address) }),
      },
      log,
      metrics,
      clock,
    });

    let ports: readonly Opened[] = [];
    const stats = statsReader({
      version,
      startedMs,
      clock,
      pipelines,
      exporter: ariane,
      store,
      dataDir,
      portOffset: options.portOffset,
      ports: () => ports,
    });
    const demo = createDemo({
      otlpUrl: `http://${endpoint('localhost:4318')}`,
      log,
      data: demoData(store.database),
      clock,
    });
    const pageEndpoint = endpoint(settings.query.endpoint);
    const page = listeners.at(pageEndpoint);
    const onlyOurHosts = hostGuard([...settings.query.allowed_hosts, parseEndpoint(pageEndpoint).host]);
    page.guard(onlyOurHosts);
    page.guard(sameOriginGuard());
    page.guard(securityHeaders());
    const shared = { database: store.database, log, clock };
    const routes: readonly HttpRoute[] = [
      ...apiRoutes({ ...shared, stats, demo }),
      ...(settings.ui.enabled ? staticRoutes({ ...shared, dir: options.uiDir }) : []),
    ];
    for (const route of routes) page.http(route);
    const sampling = await startRemoteSampling({ ...shared, settings: settings.sampling, dataDir });
    closing.push(async () => sampling.stop());
    registerCompatibleApis({
      ...shared,
      version,
      pageEndpoint,
      grpcEndpoint: endpoint(settings.query.grpc_endpoint),
      zipkinEndpoint: endpoint(settings.query.zipkin_endpoint),
      archiveDir: join(dataDir, 'archive'),
      sampling: {
        ...sampling,
        httpEndpoint: endpoint(settings.sampling.http_endpoint),
        grpcEndpoint: endpoint(settings.sampling.grpc_endpoint),
        collectorGrpcEndpoint: endpoint('localhost:14250'),
        collectorHttpEndpoint: endpoint('localhost:14268'),
      },
      listeners,
      guard: onlyOurHosts,
    });
    // Where Jaeger 1.x and a Collector are probed and scraped.
    for (const route of health) listeners.at(endpoint('localhost:14269')).http(route);
    for (const route of metricsRoutes(() => metrics.text())) listeners.at(endpoint('localhost:8888')).http(route);

    await pipelines.start();
    closing.push(() => pipelines.stop());
    ports = await listeners.start();
    closing.push(() => listeners.stop(listenersGraceMs));
    // First of all: the shop sends its last spans.
    closing.push(() => demo.close());
    const needed = [settings.query.endpoint, 'localhost:4317', 'localhost:4318'];
    checkPorts(
      ports,
      needed.map((text) => parseEndpoint(endpoint(text)).port),
      log,
    );
    warnOfOpenPorts(ports, log);
    isReady = true;
    return { ports, demo, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

async function makeDataDir(dataDir: string): Promise<void> {
  try {
    await mkdir(dataDir, { recursive: true, mode: 0o700 });
    await access(dataDir, constants.W_OK);
  } catch (cause) {
    throw new ConfigError('', `cannot write to the data folder ${dataDir}`, { cause });
  }
}

async function openSpools({ config, dataDir, log }: ServeOptions, clock: Clock): Promise<Record<Signal, Spool>> {
  const { fsync, max_size } = config.settings.spool;
  const open = (signal: Signal) =>
    openSpool({
      dir: join(dataDir, 'spool', signal),
      maxBytes: max_size[signal],
      fsync,
      clock,
      log: log.with({ part: 'spool', signal }),
    });
  const [traces, metrics, logs] = await Promise.all([open('traces'), open('metrics'), open('logs')]);
  return { traces, metrics, logs };
}

function once(run: () => Promise<void>): () => Promise<void> {
  let result: Promise<void> | undefined;
  return () => (result ??= run());
}
