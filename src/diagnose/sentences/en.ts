/** The sentences of a verdict in English. No article and no agreement ever depends on a name. */
import * as format from '../format.ts';
import type { Catalogue } from './values.ts';

const d = (ns: number) => format.formatDuration(ns, 'en');
const p = (share: number) => format.formatShare(share, 'en');
const n = (count: number) => format.formatCount(count, 'en');
const x = (factor: number) => `${format.formatFactor(factor, 'en')}×`;
const counted = (count: number, one: string, other: string) =>
  `${n(count)} ${format.plural(count, 'en', { one, other })}`;
const instead = ({ slow, usual }: { slow: number; usual?: number }) =>
  usual === undefined ? '' : `: ${d(slow)} instead of ${d(usual)}`;

export const en: Catalogue = {
  'lead.endpoint': (v) => `${v.op} takes ${d(v.delta)} more than usual (${d(v.slow)} against ${d(v.usual)})`,
  'lead.trace.usual': (v) => `${v.op} took ${d(v.d)}, ${x(v.x)} its usual ${d(v.u)}`,
  'lead.trace': (v) => `${v.op} took ${d(v.d)}`,

  cause: (v) => `${d(v.ms)} in ${v.t}, ${v.why}`,
  second: (v) => `; then ${d(v.ms)} in ${v.t}, ${v.why}`,
  'own-time': ({ slow, usual }) =>
    slow === undefined || usual === undefined
      ? 'own work, with no child span inside'
      : `own work: ${d(slow)} instead of ${d(usual)}`,
  database({ n: calls = 1, slow, usual }) {
    const queries = calls === 1 ? 'one query' : counted(calls, 'query', 'queries');
    return slow === undefined || usual === undefined ? queries : `${queries}: ${d(slow)} instead of ${d(usual)}`;
  },
  'n-plus-one'({ n: calls, u, each }) {
    const called = `called ${counted(calls, 'time', 'times')} in a row`;
    if (u !== undefined) return `${called} instead of ${n(u)}`;
    return each === undefined ? called : `${called}, ${d(each)} each`;
  },
  'serial-calls': ({ n: calls, p: together }) =>
    together === undefined
      ? `${counted(calls, 'call', 'calls')} one after another that usually run together`
      : `${counted(calls, 'call', 'calls')} one after another that could take ${d(together)} together`,
  retry: (v) => `${counted(v.n, 'try', 'tries')}, ${n(v.e)} failed (${v.error}), ${d(v.gap)} between tries`,
  timeout: ({ limit, share }) =>
    share === undefined ? `gave up after ${d(limit)}` : `gave up after ${d(limit)} in ${p(share)} of the calls`,
  network: (v) => `on the way between ${v.client} and ${v.server}${instead(v)}`,
  queue: (v) => `waiting in ${v.queue} before it was taken${instead(v)}`,
  straggler: (v) =>
    `one of ${counted(v.n, 'parallel call', 'parallel calls')} took ${d(v.slow)}; the others about ${d(v.median)}`,
  'missing-instrumentation': (v) => `no span covers ${d(v.ms)} between ${v.a} and ${v.b}: instrument this part`,
  external: (v) => `waiting for ${v.peer}, which sends no spans`,
  'new-call': () => 'a call that usual requests do not make',
  error: (v) => `it failed after ${d(v.ms)}: ${v.error}`,

  attribute: (v) => `; ${p(v.p)} of the slow ones have ${v.key} = ${v.value}, ${p(v.q)} of the usual ones`,
  when: (v) => `; since ${format.formatTime(v.time, 'en')}, ${n(v.n)} min after ${v.service} ${v.version} appeared`,

  spread: (v) =>
    `no single cause: ${d(v.delta)} over ${counted(v.n, 'operation', 'operations')}, at most ${d(v.ms)} in ${v.t}`,
  healthy: (v) => `${v.op} is not slower than usual: ${d(v.slow)}, usually ${d(v.low)} to ${d(v.high)}`,
  always: (v) => `${v.op} is always like this; ${p(v.share)} of it is ${v.t} (${d(v.ms)})`,
  'too-little': (v) =>
    `too few traces to say: ${n(v.n)} slow, ${n(v.m)} usual; ${n(v.k)} of each needed. The slowest one:`,
  unexplained: (v) => `${d(v.ms)} (${p(v.share)}) stay unexplained`,

  'not-waited': (v) => `${v.t} goes on ${d(v.ms)} after the answer; nobody waited for it`,
  incomplete: (v) => `incomplete: ${counted(v.n, 'span has', 'spans have')} a parent that never arrived`,
  arriving: () => 'still arriving',
  skew: (v) => `clock of ${v.host} moved by ${d(v.ms)} for this analysis`,
  sampled: (v) => `from ${n(v.n)} of ${counted(v.m, 'trace', 'traces')}`,

  tag: (v) => `the time goes here · ${d(v.ms)} (${p(v.share)})`,
  'tag.usual': (v) => `the time goes here: ${x(v.x)} its usual ${d(v.u)}`,

  verdict: (v) => `${v.lead}: ${v.rest}.`,
};
