/** Asks the diagnosis about a case of the corpus, as the server would, and compares with the truth. */
import { chooseCohorts } from '../../dist/diagnose/endpoint/cohorts.js';
import { diagnoseEndpoint } from '../../dist/diagnose/endpoint/diagnose-endpoint.js';
import { spanIdOf } from '../../dist/model/trace.js';
import { largestRatio } from './corpus.js';

const sampled = { slow: 60, usual: 100 };

export function ask({ calls, service, operation }) {
  const byId = new Map(calls.map((call) => [call.traceId, call]));
  const cohorts = chooseCohorts({ calls });
  const read = (cohort, most) =>
    spread(cohort, most).map(({ traceId }) => {
      const { trace, root, details } = byId.get(traceId);
      return { trace, root, detailOf: (row) => details.get(spanIdOf(trace, row)) };
    });
  return diagnoseEndpoint({
    service,
    operation,
    language: 'en',
    cohorts,
    slow: read(cohorts.slow, sampled.slow),
    usual: read(cohorts.usual, sampled.usual),
    population: calls.length,
  });
}

/** At most `most` of the list, over all of it. */
function spread(list, most) {
  if (list.length <= most) return list;
  return Array.from({ length: most }, (_, i) => list[Math.floor((i * list.length) / most)]);
}

/** → { first, third, kind, attribute (undefined where there is none), silent, baselineFirst, baselineThird, sums, ms } */
export function score(oneCase) {
  const { truth } = oneCase;
  const started = performance.now();
  const verdict = ask(oneCase);
  const ms = performance.now() - started;
  const sums =
    verdict.causes.reduce((sum, c) => sum + c.contribution_ns, 0) + verdict.unexplained_ns === verdict.slow.mean_ns;
  const silent = verdict.found !== 'slower';
  if (truth.healthy) return { verdict, silent, sums, ms };
  const isTrue = ({ service, operation }) =>
    truth.targets.some((t) => t.service === service && t.operation === operation);
  const at = silent ? -1 : verdict.causes.findIndex(isTrue);
  const cause = verdict.causes[at];
  const ratio = largestRatio(oneCase).findIndex(isTrue);
  return {
    verdict,
    silent,
    sums,
    ms,
    first: at === 0,
    third: at >= 0 && at < 3,
    kind: at >= 0 && truth.kinds.includes(cause.kind),
    attribute: truth.attribute && at === 0 ? isNamed(cause.attributes[0], truth.attribute) : truth.attribute && false,
    baselineFirst: ratio === 0,
    baselineThird: ratio >= 0 && ratio < 3,
  };
}

function isNamed(found, { key, value, or }) {
  const is = (k, v) => found?.key === k && found.value === v;
  return is(key, value) || (or !== undefined && is(or.key, or.value));
}
