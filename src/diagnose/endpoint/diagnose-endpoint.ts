/** Why the slow calls of an endpoint take longer than its usual ones. */
import { spanIdOf } from '../../model/trace.ts';
import { targetOf } from '../diagnose-trace.ts';
import { createPlaces, type Place } from '../places.ts';
import { sharedName } from '../scene.ts';
import { sentence, sentenceText } from '../sentences/sentence.ts';
import { quantile } from '../statistics.ts';
import type { EndpointCause, EndpointVerdict, Language, Sentence } from '../verdict-types.ts';
import { replay } from '../what-if.ts';
import { type Call, type Cohorts, leastCalls } from './cohorts.ts';
import { decompose, type Share, wholeMeans } from './decompose.ts';
import { kindOfShare } from './kind-of-share.ts';
import { type Observation, observe, type Seen } from './observe.ts';
import { rankAttributes } from './rank-attributes.ts';
import { findRollups } from './rollups.ts';
import { findAppeared } from './versions.ts';

export interface EndpointQuestion {
  readonly service: string;
  readonly operation: string;
  readonly language: Language;
  /** As `chooseCohorts` decided. */
  readonly cohorts: Cohorts;
  /** Their traces, or those of a part of them. */
  readonly slow: readonly Observation[];
  readonly usual: readonly Observation[];
  /** Calls that the sample stands for. */
  readonly population?: number;
}

const mostCauses = 20;
const mostWithAttributes = 3;
const mostEvidence = 5;

/** `cohorts.found` says whether there is anything to explain; even then a population of unlike slow calls has no common cause. */
export function diagnoseEndpoint(question: EndpointQuestion): EndpointVerdict {
  const { cohorts, language, operation: op } = question;
  const places = createPlaces();
  const slow = question.slow.map((one) => observe(one, places));
  const usual = question.usual.map((one) => observe(one, places));
  const seen = { slow, usual };
  const shares = decompose(seen, findRollups(seen, places.list));
  const [slowMeanNs = 0] = wholeMeans([Float64Array.from(slow, (s) => s.durationNs)]);
  const [usualMeanNs = 0] = wholeMeans([Float64Array.from(usual, (s) => s.durationNs)]);
  const deltaNs = slowMeanNs - usualMeanNs;
  const isEnough = slow.length >= leastCalls && usual.length >= leastCalls;
  const candidates = isEnough ? shares.filter((share) => isCommon(share, seen, usualMeanNs)) : [];
  const standsOut = cohorts.found === 'healthy' && cohorts.isTail && isFarOff(candidates[0], deltaNs, whileHealthy);
  const isJudged = isEnough && (cohorts.found === 'slower' || standsOut);
  const explained = explainedBy(candidates, deltaNs);
  const isOneCause =
    explained >= nearlyAll || (explained >= leastExplained && isFarOff(candidates[0], deltaNs, whileSlower));
  const common = isJudged && isOneCause ? candidates : [];
  const ranked = [...common, ...shares.filter((share) => !common.includes(share))].slice(0, mostCauses);
  const causes = ranked.map((share, i) =>
    causeOf(share, seen, places.list, {
      deltaNs,
      slowMeanNs,
      language,
      isNamed: common.includes(share) && i < mostWithAttributes,
    }),
  );
  const listedNs = causes.reduce((sum, cause) => sum + cause.contribution_ns, 0);

  const of = { ...question, slowMeanNs, usualMeanNs, deltaNs, causes, common: common.length };
  const appeared =
    cohorts.found === 'slower' ? findAppeared(cohorts.sinceMs, question.slow, question.usual) : undefined;
  const verdict = !isJudged
    ? whenNotJudged(of, shares, places.list)
    : common.length === 0
      ? whenSpread(of)
      : named(of, appeared);
  const state = !isJudged
    ? cohorts.found === 'slower'
      ? 'too-little'
      : cohorts.found
    : common.length === 0
      ? 'spread'
      : 'slower';
  return {
    found: state,
    verdict,
    slow: { traces: cohorts.slow.length, sampled: slow.length, mean_ns: slowMeanNs, from_ns: lowest(cohorts.slow) },
    usual: { traces: cohorts.usual.length, sampled: usual.length, mean_ns: usualMeanNs },
    ...(cohorts.found === 'slower' && cohorts.sinceMs !== undefined ? { since_ms: cohorts.sinceMs } : {}),
    ...(appeared === undefined ? {} : { appeared }),
    causes,
    unexplained_ns: slowMeanNs - listedNs,
    ...whatIf(common[0], slow),
    notes: notesOf(question, op),
  };
}

/** The part of the slow calls that a cause must explain, and how much of each, to be what they have in common. */
const leastPrevalence = 0.25;
const leastOfCall = 0.4;
const leastOfDelta = 0.12;

