import type { SearchAnswer } from '../../src/show/api/types.ts';
import { nowMs, stats } from '../shell/live.ts';
import { describeRange } from '../shell/range-picker.tsx';
import { parseLast, rangeParams, rangeReaching } from '../shell/range.ts';
import { hrefInRange, range, setParams } from '../shell/router.ts';
import { format, words } from '../words/words.ts';
import { type Chip, paramsOf } from './query.ts';

/** Nothing matched: which condition to drop, or where in time the data is. */
export function NoTrace({ answer, chips }: { readonly answer: SearchAnswer; readonly chips: readonly Chip[] }) {
  const { search, units } = words();
  const hints = answer.hints.flatMap((hint) => {
    const chip = chips.find(
      (c) => c.text === hint.drop || `${c.param}=${c.value}` === hint.drop || c.value === hint.drop,
    );
    return chip && hint.wouldFind > 0 ? [{ chip, wouldFind: hint.wouldFind }] : [];
  });
  const elsewhere = answer.hints.find((hint) => hint.drop === 'range')?.wouldFind ?? 0;
  const oldest = stats.value?.store.oldest_ms ?? null;
  const newest = answer.newestMs;
  const isShort = range.value.kind === 'between' || range.value.ms < 7 * 86_400e3;
  if (newest === null) {
    return (
      <div class="notice">
        <h2>{search.nothingYet}</h2>
        <a class="link" href={hrefInRange('/')}>
          {search.howToSend}
        </a>
      </div>
    );
  }
  return (
    <div class="notice">
      <h2>{chips.length === 0 ? search.noneInRange : search.none}</h2>
      {(hints.length > 0 || elsewhere > 0) && (
        <ul class="hints">
          {elsewhere > 0 && oldest !== null && (
            <li>
              <code>{describeRange(range.value)}</code>
              <span class="num">{search.without(units.traces(elsewhere))}</span>
              <button
                type="button"
                class="text-button"
                onClick={() => setParams(rangeParams(rangeReaching(Date.now() - oldest)))}
              >
                {search.noneDrop}
              </button>
            </li>
          )}
          {hints.map(({ chip, wouldFind }) => (
            <li key={chip.text}>
              <code>{chip.text}</code>
              <span class="num">{search.without(units.traces(wouldFind))}</span>
              <button
                type="button"
                class="text-button"
                onClick={() => setParams(paramsOf(chips.filter((c) => c !== chip)))}
              >
                {search.noneDrop}
              </button>
            </li>
          ))}
        </ul>
      )}
      {chips.length === 0 ? (
        <p>
          {search.newestIs(format().ago(newest, nowMs.value))}{' '}
          <button
            type="button"
            class="text-button"
            onClick={() => setParams(rangeParams(rangeReaching(Date.now() - newest)))}
          >
            {search.showIt}
          </button>
        </p>
      ) : (
        <div class="actions">
          {isShort && elsewhere === 0 && (
            <button
              type="button"
              class="control"
              onClick={() => setParams(rangeParams(parseLast('7d') ?? range.value))}
            >
              {search.widen}
            </button>
          )}
          <button type="button" class="control" onClick={() => setParams(paramsOf([]))}>
            {search.clear}
          </button>
        </div>
      )}
    </div>
  );
}
