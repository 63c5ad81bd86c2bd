/** The shop's side of its database: one span a statement, as a database driver's instrumentation makes it. */
import { Worker } from 'node:worker_threads';
import { SpanKind, type Tracer } from '@opentelemetry/api';
import type { Answer, Question } from './database-worker.ts';
import { traced } from './service.ts';
import { missingIndex, type Statement } from './tables.ts';

export interface ShopDatabase {
  query(tracer: Tracer, statement: Statement, values: readonly number[]): Promise<readonly unknown[]>;
  /** Adds the index that is missing. Safe twice. */
  addIndex(): Promise<void>;
  readonly hasIndex: boolean;
  stop(): Promise<void>;
}

/** Resolves when the tables are full. */
export async function openDatabase(): Promise<ShopDatabase> {
  const worker = new Worker(new URL('./database-worker.js', import.meta.url));
  const open = new Map<number, { resolve: (rows: readonly unknown[]) => void; reject: (error: Error) => void }>();
  let last = 0;
  let hasIndex = false;
  const fail = (error: Error) => {
    for (const { reject } of open.values()) reject(error);
    open.clear();
  };
  const opened = new Promise<readonly unknown[]>((resolve, reject) => open.set(0, { resolve, reject }));
  worker.on('message', ({ id, rows, problem }: Answer) => {
    const asked = open.get(id);
    open.delete(id);
    if (problem === undefined) asked?.resolve(rows ?? []);
    else asked?.reject(new Error(problem));
  });
  worker.on('error', fail);
  worker.on('exit', () => fail(new Error('the database has stopped')));
  await opened;

  const ask = (sql: string, values: readonly number[]) =>
    new Promise<readonly unknown[]>((resolve, reject) => {
      last += 1;
      open.set(last, { resolve, reject });
      // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a thread has no origin
      worker.postMessage({ id: last, sql, values } satisfies Question);
    });
  return {
    query(tracer, { operation, table, sql }, values) {
      const attributes = {
        'db.system.name': 'sqlite',
        'db.operation.name': operation,
        'db.collection.name': table,
        'db.query.text': sql,
      };
      return traced(tracer, `${operation} ${table}`, { kind: SpanKind.CLIENT, attributes }, () => ask(sql, values));
    },
    async addIndex() {
      await ask(missingIndex, []);
      hasIndex = true;
    },
    get hasIndex() {
      return hasIndex;
    },
    async stop() {
      await worker.terminate();
    },
  };
}
