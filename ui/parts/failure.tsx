import { type ApiFailure, explain } from '../shell/api.ts';
import { words } from '../words/words.ts';

/** Where an answer would stand: what went wrong, what to do next, and the way to ask again. */
export function Failure({ failure, onRetry }: { readonly failure: ApiFailure; readonly onRetry: () => void }) {
  return (
    <div class="notice failure" role="alert">
      <p class="error">{explain(failure)}</p>
      <div class="actions">
        <button type="button" class="control" onClick={onRetry}>
          {words().errors.retry}
        </button>
      </div>
    </div>
  );
}
