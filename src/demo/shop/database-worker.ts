/**
 * The shop's database: SQLite, in a thread of its own as a real one is in a process of its own. Without an index on
 * `order_id` an order's items are found by reading all items there are.
 */
import { parentPort } from 'node:worker_threads';
import sqlite from 'node-sqlite3-wasm';
import { customerCount, history, orderCount, productCount } from './tables.ts';

export type Question = { readonly id: number; readonly sql: string; readonly values: readonly number[] };
export type Answer = { readonly id: number; readonly rows?: readonly unknown[]; readonly problem?: string };

/** The history query takes about this long without the index, on any machine: the table grows until it does. */
const targetMs = 250;
const firstItems = 20_000;
const mostItems = 2_000_000;

const port = parentPort;
if (port === null) throw new Error('this file is the body of a worker thread');

const db = new sqlite.Database(':memory:');
// SQLite would build an index for each query and throw it away again; other engines do not.
db.exec('PRAGMA automatic_index = OFF');
fill();

port.on('message', ({ id, sql, values }: Question) => {
  let answer: Answer;
  try {
    answer = { id, rows: db.all(sql, [...values]) };
  } catch (error) {
    answer = { id, problem: error instanceof Error ? error.message : String(error) };
  }
  port.postMessage(answer);
});
port.postMessage({ id: 0 } satisfies Answer);

function fill(): void {
  db.exec(`
    CREATE TABLE products (id INTEGER PRIMARY KEY, name TEXT NOT NULL, price_cents INTEGER NOT NULL, stock INTEGER NOT NULL);
    CREATE TABLE orders (id INTEGER PRIMARY KEY, customer_id INTEGER NOT NULL, status TEXT NOT NULL);
    CREATE INDEX orders_by_customer ON orders (customer_id);
    CREATE TABLE order_items (
      id INTEGER PRIMARY KEY, order_id INTEGER NOT NULL, price_cents INTEGER NOT NULL, quantity INTEGER NOT NULL
    );
    INSERT INTO products ${numbers(1, productCount)} SELECT i, 'product ' || i, 100 + i * 7 % 5000, 1000000 FROM n;
    INSERT INTO orders ${numbers(1, orderCount)} SELECT i, i % ${customerCount}, 'shipped' FROM n;
  `);
  addItems(1, firstItems);
  // The first run warms up the engine's code; its time says little.
  measureMs();
  const items = Math.min(mostItems, Math.round((firstItems * targetMs) / Math.max(0.1, measureMs())));
  if (items > firstItems) addItems(firstItems + 1, items);
}

function addItems(from: number, to: number): void {
  db.exec(`INSERT INTO order_items ${numbers(from, to)}
    SELECT i, 1 + i % ${orderCount}, 100 + i * 7 % 5000, 1 + i % 3 FROM n;`);
}

function numbers(from: number, to: number): string {
  return `WITH RECURSIVE n(i) AS (SELECT ${from} UNION ALL SELECT i + 1 FROM n WHERE i < ${to})`;
}

/** Processor time, not time on the clock: what else the machine does must not make the table small. */
function measureMs(): number {
  const runs = [1, 2, 3].map((customer) => {
    const before = process.cpuUsage();
    db.all(history.sql, [customer]);
    const { user, system } = process.cpuUsage(before);
    return (user + system) / 1000;
  });
  return Math.min(...runs);
}
