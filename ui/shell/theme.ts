/** Light or dark: the system's unless somebody chose. `data-theme` on the root element carries it to the sheets. */
import { computed, effect, signal } from '@preact/signals';
import type { Theme } from '../parts/service-color.ts';
import { keep, recall } from '../parts/browser-memory.ts';

export type ThemeChoice = 'system' | Theme;

const storageKey = 'ariane.theme';
const systemIsDark = signal(false);

export const themeChoice = signal<ThemeChoice>('system');
export const theme = computed<Theme>(() =>
  themeChoice.value === 'system' ? (systemIsDark.value ? 'dark' : 'light') : themeChoice.value,
);

/** Reads the choice and the system's wish, then follows both. Called once, by `main.tsx`. */
export function startTheme(): void {
  const query = matchMedia('(prefers-color-scheme: dark)');
  systemIsDark.value = query.matches;
  query.addEventListener('change', (event) => {
    systemIsDark.value = event.matches;
  });
  const stored = recall(storageKey);
  if (stored === 'light' || stored === 'dark') themeChoice.value = stored;
  effect(() => {
    document.documentElement.dataset.theme = theme.value;
  });
}

export function setTheme(choice: ThemeChoice): void {
  themeChoice.value = choice;
  keep(storageKey, choice);
}

/** The value of a token (`--ink-3`) in the theme of now, for a canvas. Reading it subscribes to the theme. */
export function token(name: string): string {
  void theme.value;
  return getComputedStyle(document.documentElement).getPropertyValue(name).trim();
}
