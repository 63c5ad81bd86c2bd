/** What the slow calls have in common and the usual ones do not: one host, one version, one customer. */
import { attributeText, type Attributes } from '../../model/attributes.ts';
import { falseDiscoveryLimit, gTest, quantile } from '../statistics.ts';
import type { AttributeFinding } from '../verdict-types.ts';
import type { Seen } from './observe.ts';

/** Says no more than the verdict itself, or names the call and not what it has in common with others. */
const meaningless =
  /^(?:error\.|exception\.|otel\.|telemetry\.|thread\.|code\.|url\.full$|url\.query$|http\.url$|http\.target$|http\.(?:response\.)?status_code$|service\.name$|http\.(?:response|request)\.(?:body\.size|size|header)|messaging\.message\.id|process\.(?:pid|command))/;

const falseRate = 0.01;
/** Of the slow calls so many have it, and so many more than of the usual ones. */
const leastShare = 0.3;
const leastLift = 0.25;
const leastUsual = 5;
const mostNamed = 5;
/** More different values than this share of the calls: an id. */
const mostUnique = 0.5;

interface Sample {
  readonly slow: readonly ReadonlySet<string>[];
  readonly usual: readonly ReadonlySet<string>[];
}

/**
 * Compares the cause's spans, their resources and the endpoint's own spans. `rowsOf` gives the cause's rows in a call, the costliest
 * first. Calls without such a row say nothing about its attributes. The surest difference first.
 */
export function rankAttributes(
  slow: readonly Seen[],
  usual: readonly Seen[],
  rowsOf: (seen: Seen) => readonly number[],
): AttributeFinding[] {
  const ofRoot = (seen: Seen) => attributesOf(seen, seen.root);
  const ofCause = (seen: Seen) => {
    const [row] = rowsOf(seen);
    return row === undefined ? undefined : attributesOf(seen, row);
  };
  const found = [ofCause, ofRoot].flatMap((read) => {
    const a = slow.map(read).filter((map) => map !== undefined);
    const b = usual.map(read).filter((map) => map !== undefined);
    return b.length < leastUsual ? [] : differences(binned(a, b));
  });
  const limit = falseDiscoveryLimit(
    found.map((f) => f.p_value),
    falseRate,
  );
  const named = new Map<string, AttributeFinding>();
  for (const finding of found.filter((f) => f.p_value <= limit).sort(surest)) {
    const key = `${finding.key}\u0000${finding.value}`;
    const isSupported = finding.slow_share >= leastShare && finding.slow_share - finding.usual_share >= leastLift;
    if (isSupported && !named.has(key)) named.set(key, finding);
  }
  return [...named.values()].slice(0, mostNamed);
}

/** Of equally sure ones that which a person can act on: a version, a host, then anything. */
const telling = ['service.version', 'deployment.', 'host.', 'k8s.', 'cloud.', 'server.'];

function surest(a: AttributeFinding, b: AttributeFinding): number {
  const rank = ({ key }: AttributeFinding) => {
    const at = telling.findIndex((prefix) => key.startsWith(prefix));
    return at < 0 ? telling.length : at;
  };
  const liftA = a.slow_share - a.usual_share;
  const liftB = b.slow_share - b.usual_share;
  return Math.abs(liftA - liftB) > 0.02 ? liftB - liftA : rank(a) - rank(b) || a.p_value - b.p_value;
}

function attributesOf({ detailOf }: Seen, row: number): Attributes | undefined {
  const detail = detailOf(row);
  return detail && new Map([...detail.resource, ...detail.attributes]);
}

/** `key\0value` of each call; numbers with many values as above or below what is usual. */
function binned(slow: readonly Attributes[], usual: readonly Attributes[]): Sample {
  const limits = new Map<string, number>();
  const values = new Map<string, number[]>();
  for (const attributes of usual) {
    for (const [key, value] of attributes) {
      if (typeof value !== 'bigint' && typeof value !== 'number') continue;
      const list = values.get(key);
      if (list === undefined) values.set(key, [Number(value)]);
      else list.push(Number(value));
    }
  }
  for (const [key, list] of values) if (new Set(list).size > 8) limits.set(key, quantile(list, 0.95));
  const features = (attributes: Attributes): ReadonlySet<string> => {
    const set = new Set<string>();
    for (const [key, value] of attributes) {
      if (meaningless.test(key)) continue;
      const limit = limits.get(key);
      if (limit === undefined) set.add(`${key}\u0000${attributeText(value).slice(0, 200)}`);
      else if (Number(value) > limit) set.add(`${key}\u0000> ${Number(limit.toPrecision(3))}`);
    }
    return set;
  };
  return { slow: slow.map(features), usual: usual.map(features) };
}

function differences({ slow, usual }: Sample): AttributeFinding[] {
  const counts = new Map<string, { slow: number; usual: number }>();
  const valuesOf = new Map<string, number>();
  for (const [list, which] of [
    [slow, 'slow'],
    [usual, 'usual'],
  ] as const) {
    for (const set of list) {
      for (const feature of set) {
        let count = counts.get(feature);
        if (count === undefined) {
          counts.set(feature, (count = { slow: 0, usual: 0 }));
          const key = keyOf(feature);
          valuesOf.set(key, (valuesOf.get(key) ?? 0) + 1);
        }
        count[which]++;
      }
    }
  }
  const all = slow.length + usual.length;
  return Array.from(counts).flatMap(([feature, count]): AttributeFinding[] => {
    const key = keyOf(feature);
    if ((valuesOf.get(key) ?? 0) > Math.max(3, all * mostUnique)) return [];
    const slowShare = count.slow / slow.length;
    const usualShare = count.usual / usual.length;
    if (slowShare <= usualShare) return [];
    return [
      {
        key,
        value: feature.slice(key.length + 1),
        slow_share: slowShare,
        usual_share: usualShare,
        p_value: gTest(count.slow, slow.length, count.usual, usual.length),
      },
    ];
  });
}

function keyOf(feature: string): string {
  return feature.slice(0, feature.indexOf('\u0000'));
}
