import { parseTraceIdQuery } from '../../src/model/ids.ts';
import { stats } from '../shell/live.ts';
import { hrefInRange } from '../shell/router.ts';
import { useTitle } from '../shell/title.ts';
import { words } from '../words/words.ts';

/** No such trace, yet: what may be the reason, and that the page keeps looking. */
export function MissingTrace({ id }: { readonly id: string }) {
  const t = words().trace.missing;
  const isPossible = parseTraceIdQuery(id).length > 0;
  const title = t.title(id.length > 40 ? `${id.slice(0, 40)}…` : id);
  useTitle(title);
  return (
    <div class="page notice">
      <h2>{title}</h2>
      {isPossible ? (
        <>
          <p>{t.text(words().units.days(stats.value?.store.retention_days ?? 7))}</p>
          <p class="quiet" role="status">
            {t.watching}
          </p>
        </>
      ) : (
        <p>{t.malformed}</p>
      )}
      <p class="actions">
        <a class="link" href={hrefInRange('/search', { q: id })}>
          {t.search}
        </a>
      </p>
    </div>
  );
}