function isCommon(share: Share, { slow }: { slow: readonly Seen[] }, usualMeanNs: number): boolean {
  const deltaNs = slow.reduce((sum, seen) => sum + seen.durationNs, 0) / slow.length - usualMeanNs;
  const excessNs = share.slowMeanNs - share.usualMeanNs;
  if (excessNs < deltaNs * leastOfDelta) return false;
  // Some of the faster half may be slow ones, where half of all are.
  const high = quantile([...share.usualNs], 0.9);
  const explained = slow.filter((seen, i) => {
    const ns = share.slowNs[i] ?? 0;
    return ns > high && ns - share.usualMeanNs >= (seen.durationNs - usualMeanNs) * leastOfCall;
  });
  return explained.length >= slow.length * leastPrevalence;
}

/**
 * What the common causes explain of the difference: nearly all of it is an answer by itself; of less, it must be far from what is usual;
 * below the last, too much stays open to call it the cause.
 */
const nearlyAll = 0.75;
const leastExplained = 0.45;

function explainedBy(common: readonly Share[], deltaNs: number): number {
  return common.reduce((sum, share) => sum + share.slowMeanNs - share.usualMeanNs, 0) / Math.max(1, deltaNs);
}

/** How far an operation's time in the slow calls must lie from its usual: in deviations, in times the usual, as a share of the difference. */
interface Far {
  readonly deviations: number;
  readonly factor: number;
  readonly ofDelta: number;
}

const whileSlower: Far = { deviations: 5, factor: 1.3, ofDelta: 0 };
/** No everyday tail of one operation reaches this. */
const whileHealthy: Far = { deviations: 3.5, factor: 8, ofDelta: 0.4 };

/**
 * Where half of the calls are slow, durations alone do not tell slow from usual; but an operation whose time in the slow ones has nothing
 * to do with its time in the others does.
 */
function isFarOff(share: Share | undefined, deltaNs: number, far: Far): boolean {
  if (share === undefined || share.slowMeanNs - share.usualMeanNs < deltaNs * far.ofDelta) return false;
  const log = (values: Float64Array, q: number) => Math.log(Math.max(1e5, quantile([...values], q) || 0));
  // The deviation of the lower half: some of the upper may be slow ones themselves.
  const usual = log(share.usualNs, 0.5);
  // Without the traces that lost the span.
  const there = share.usualNs.filter((ns) => ns > 0);
  const deviation = Math.max(0.05, log(there, 0.5) - log(there, 0.16));
  // Not all slow calls are slow for one reason: the upper half of them is.
  return log(share.slowNs, 0.6) - usual >= Math.max(Math.log(far.factor), far.deviations * deviation);
}

function causeOf(
  share: Share,
  { slow, usual }: { slow: readonly Seen[]; usual: readonly Seen[] },
  places: readonly Place[],
  of: { deltaNs: number; slowMeanNs: number; language: Language; isNamed: boolean },
): EndpointCause {
  const place = places[share.at];
  const excessNs = share.slowMeanNs - share.usualMeanNs;
  const evidence = slow
    .map((seen, i) => ({ seen, ns: share.slowNs[i] ?? 0, row: share.rowsOf(seen)[0] ?? -1 }))
    .filter(({ ns, row }) => ns > 0 && row >= 0)
    .sort((a, b) => b.ns - a.ns)
    .slice(0, mostEvidence);
  // The rows of the place itself: in the usual calls a cause may own nothing.
  const rowsAt = (seen: Seen) => {
    const own = seen.rowsAt.get(share.at) ?? [];
    return own.toSorted((a, b) => (seen.below[b] ?? 0) - (seen.below[a] ?? 0));
  };
  const names = evidence.flatMap(({ seen }) =>
    (seen.rowsAt.get(share.at) ?? []).map((row) => sharedName(seen.trace, [row])),
  );
  const isOneName = names.length > 0 && names.every((name) => name === names[0]);
  return {
    service: place?.service ?? '',
    operation: (isOneName ? names[0] : place?.operation) ?? '',
    ...kindOfShare(share, { slow, usual }, of.language),
    contribution_ns: share.slowMeanNs,
    usual_ns: share.usualMeanNs,
    excess_ns: excessNs,
    share:
      of.deltaNs > 0 ? Math.min(1, Math.max(0, excessNs / of.deltaNs)) : share.slowMeanNs / Math.max(1, of.slowMeanNs),
    attributes: of.isNamed ? rankAttributes(slow, usual, rowsAt) : [],
    evidence: evidence.map(({ seen, row }) => ({ trace_id: seen.trace.traceId, span_id: spanIdOf(seen.trace, row) })),
  };
}

