import { describe, expect, it } from 'vitest';
import { en } from './en.ts';
import { fr } from './fr.ts';
import { formatFor } from './intl.ts';
import { chooseLanguage } from './words.ts';

/** Every text of a catalogue with its path; a function is called with numbers and with words. */
function texts(catalogue: object, path = ''): [path: string, text: string][] {
  return Object.entries(catalogue).flatMap(([key, value]: [string, unknown]): [string, string][] => {
    const at = path === '' ? key : `${path}.${key}`;
    if (typeof value === 'string') return [[at, value]];
    if (typeof value === 'object' && value !== null) return texts(value, at);
    if (!isText(value)) return [];
    return [1, 1234].map((n): [string, string] => [at, call(value, n)]);
  });
}

function isText(value: unknown): value is (...values: unknown[]) => unknown {
  return typeof value === 'function';
}

/** With a number for every parameter, or with a word where one wants that. */
function call(text: (...values: unknown[]) => unknown, n: number): string {
  try {
    return String(text(n, n, n, n));
  } catch {
    return String(text('x', 'x', 'x', 'x'));
  }
}

describe.each([
  ['English', en],
  ['French', fr],
])('%s', (_, catalogue) => {
  it('has no empty text, no double space and no figure that went wrong', () => {
    expect(texts(catalogue).length).toBeGreaterThan(150);
    for (const [path, text] of texts(catalogue)) {
      expect(text.trim(), path).not.toBe('');
      expect(text, path).not.toMatch(/ {2}|undefined|\[object/);
    }
  });
});

it('French sets a narrow no-break space before : ; ! ? and inside guillemets', () => {
  for (const [path, text] of texts(fr)) {
    // Not of the language: an address, a command's option.
    const prose = text.replaceAll(/https?:\/\/\S+|--\S+/g, '');
    expect(prose, path).not.toMatch(/[^\u202f\s\d:][:;!?](?=\s|$)|[ \u00a0][:;!?](?=\s|$)|«[^\u202f]|[^\u202f]»/);
  }
});

it('speaks the first of the browser’s languages that it knows', () => {
  expect(chooseLanguage(['de-DE', 'fr-CA', 'en'])).toBe('fr');
  expect(chooseLanguage(['', 'de'])).toBe('en');
});

describe('formats', () => {
  const [english, french] = [formatFor('en'), formatFor('fr')];

  it('counts, shares and sizes', () => {
    expect(english.count(12_400)).toBe('12,400');
    expect(french.count(12_400)).toBe('12\u202f400');
    expect(english.percent(0.0034)).toBe('0.3%');
    expect(french.percent(0.7)).toBe('70\u202f%');
    expect(english.bytes(10 * 2 ** 30)).toBe('10\u202fGiB');
    expect(french.bytes(0)).toBe('0\u202fo');
    expect(french.bytes(1500 * 2 ** 40)).toBe('1\u202f500\u202fTio');
    expect(english.short(9999)).toBe('9,999');
    expect(english.short(12_400)).toBe('12.4k');
  });

  it('gives a rate in the unit that says most', () => {
    expect([12.44, 0.05, 0.004, 0].map(english.rate)).toEqual(['12.4/s', '3/min', '14.4/h', '0/s']);
  });

  it('says how long ago', () => {
    const now = Date.UTC(2026, 10, 22, 20);
    expect(english.ago(now - 3 * 86_400e3, now)).toBe('3 days ago');
    expect(french.ago(now - 12e3, now)).toBe('il y a 12\u202fs');
    expect(english.clock(now, now)).toMatch(/^\d\d:00:00\.000$/);
  });
});
