import { useTitle } from '../shell/title.ts';
import { words } from '../words/words.ts';

export function SettingsPage() {
  useTitle(words().settings.title);
  return <div class="page" />;
}
