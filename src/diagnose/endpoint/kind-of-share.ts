/** Why a place costs the slow calls more than the usual ones: the first kind that fits. */
import { errorNameOf } from '../error-name.ts';
import type { Finding } from '../kinds.ts';
import { calleeOf } from '../patterns/network.ts';
import { findRetry, gapsBetween } from '../patterns/retry.ts';
import { waitsByName } from '../patterns/queue.ts';
import { findLate } from '../patterns/straggler.ts';
import { hasGivenUp } from '../patterns/timeout.ts';
import { isCall, isDatabase, isFailed, nameOf, serviceOf } from '../scene.ts';
import { peerOf } from '../patterns/external.ts';
import { sentence } from '../sentences/sentence.ts';
import { siblingsBelow } from '../siblings.ts';
import { mean, median } from '../statistics.ts';
import { spanKind } from '../../model/span.ts';
import type { Language } from '../verdict-types.ts';
import type { Share } from './decompose.ts';
import type { Seen } from './observe.ts';
import { callsEach, type Cohorts } from './rollups.ts';

interface Asked {
  readonly share: Share;
  readonly cohorts: Cohorts;
  /** Each slow call in which the place costs much, with its costliest row there. */
  readonly cases: readonly { readonly seen: Seen; readonly row: number }[];
  readonly language: Language;
}

type ShareKind = (asked: Asked) => Finding | undefined;

/** Of the slow calls at the place so many must look so. */
const most = 0.4;

export function kindOfShare(share: Share, cohorts: Cohorts, language: Language): Finding {
  const heavy = Math.max(share.slowMeanNs / 2, share.usualMeanNs);
  const cases = cohorts.slow.flatMap((seen, i) => {
    const [row] = (share.slowNs[i] ?? 0) >= heavy ? share.rowsOf(seen) : [];
    return row === undefined ? [] : [{ seen, row }];
  });
  const asked = { share, cohorts, cases, language };
  for (const kind of share.rollup === undefined ? ofPlaces : [ofRollup]) {
    const finding = kind(asked);
    if (finding !== undefined) return finding;
  }
  return ownTime(asked);
}

const isMost = ({ cases }: Asked, has: (at: Asked['cases'][number]) => boolean) =>
  cases.length > 0 && cases.filter(has).length >= cases.length * most;

const compared = ({ share }: Asked) => ({ slow: share.slowMeanNs, usual: share.usualMeanNs });

const ownTime = (asked: Asked): Finding => ({
  kind: 'own-time',
  sentence: sentence('own-time', compared(asked), asked.language),
});

const timeout: ShareKind = (asked) => {
  const { share, cases, cohorts, language } = asked;
  const is = ({ seen, row }: { seen: Seen; row: number }) =>
    isCall(seen.trace, row) && isFailed(seen.trace, row) && hasGivenUp(seen, row);
  if (!isMost(asked, is)) return undefined;
  const given = cases.filter(is);
  const values = {
    limit: median(given.map(({ seen, row }) => seen.trace.durationNs[row] ?? 0)),
    share: given.length / Math.max(1, cohorts.slow.filter((seen) => seen.rowsAt.has(share.at)).length),
  };
  return { kind: 'timeout', sentence: sentence('timeout', values, language) };
};

const error: ShareKind = (asked) => {
  const is = ({ seen, row }: { seen: Seen; row: number }) => isFailed(seen.trace, row);
  const failed = asked.cases.filter(is);
  const [one] = failed;
  if (one === undefined || !isMost(asked, is)) return undefined;
  const usualFailed = asked.cohorts.usual.filter((seen) =>
    (seen.rowsAt.get(asked.share.at) ?? []).some((row) => isFailed(seen.trace, row)),
  );
  if (usualFailed.length > asked.cohorts.usual.length / 10) return undefined;
  const values = {
    ms: mean(failed.map(({ seen, row }) => seen.trace.durationNs[row] ?? 0)),
    error: errorNameOf(one.seen, one.row, asked.language),
  };
  return { kind: 'error', sentence: sentence('error', values, asked.language) };
};

const queue: ShareKind = (asked) => {
  const [one] = asked.cases;
  if (one === undefined || !waitsByName(one.seen.trace, one.row)) return undefined;
  const values = { queue: nameOf(one.seen.trace, one.row), ...compared(asked) };
  return { kind: 'queue', sentence: sentence('queue', values, asked.language) };
};

