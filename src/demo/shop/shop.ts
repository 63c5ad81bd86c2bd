/** The shop as a whole: database, services, traffic. */
import { openDatabase } from './database.ts';
import { startService } from './service.ts';
import { authRoutes, frontendRoutes, orderRoutes } from './services.ts';
import { startPropagation, startTelemetry } from './telemetry.ts';
import { startTraffic } from './traffic.ts';

export interface Shop {
  readonly url: string;
  readonly requests: number;
  readonly hasIndex: boolean;
  addIndex(): Promise<void>;
  /** Ends the traffic, sends the last spans, closes everything. */
  stop(): Promise<void>;
}

/** Resolves when the first customers are on their way. `otlpUrl`: where spans go, `http://127.0.0.1:4318`. */
export async function openShop(otlpUrl: string): Promise<Shop> {
  startPropagation();
  const telemetry = {
    frontend: startTelemetry('frontend', otlpUrl),
    auth: startTelemetry('auth', otlpUrl),
    order: startTelemetry('order', otlpUrl),
  };
  const database = await openDatabase();
  const auth = await startService(telemetry.auth.tracer, authRoutes());
  const order = await startService(telemetry.order.tracer, orderRoutes(telemetry.order.tracer, database));
  const frontend = await startService(
    telemetry.frontend.tracer,
    frontendRoutes(telemetry.frontend.tracer, auth, order),
  );
  const traffic = startTraffic(frontend.url);
  return {
    url: frontend.url,
    get requests() {
      return traffic.requests;
    },
    get hasIndex() {
      return database.hasIndex;
    },
    addIndex: () => database.addIndex(),
    async stop() {
      await traffic.stop();
      for (const service of [frontend, order, auth]) await service.stop();
      await database.stop();
      await Promise.allSettled(Object.values(telemetry).map((each) => each.stop()));
    },
  };
}
