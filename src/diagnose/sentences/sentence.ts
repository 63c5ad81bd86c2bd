/** One sentence in one language, with the values it was made of. */
import type { Language, Sentence } from '../verdict-types.ts';
import { en } from './en.ts';
import { fr } from './fr.ts';
import type { Catalogue, SentenceId, SentenceValues } from './values.ts';

const catalogues: Record<Language, Catalogue> = { en, fr };

export function sentence<Id extends SentenceId>(id: Id, values: SentenceValues[Id], language: Language): Sentence {
  return { id, values: { ...values }, text: sentenceText(id, values, language) };
}

export function sentenceText<Id extends SentenceId>(id: Id, values: SentenceValues[Id], language: Language): string {
  return catalogues[language][id](values);
}
