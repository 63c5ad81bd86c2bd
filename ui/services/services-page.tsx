import { useTitle } from '../shell/title.ts';
import { words } from '../words/words.ts';

export function ServicesPage() {
  useTitle(words().services.title);
  return <div class="page" />;
}
