import { useTitle } from '../shell/title.ts';
import { words } from '../words/words.ts';

export function SearchPage() {
  useTitle(words().search.title);
  return <div class="page" />;
}
