/**
 * How often the verdict on an endpoint names the true cause, on a labelled corpus: share of cases where it is the first (AC@1) or among
 * the first three (AC@3), by kind of fault, beside the plain rule of the largest p95 ratio. Seeds are cases never seen before when
 * they are new. `npm run build:server && node bench/diagnose.js [--seeds 1,2,3] [--kinds a,b] [--misses]` prints one JSON line.
 */
import { parseArgs } from 'node:util';
import { kindsOfFault, makeCase } from './corpus/corpus.js';
import { score } from './corpus/score.js';

const { values } = parseArgs({
  options: { seeds: { type: 'string' }, kinds: { type: 'string' }, misses: { type: 'boolean' } },
});
const seeds =
  values.seeds?.split(',').map(Number) ?? Array.from({ length: 3 }, () => Math.floor(Math.random() * 1e6) + 1000);
const kinds = values.kinds?.split(',') ?? kindsOfFault;

const byKind = {};
const all = { cases: 0, ac1: 0, ac3: 0, kind: 0, attributes: 0, attribute: 0, baseline_ac1: 0, baseline_ac3: 0 };
const quiet = { cases: 0, silent: 0 };
let exact = true;
let longestMs = 0;
for (const kind of kinds) {
  const sum = { cases: 0, ac1: 0, ac3: 0, kind: 0, baseline_ac1: 0, baseline_ac3: 0 };
  for (const seed of seeds) {
    const oneCase = makeCase(kind, seed);
    const result = score(oneCase);
    exact &&= result.sums;
    longestMs = Math.max(longestMs, result.ms);
    if (oneCase.truth.healthy) {
      quiet.cases++;
      quiet.silent += Number(result.silent);
    } else {
      for (const into of [sum, all]) {
        into.cases++;
        into.ac1 += Number(result.first);
        into.ac3 += Number(result.third);
        into.kind += Number(result.kind);
        into.baseline_ac1 += Number(result.baselineFirst);
        into.baseline_ac3 += Number(result.baselineThird);
      }
      if (result.attribute !== undefined) {
        all.attributes++;
        all.attribute += Number(result.attribute);
      }
    }
    const isMiss = oneCase.truth.healthy ? !result.silent : !result.first || !result.kind || result.attribute === false;
    if (values.misses && isMiss) tell(oneCase, result);
  }
  if (sum.cases > 0) byKind[kind] = shares(sum);
}
const { attributes, attribute, ...rest } = all;
process.stdout.write(
  `${JSON.stringify({
    bench: 'diagnose',
    seeds,
    cases: all.cases,
    ...shares(rest),
    attribute_ac1: attributes === 0 ? null : round(attribute / attributes),
    attribute_cases: attributes,
    healthy_cases: quiet.cases,
    healthy_silent: quiet.cases === 0 ? null : round(quiet.silent / quiet.cases),
    sums_exact: exact,
    slowest_ms: Math.round(longestMs),
    kinds: byKind,
  })}\n`,
);

function shares({ cases, ...counts }) {
  return Object.fromEntries(Object.entries(counts).map(([key, count]) => [key, round(count / Math.max(1, cases))]));
}

function round(share) {
  return Math.round(share * 1000) / 1000;
}

function tell({ kind, seed, size, truth }, { verdict, first, silent }) {
  const causes = verdict.causes
    .slice(0, 4)
    .map(
      (c) =>
        `${c.kind} ${c.service} · ${c.operation} ${Math.round(c.excess_ns / 1e6)} ms ${JSON.stringify(c.attributes?.[0] ?? {})}`,
    );
  const truly = truth.healthy ? 'healthy' : `${JSON.stringify(truth.targets)} ${JSON.stringify(truth.attribute ?? '')}`;
  process.stderr.write(
    `${kind} ${seed} (${size} spans) ${first ? 'right' : silent ? `SILENT ${verdict.found}` : 'WRONG'}: ${truly}\n  ${verdict.verdict.text}\n  ${causes.join('\n  ')}\n`,
  );
}
