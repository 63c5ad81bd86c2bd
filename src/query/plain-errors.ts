/** A question that needs more than it may take is no failure of Ariane: whoever asked is told what to do. */
import { Overloaded } from '../base/errors.ts';
import type { Database } from '../store/database.ts';
import { EngineError } from '../store/engine/engine-error.ts';

/** What questions are asked of, for those who may not know the store itself. */
export type QueryDatabase = Database;

/** The same database, which throws `Overloaded` with a plain text where a question hit a limit of time or memory. */
export function withPlainErrors(db: Database): Database {
  const plain = async <T>(asked: Promise<T>): Promise<T> => {
    try {
      return await asked;
    } catch (error) {
      throw error instanceof EngineError ? (explain(error) ?? error) : error;
    }
  };
  return {
    get state() {
      return db.state;
    },
    select: (query) => plain(db.select(query)),
    selectBytes: (query) => plain(db.selectBytes(query)),
    command: (sql, params) => db.command(sql, params),
    insertFile: (insert) => db.insertFile(insert),
  };
}

/** ClickHouse's codes. */
const code = { timeoutExceeded: 159, memoryLimitExceeded: 241 } as const;

function explain(error: EngineError): Overloaded | undefined {
  const because = { reason: 'unavailable', cause: error } as const;
  switch (error.code) {
    case code.timeoutExceeded:
      return new Overloaded(
        'the answer takes too long to find: ask for a shorter time range or add a condition',
        because,
      );
    case code.memoryLimitExceeded:
      return new Overloaded(
        'the answer needs too much memory: ask for a shorter time range or add a condition',
        because,
      );
    default:
      return undefined;
  }
}
