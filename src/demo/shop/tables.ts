/** What the shop's services and the thread of its database both know of the tables. */
export interface Statement {
  readonly operation: 'SELECT' | 'UPDATE';
  /** With the operation the span's name: `SELECT orders`. */
  readonly table: string;
  readonly sql: string;
}

export const customerCount = 200;
export const orderCount = 4_000;
export const productCount = 500;

/** The statement that is slow: `order_items` has no index on `order_id` until somebody adds it. */
export const history: Statement = {
  operation: 'SELECT',
  table: 'orders',
  sql:
    'SELECT o.id, sum(i.price_cents * i.quantity) AS total_cents ' +
    'FROM orders o JOIN order_items i ON i.order_id = o.id ' +
    'WHERE o.customer_id = ? GROUP BY o.id ORDER BY o.id DESC LIMIT 20',
};

export const missingIndex = 'CREATE INDEX IF NOT EXISTS order_items_by_order ON order_items (order_id)';

export const takeFromStock: Statement = {
  operation: 'UPDATE',
  table: 'products',
  sql: 'UPDATE products SET stock = stock - 1 WHERE id = ?',
};

export const productPage: Statement = {
  operation: 'SELECT',
  table: 'products',
  sql: 'SELECT id, name, price_cents FROM products WHERE id >= ? ORDER BY id LIMIT 20',
};
