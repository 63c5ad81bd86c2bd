/** What the tree itself says; the sentences of the verdict are the catalogue's. */
import { formatCount, formatDuration, plural } from '../../diagnose/format.ts';
import type { Language } from '../../diagnose/verdict-types.ts';

export interface TreeWords {
  hidden(spans: number, pathNs: number): string;
  missing(spanId: string): string;
  readonly trace: string;
}

export const treeWords: Record<Language, TreeWords> = {
  en: {
    trace: 'Trace',
    hidden: (spans, ns) =>
      `${formatCount(spans, 'en')} ${plural(spans, 'en', { one: 'span', other: 'spans' })}` +
      (ns > 0 ? ` · ${formatDuration(ns, 'en')} on the path` : ''),
    missing: (spanId) => `span ${spanId.slice(0, 4)}… never arrived`,
  },
  fr: {
    trace: 'Trace',
    hidden: (spans, ns) =>
      `${formatCount(spans, 'fr')} ${plural(spans, 'fr', { one: 'span', other: 'spans' })}` +
      (ns > 0 ? ` · ${formatDuration(ns, 'fr')} sur le chemin critique` : ''),
    missing: (spanId) => `span ${spanId.slice(0, 4)}… jamais reçu`,
  },
};
