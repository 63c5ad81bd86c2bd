/** The difference of two cohorts' mean durations, given to causes without a rest. */
import type { Seen } from './observe.ts';
import type { Cohorts, Rollup } from './rollups.ts';

export interface Share {
  /** The place in the call tree that is named. */
  readonly at: number;
  readonly rollup: Rollup | undefined;
  /** ns of the critical path in each call of a cohort, in its order. */
  readonly slowNs: Float64Array;
  readonly usualNs: Float64Array;
  /** Whole ns. Over all shares they sum to the cohorts' mean durations, rounded. */
  readonly slowMeanNs: number;
  readonly usualMeanNs: number;
  /** In each slow call, the rows that own the time, the costliest first. */
  readonly rowsOf: (seen: Seen) => readonly number[];
}

/** The largest excess first. */
export function decompose(cohorts: Cohorts, rollups: readonly Rollup[]): Share[] {
  const slow = cohorts.slow.map((seen) => ownersOf(seen, rollups));
  const usual = cohorts.usual.map((seen) => ownersOf(seen, rollups));
  const owners = new Set([...slow, ...usual].flatMap((times) => [...times.keys()]));
  const rowsOf = new Map(cohorts.slow.map((seen, i) => [seen, slow[i]]));
  const shares = Array.from(owners, (owner) => {
    const column = (times: typeof slow) => Float64Array.from(times, (of) => of.get(owner)?.ns ?? 0);
    const rollup = rollups[-1 - owner];
    return {
      at: rollup?.at ?? owner,
      rollup,
      slowNs: column(slow),
      usualNs: column(usual),
      rowsOf: (seen: Seen) => {
        const rows = rowsOf.get(seen)?.get(owner)?.rows ?? new Map<number, number>();
        return [...rows].sort((a, b) => b[1] - a[1]).map(([row]) => row);
      },
    };
  });
  const slowMeans = wholeMeans(shares.map((share) => share.slowNs));
  const usualMeans = wholeMeans(shares.map((share) => share.usualNs));
  return shares
    .map((share, i): Share => ({ ...share, slowMeanNs: slowMeans[i] ?? 0, usualMeanNs: usualMeans[i] ?? 0 }))
    .sort((a, b) => b.slowMeanNs - b.usualMeanNs - (a.slowMeanNs - a.usualMeanNs));
}

interface Owned {
  ns: number;
  readonly rows: Map<number, number>;
}

/** Each owner's ns in one call: a place, or below 0 the rollup -1 - owner. Every segment of the path has one owner. */
function ownersOf(seen: Seen, rollups: readonly Rollup[]): Map<number, Owned> {
  const { trace, path, place } = seen;
  const ofRow = new Int32Array(trace.count).fill(-1);
  const ofGap = new Int32Array(path.count).fill(-1);
  rollups.forEach((rollup, i) => {
    const { tops, segments } = rollup.take(seen);
    for (const top of tops) {
      const end = top + (trace.size[top] ?? 1);
      for (let row = top; row < end; row++) if (ofRow[row] === -1) ofRow[row] = i;
    }
    for (const segment of segments) if (ofGap[segment] === -1) ofGap[segment] = i;
  });
  const owned = new Map<number, Owned>();
  for (let s = 0; s < path.count; s++) {
    const row = path.row[s] ?? 0;
    const rollup = (ofGap[s] ?? -1) >= 0 ? (ofGap[s] ?? -1) : (ofRow[row] ?? -1);
    const owner = rollup >= 0 ? -1 - rollup : (place[row] ?? 0);
    const ns = (path.toNs[s] ?? 0) - (path.fromNs[s] ?? 0);
    const known = owned.get(owner) ?? { ns: 0, rows: new Map() };
    known.ns += ns;
    known.rows.set(row, (known.rows.get(row) ?? 0) + ns);
    owned.set(owner, known);
  }
  return owned;
}

/** Means as whole ns whose sum is the rounded mean of the sums: what rounding leaves goes to the largest remainders. */
export function wholeMeans(columns: readonly Float64Array[]): number[] {
  const n = columns[0]?.length ?? 0;
  if (n === 0) return columns.map(() => 0);
  const totals = columns.map((column) => column.reduce((sum, ns) => sum + ns, 0));
  const whole = totals.map((total) => Math.floor(total / n));
  let left = Math.round(totals.reduce((a, b) => a + b, 0) / n) - whole.reduce((a, b) => a + b, 0);
  const order = [...totals.keys()].sort((a, b) => ((totals[b] ?? 0) % n) - ((totals[a] ?? 0) % n) || a - b);
  for (const i of order) {
    if (left <= 0) break;
    whole[i] = (whole[i] ?? 0) + 1;
    left--;
  }
  return whole;
}
