/**
 * Places in the call tree: a service and an operation below another place, siblings of one name being one place. Traces that share
 * a `Places` can be compared place by place.
 */
import type { Trace } from '../model/trace.ts';
import { normalizeName } from './normalize-name.ts';

export interface Place {
  /** -1 for a root's. */
  readonly parent: number;
  readonly service: string;
  /** Without ids and literals. */
  readonly operation: string;
}

export interface Places {
  readonly list: readonly Place[];
  /** The place of each row at and below `root`, -1 for the others. */
  ofRows(trace: Trace, root: number): Int32Array;
}

export function createPlaces(): Places {
  const list: Place[] = [];
  const ids = new Map<string, number>();
  const operations = new Map<string, string>();
  const operationOf = (name: string) => {
    let operation = operations.get(name);
    if (operation === undefined) operations.set(name, (operation = normalizeName(name)));
    return operation;
  };
  const idOf = (parent: number, service: string, operation: string) => {
    const key = `${parent}\u0000${service}\u0000${operation}`;
    let id = ids.get(key);
    if (id === undefined) {
      id = list.push({ parent, service, operation }) - 1;
      ids.set(key, id);
    }
    return id;
  };
  return {
    list,
    ofRows(trace, root) {
      const place = new Int32Array(trace.count).fill(-1);
      if (root < 0) return place;
      const names = trace.names.map(operationOf);
      const end = root + (trace.size[root] ?? 1);
      for (let row = root; row < end; row++) {
        const up = row === root ? -1 : (place[trace.parent[row] ?? -1] ?? -1);
        place[row] = idOf(up, trace.services[trace.service[row] ?? 0] ?? '', names[trace.name[row] ?? 0] ?? '');
      }
      return place;
    },
  };
}