const straggler: ShareKind = (asked) => {
  const late = asked.cases.flatMap(({ seen, row }) => findLate(seen, row, seen.own[row] ?? 0) ?? []);
  if (late.length === 0 || late.length < asked.cases.length * most) return undefined;
  const values = {
    n: Math.round(median(late.map(({ count }) => count))),
    slow: mean(late.map(({ slowNs }) => slowNs)),
    median: median(late.map(({ medianNs }) => medianNs)),
  };
  return { kind: 'straggler', sentence: sentence('straggler', values, asked.language) };
};

const network: ShareKind = (asked) => {
  const calls = asked.cases.map(({ seen, row }) => ({ seen, row, callee: calleeOf(seen.trace, row) }));
  const answered = calls.find(({ callee }) => callee !== undefined);
  if (answered?.callee === undefined || !isMost(asked, ({ seen, row }) => calleeOf(seen.trace, row) !== undefined)) {
    return undefined;
  }
  const { trace } = answered.seen;
  const values = {
    client: serviceOf(trace, answered.row),
    server: serviceOf(trace, answered.callee),
    ...compared(asked),
  };
  return { kind: 'network', sentence: sentence('network', values, asked.language) };
};

const database: ShareKind = (asked) => {
  if (!isMost(asked, ({ seen, row }) => isDatabase(seen.trace, row))) return undefined;
  const n = Math.round(mean(asked.cases.map(({ seen }) => seen.rowsAt.get(asked.share.at)?.length ?? 0)));
  return { kind: 'database', sentence: sentence('database', { n, ...compared(asked) }, asked.language) };
};

const external: ShareKind = (asked) => {
  const is = ({ seen, row }: { seen: Seen; row: number }) =>
    seen.trace.kind[row] === spanKind.client && seen.trace.size[row] === 1;
  const [one] = asked.cases;
  // In an incomplete trace the callee is missing, too; in all of them it is not.
  if (one === undefined || asked.cases.filter(is).length < asked.cases.length * 0.8) return undefined;
  const peer = peerOf(one.seen, one.row) ?? nameOf(one.seen.trace, one.row);
  return { kind: 'external', sentence: sentence('external', { peer }, asked.language) };
};

const ofPlaces: readonly ShareKind[] = [timeout, error, queue, straggler, network, database, external];

const ofRollup: ShareKind = (asked) => {
  const { share, cohorts, language } = asked;
  const { rollup, at } = share;
  const counts = (cohort: readonly Seen[]) => mean(cohort.map((seen) => callsEach(seen, at)));
  switch (rollup?.kind) {
    case undefined:
      return undefined;
    case 'n-plus-one': {
      const most = median(cohorts.slow.map((seen) => callsEach(seen, at)).filter((n) => n > 0));
      const values = { n: Math.round(most), u: Math.round(counts(cohorts.usual)) };
      return { kind: 'n-plus-one', sentence: sentence('n-plus-one', values, language) };
    }
    case 'new-call':
      return { kind: 'new-call', sentence: sentence('new-call', {}, language) };
    case 'serial-calls': {
      const calls = cohorts.slow.map((seen) => rollup.take(seen).tops.length + 1);
      return { kind: 'serial-calls', sentence: sentence('serial-calls', { n: Math.round(median(calls)) }, language) };
    }
    case 'queue': {
      const one = cohorts.slow.find((seen) => seen.rowsAt.has(at));
      const row = one?.rowsAt.get(at)?.[0] ?? 0;
      const name = one === undefined ? '' : nameOf(one.trace, one.trace.parent[row] ?? row);
      return { kind: 'queue', sentence: sentence('queue', { queue: name, ...compared(asked) }, language) };
    }
    case 'retry': {
      const tries = cohorts.slow.flatMap((seen) => {
        const rows = seen.rowsAt.get(at) ?? [];
        const parent = rows.length > 1 ? (seen.trace.parent[rows[0] ?? 0] ?? -1) : -1;
        const group = parent < 0 ? undefined : siblingsBelow(seen, parent).find((g) => g.rows.includes(rows[0] ?? -1));
        const found = group && findRetry(seen, group);
        return group === undefined || found === undefined ? [] : [{ seen, rows: group.rows }];
      });
      const failed = tries.map(({ seen, rows }) => rows.filter((row) => isFailed(seen.trace, row)).length);
      const [one] = tries;
      const gaps = tries.flatMap(({ seen, rows }) => gapsBetween(seen, rows));
      const values = {
        n: Math.round(median(tries.map(({ rows }) => rows.length))),
        e: Math.round(median(failed)),
        error: one === undefined ? '' : errorNameOf(one.seen, one.rows[0] ?? 0, language),
        gap: gaps.length === 0 ? 0 : mean(gaps),
      };
      return { kind: 'retry', sentence: sentence('retry', values, language) };
    }
  }
};
