/** The shop's three services, each with its own telemetry, as if they were three programs. */
import { scrypt, type ScryptOptions } from 'node:crypto';
import { promisify } from 'node:util';
import type { Tracer } from '@opentelemetry/api';
import type { ShopDatabase } from './database.ts';
import { call, json, type Reply, type Routes } from './service.ts';
import { customerCount, history, productCount, productPage, takeFromStock } from './tables.ts';

const hash = promisify<string, string, number, ScryptOptions, Buffer>(scrypt);
/** About 20 ms: enough to be seen, never the first cause. */
const cost = { N: 8192 };

/** Checks a password as one should: by work that takes its time. */
export function authRoutes(): Routes {
  return {
    async 'POST /login'(body) {
      const customer = numberIn(body, 'customer');
      const key = await hash(`password of ${customer}`, 'salt', 32, cost);
      return json({ customer, token: key.toString('hex') });
    },
  };
}

export function orderRoutes(tracer: Tracer, database: ShopDatabase): Routes {
  return {
    async 'POST /orders'(body) {
      // The discount depends on what somebody bought before.
      const before = await database.query(tracer, history, [numberIn(body, 'customer')]);
      await database.query(tracer, takeFromStock, [numberIn(body, 'product')]);
      return json({ discount: before.length >= 10 ? 0.05 : 0 });
    },
    async 'POST /products'(body) {
      return json(await database.query(tracer, productPage, [numberIn(body, 'from')]));
    },
  };
}

export function frontendRoutes(tracer: Tracer, auth: { url: string }, order: { url: string }): Routes {
  return {
    'GET /': () =>
      Promise.resolve(page('The shop', '<p><a href="/products">Products</a> <a href="/checkout">Checkout</a>')),
    async 'GET /products'() {
      const products = await call(tracer, order, '/products', { from: 1 + randomBelow(productCount - 20) });
      return page('Products', `<pre>${escapeHtml(JSON.stringify(products, undefined, 1))}</pre>`);
    },
    async 'GET /checkout'() {
      const customer = randomBelow(customerCount);
      await call(tracer, auth, '/login', { customer });
      const placed = await call(tracer, order, '/orders', { customer, product: 1 + randomBelow(productCount) });
      return page('Thank you', `<pre>${escapeHtml(JSON.stringify(placed))}</pre>`);
    },
  };
}

function page(title: string, body: string): Reply {
  return { status: 200, type: 'text/html', body: `<!doctype html><title>${title}</title><h1>${title}</h1>${body}` };
}

function numberIn(body: string, key: string): number {
  const given: unknown = JSON.parse(body);
  const value =
    typeof given === 'object' && given !== null ? Object.entries(given).find(([k]) => k === key)?.[1] : undefined;
  if (!Number.isSafeInteger(value)) throw new Error(`expected a whole number as "${key}"`);
  return Number(value);
}

function randomBelow(n: number): number {
  return Math.floor(Math.random() * n);
}

function escapeHtml(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;');
}
