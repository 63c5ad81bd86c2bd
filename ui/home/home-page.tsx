import { useTitle } from '../shell/title.ts';
import { words } from '../words/words.ts';

export function HomePage() {
  useTitle(words().home.title);
  return <div class="page" />;
}
