/** The demo's spans in the store, recognised by a mark on their resource. */
import { demoMark } from '../model/demo-mark.ts';
import type { Database, QueryParams } from './database.ts';

export interface DemoData {
  exists(): Promise<boolean>;
  /** Deletes the spans of the demo and no others; resolves when no question finds them any more. */
  remove(): Promise<void>;
}

// The table is ordered by service: naming the services spares reading all spans.
const ofDemo = 'service IN {services:Array(String)} AND res_id IN {resources:Array(UInt64)}';

export function demoData(database: Database): DemoData {
  async function marked(): Promise<QueryParams | undefined> {
    const rows = await database.select<{ id: string; service: string }>({
      sql: 'SELECT DISTINCT id, service FROM resources WHERE has(keys, {mark:String})',
      params: { mark: demoMark },
    });
    if (rows.length === 0) return undefined;
    return { resources: rows.map((row) => BigInt(row.id)), services: rows.map((row) => row.service) };
  }
  return {
    async exists() {
      const params = await marked();
      if (params === undefined) return false;
      const found = await database.select({ sql: `SELECT 1 FROM spans WHERE ${ofDemo} LIMIT 1`, params });
      return found.length > 0;
    },
    async remove() {
      const params = await marked();
      if (params === undefined) return;
      // A lightweight delete masks rows, also in large parts, and merges drop them. The resources stay: what writes spans
      // remembers which it has written, and a demo started again has the same.
      await database.command(`DELETE FROM spans WHERE ${ofDemo}`, params);
    },
  };
}
