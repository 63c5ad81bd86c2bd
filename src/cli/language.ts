/** Which language to speak: what was asked, else what the environment says, in the order of POSIX locales. */
import type { Language } from '../diagnose/verdict-types.ts';
import { UsageError } from './command.ts';

export function languageOf(asked: string | undefined, env: Readonly<Record<string, string | undefined>>): Language {
  if (asked !== undefined) {
    if (asked !== 'en' && asked !== 'fr') throw new UsageError(`--lang is en or fr, got "${asked}"`);
    return asked;
  }
  const locale = env.LC_ALL || env.LC_MESSAGES || env.LANG || '';
  return /^fr(?:$|[_.@-])/i.test(locale) ? 'fr' : 'en';
}
