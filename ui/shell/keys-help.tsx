import { signal } from '@preact/signals';
import { useEffect, useRef } from 'preact/hooks';
import { Icon } from '../parts/icons.tsx';
import { words } from '../words/words.ts';
import { keyGroups, useKeys } from './keys.ts';
import { hrefInRange, navigate } from './router.ts';
import { setTheme, theme } from './theme.ts';

export const isHelpOpen = signal(false);

/** The keys of every page. Letters after `g` that are views of a trace (t f s l w) are not used here. */
export function useShellKeys(): void {
  const { keys } = words();
  useKeys(keys.everywhere, [
    {
      keys: '/',
      label: keys.search,
      run: () => document.querySelector<HTMLInputElement>('[data-search-input]')?.focus(),
    },
    { keys: 'g h', label: keys.home, run: () => navigate(hrefInRange('/')) },
    { keys: 'g e', label: keys.goSearch, run: () => navigate(hrefInRange('/search')) },
    { keys: 'g v', label: keys.services, run: () => navigate(hrefInRange('/services')) },
    { keys: 'g ,', label: keys.settings, run: () => navigate('/settings') },
    { keys: 'g d', label: keys.theme, run: () => setTheme(theme.value === 'dark' ? 'light' : 'dark') },
    {
      keys: '?',
      label: keys.help,
      run: () => {
        isHelpOpen.value = !isHelpOpen.value;
      },
    },
  ]);
}

/** What `?` shows: every key that does something now, the page's own first. */
export function KeysHelp() {
  const dialog = useRef<HTMLDialogElement>(null);
  const isOpen = isHelpOpen.value;
  useEffect(() => {
    if (isOpen) dialog.current?.showModal();
    else dialog.current?.close();
  }, [isOpen]);
  const close = () => {
    isHelpOpen.value = false;
  };
  return (
    <dialog
      class="keys-help"
      ref={dialog}
      aria-label={words().keys.title}
      onClose={close}
      onClick={(event) => event.target === dialog.current && close()}
    >
      {isOpen && (
        <div class="keys-help-body">
          <header>
            <h1>{words().keys.title}</h1>
            <button type="button" class="control bare" aria-label={words().keys.close} onClick={close}>
              <Icon name="close" />
            </button>
          </header>
          {keyGroups.value.toReversed().map((group) => (
            <section key={group.title}>
              <h2>{group.title}</h2>
              <dl>
                {group.keys.map((key) => (
                  <div key={key.keys}>
                    <dt>{key.label}</dt>
                    <dd>
                      {key.keys.split(' ').map((part) => (
                        <kbd key={part}>{shownKeys[part] ?? part}</kbd>
                      ))}
                    </dd>
                  </div>
                ))}
              </dl>
            </section>
          ))}
        </div>
      )}
    </dialog>
  );
}

const shownKeys: Readonly<Record<string, string>> = {
  Enter: '↵',
  Escape: 'esc',
  ArrowUp: '↑',
  ArrowDown: '↓',
  ArrowLeft: '←',
  ArrowRight: '→',
};
