/** Numbers as a person reads them, in both languages: the terminal, the page and the sentences print the same. */
import type { Language } from './verdict-types.ts';

/** Stands in French between a number and its unit and before `: ; ! %`. */
export const narrowSpace = '\u202f';

const durationUnits = [
  { ns: 1, name: 'ns' },
  { ns: 1e3, name: 'µs' },
  { ns: 1e6, name: 'ms' },
  { ns: 1e9, name: 's' },
] as const;

// Making an Intl formatter costs as much as formatting a thousand numbers; a page formats thousands.
const numbers = { en: formatters('en'), fr: formatters('fr') };

function formatters(language: Language) {
  return {
    plain: new Intl.NumberFormat(language),
    digits3: new Intl.NumberFormat(language, { maximumSignificantDigits: 3 }),
    percent: new Intl.NumberFormat(language, { style: 'percent' }),
    cut: new Intl.NumberFormat(language, { maximumFractionDigits: 0, roundingMode: 'trunc' }),
    cut1: new Intl.NumberFormat(language, { maximumFractionDigits: 1, roundingMode: 'trunc' }),
    plural: new Intl.PluralRules(language),
  };
}

/**
 * Three significant digits and a unit: `350 ms`, `1.24 s`, `12 µs`; from two minutes on `2 min 5 s`, `1 h 30 min`.
 * No duration is `0 ms`.
 */
export function formatDuration(ns: number, language: Language): string {
  if (ns < 0) return `−${formatDuration(-ns, language)}`;
  if (ns === 0) return quantity('0', 'ms', language);
  const exact = Number(ns.toPrecision(3));
  if (exact >= 120e9) return formatLong(Math.round(ns / 1e9), language);
  const unit = durationUnits.findLast((u) => exact >= u.ns) ?? durationUnits[0];
  return quantity(numbers[language].digits3.format(exact / unit.ns), unit.name, language);
}

function formatLong(seconds: number, language: Language): string {
  const [big, small, ratio] = seconds < 3600 ? (['min', 's', 1] as const) : (['h', 'min', 60] as const);
  const whole = Math.round(seconds / ratio);
  const head = quantity(formatCount(Math.floor(whole / 60), language), big, language);
  return whole % 60 === 0 ? head : head + space(language) + quantity(String(whole % 60), small, language);
}

/** `70%`, `70 %` in French. A share that is not 0 never reads as 0, one that is not 1 never as 1. */
export function formatShare(share: number, language: Language): string {
  // Some versions of the locale data hold a wide no-break space here.
  const format = (value: number) => numbers[language].percent.format(value).replace('\u00a0', narrowSpace);
  if (share > 0 && share < 0.005) return language === 'fr' ? `<${narrowSpace}${format(0.01)}` : `<${format(0.01)}`;
  return format(share < 1 && share > 0.99 ? 0.99 : share);
}

/** How many times: `2.8`, `12`, `1,234`. Cut, not rounded, so that it never says more than is so. */
export function formatFactor(x: number, language: Language): string {
  return x < 10 ? numbers[language].cut1.format(x) : numbers[language].cut.format(x);
}

/** A count with its thousands apart: `12,400`. */
export function formatCount(n: number, language: Language): string {
  return numbers[language].plain.format(n);
}

/** The form that a count asks for. */
export function plural(n: number, language: Language, forms: { one: string; other: string }): string {
  return numbers[language].plural.select(n) === 'one' ? forms.one : forms.other;
}

/** A time of day, `14:05`, in `timeZone` (default: where it is read). */
export function formatTime(epochMs: number, language: Language, timeZone?: string): string {
  const clock = { hour: '2-digit', minute: '2-digit', hourCycle: 'h23' } as const;
  return new Intl.DateTimeFormat(language, timeZone === undefined ? clock : { ...clock, timeZone }).format(epochMs);
}

function quantity(value: string, unit: string, language: Language): string {
  return `${value}${space(language)}${unit}`;
}

function space(language: Language): string {
  return language === 'fr' ? narrowSpace : ' ';
}