interface Told extends EndpointQuestion {
  readonly slowMeanNs: number;
  readonly usualMeanNs: number;
  readonly deltaNs: number;
  readonly causes: readonly EndpointCause[];
  readonly common: number;
}

function leadOf({ operation: op, deltaNs, slowMeanNs, usualMeanNs, language }: Told): Sentence {
  return sentence('lead.endpoint', { op, delta: deltaNs, slow: slowMeanNs, usual: usualMeanNs }, language);
}

function named(told: Told, appeared: EndpointVerdict['appeared']): Sentence {
  const { language, causes, common, deltaNs, cohorts } = told;
  const lead = leadOf(told);
  const [first, second] = causes;
  if (first === undefined) return lead;
  const said = (cause: EndpointCause) => ({ ms: cause.excess_ns, t: targetOf(cause), why: cause.sentence.text });
  let rest = sentenceText('cause', said(first), language);
  if (
    second !== undefined &&
    common > 1 &&
    second.excess_ns >= first.excess_ns / 2 &&
    second.excess_ns >= deltaNs / 5
  ) {
    rest += sentenceText('second', said(second), language);
  }
  const [attribute] = first.attributes;
  if (attribute !== undefined) {
    const { key, value, slow_share: p, usual_share: q } = attribute;
    rest += sentenceText('attribute', { p, q, key, value }, language);
  }
  const sinceMs = cohorts.found === 'slower' ? cohorts.sinceMs : undefined;
  if (sinceMs !== undefined && appeared !== undefined) {
    const n = Math.max(0, Math.round((sinceMs - appeared.time_ms) / 60_000));
    rest += sentenceText('when', { time: sinceMs, n, service: appeared.service, version: appeared.version }, language);
  }
  return { ...lead, text: sentenceText('verdict', { lead: lead.text, rest }, language) };
}

function whenSpread(told: Told): Sentence {
  const lead = leadOf(told);
  const [top] = told.causes;
  if (top === undefined) return lead;
  const n = told.causes.filter((cause) => cause.excess_ns > 0).length;
  const values = { delta: told.deltaNs, n, ms: top.excess_ns, t: targetOf(top) };
  const rest = sentenceText('spread', values, told.language);
  return { ...lead, text: sentenceText('verdict', { lead: lead.text, rest }, told.language) };
}

const alwaysShare = 0.5;

function whenNotJudged(told: Told, shares: readonly Share[], places: readonly Place[]): Sentence {
  const { cohorts, language, operation: op } = told;
  if (cohorts.found === 'healthy') {
    const most = shares.reduce<Share | undefined>(
      (a, b) => (a !== undefined && a.usualMeanNs >= b.usualMeanNs ? a : b),
      undefined,
    );
    const place = most && places[most.at];
    const share = (most?.usualMeanNs ?? 0) / Math.max(1, told.usualMeanNs);
    if (most !== undefined && place !== undefined && share >= alwaysShare) {
      return sentence('always', { op, share, t: targetOf(place), ms: most.usualMeanNs }, language);
    }
    return sentence(
      'healthy',
      { op, slow: medianOf(cohorts.slow), low: cohorts.lowNs, high: cohorts.highNs },
      language,
    );
  }
  const values = { n: cohorts.slow.length, m: cohorts.usual.length, k: leastCalls };
  return sentence('too-little', values, language);
}

function notesOf({ slow, usual, population, language }: EndpointQuestion, _op: string): Sentence[] {
  const n = slow.length + usual.length;
  return population === undefined || population <= n ? [] : [sentence('sampled', { n, m: population }, language)];
}

/** The slow calls' 99th percentile with the first cause 30 % faster. */
function whatIf(share: Share | undefined, slow: readonly Seen[]): Pick<EndpointVerdict, 'what_if'> {
  if (share === undefined) return {};
  const faster = 0.3;
  const replayed = slow.map((seen) => {
    const rows = new Set(share.rowsOf(seen));
    return replay(seen.trace, seen.root, (row) => (rows.has(row) ? 1 - faster : 1));
  });
  const p99 = (list: readonly number[]) => Math.round(quantile(list, 0.99));
  return { what_if: { faster, p99_ns: p99(slow.map((seen) => seen.durationNs)), then_p99_ns: p99(replayed) } };
}

function lowest(calls: readonly Call[]): number {
  return calls.reduce((least, call) => Math.min(least, call.durationNs), calls[0]?.durationNs ?? 0);
}

function medianOf(calls: readonly Call[]): number {
  return calls.length === 0
    ? 0
    : Math.round(
        quantile(
          calls.map((call) => call.durationNs),
          0.5,
        ),
      );
}
