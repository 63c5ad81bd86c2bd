/** The words and formats of the language chosen: `words().home.title`, `format().duration(ns)`. Reading them subscribes the component. */
import { computed, effect, signal } from '@preact/signals';
import type { Language } from '../../src/show/api/types.ts';
import { en, type Words } from './en.ts';
import { fr } from './fr.ts';
import { type Format, formatFor } from './intl.ts';
import { keep, recall } from '../parts/browser-memory.ts';

export type { Words } from './en.ts';
export type { Format } from './intl.ts';

const catalogues: Readonly<Record<Language, Words>> = { en, fr };
export const languages: readonly { readonly id: Language; readonly name: string }[] = [
  { id: 'en', name: en.name },
  { id: 'fr', name: fr.name },
];

const storageKey = 'ariane.language';

/** The language of the page: the one chosen here before, otherwise the browser's first that we speak. */
export const language = signal<Language>('en');

const current = computed(() => catalogues[language.value]);
const currentFormat = computed(() => formatFor(language.value));

export function words(): Words {
  return current.value;
}

export function format(): Format {
  return currentFormat.value;
}

/** The first of `preferred` (as in `navigator.languages`) that the page speaks. */
export function chooseLanguage(preferred: readonly string[]): Language {
  for (const tag of preferred) {
    const base = tag.toLowerCase().split('-')[0];
    if (base === 'fr' || base === 'en') return base;
  }
  return 'en';
}

/** Reads the choice, then keeps it. Called once, by `main.tsx`. */
export function startLanguage(): void {
  const stored = recall(storageKey);
  language.value = chooseLanguage([stored ?? '', ...navigator.languages]);
  effect(() => {
    document.documentElement.lang = language.value;
  });
}

/** Switches, for this browser, from now on. */
export function setLanguage(to: Language): void {
  language.value = to;
  keep(storageKey, to);
}
