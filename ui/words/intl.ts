/** Numbers, sizes and times in one language, by `Intl`. Pure: the language and the moment come in. */
import type { Language } from '../../src/show/api/types.ts';
import { formatDuration, formatShare } from '../../src/diagnose/format.ts';

export interface Format {
  /** `350 ms`, `1.24 s`, `12 µs`: three significant digits. */
  readonly duration: (ns: number) => string;
  /** `12,400`. */
  readonly count: (n: number) => string;
  /** `12.4k`, where the width is short. */
  readonly short: (n: number) => string;
  /** Of a share 0..1: `70%`, and `0.3%` with one decimal under 10. */
  readonly percent: (share: number) => string;
  /** Of a share 0..1, whole: `70%`; what is not 0 never reads as 0. */
  readonly share: (share: number) => string;
  /** Calls per second: `12.4/s`, `3/min` when that says more. */
  readonly rate: (perSecond: number) => string;
  /** `1.24 GiB`, in powers of 1024, as limits are set. */
  readonly bytes: (n: number) => string;
  /** `3 days ago`, `12 s ago`; the field's short form. */
  readonly ago: (atMs: number, nowMs: number) => string;
  /** `14:03:21.482`, with the day in front when it is not the day of `nowMs`. In the person's zone. */
  readonly clock: (atMs: number, nowMs: number) => string;
  /** A moment on a time axis whose ticks are `stepMs` apart: `14:05`, `14:05:20`, `22 Nov`. */
  readonly tick: (atMs: number, stepMs: number) => string;
  /** The full date, time and zone, for a hover. */
  readonly absolute: (atMs: number) => string;
  /** Picks by the language's plural rules: `plural(n, 'span', 'spans')`. */
  readonly plural: (n: number, one: string, other: string) => string;
}

const made = new Map<Language, Format>();

/** The formatters of a language, made once: an `Intl` object costs more than a thousand uses of it. */
export function formatFor(language: Language): Format {
  const known = made.get(language);
  if (known) return known;
  const format = makeFormat(language);
  made.set(language, format);
  return format;
}

function makeFormat(language: Language): Format {
  const locale = language === 'fr' ? 'fr-FR' : 'en-GB';
  const count = new Intl.NumberFormat(locale, { maximumFractionDigits: 0 });
  const digits3 = new Intl.NumberFormat(locale, { maximumSignificantDigits: 3 });
  const compact = new Intl.NumberFormat(language === 'fr' ? 'fr-FR' : 'en-US', {
    notation: 'compact',
    maximumSignificantDigits: 3,
  });
  const oneDecimal = new Intl.NumberFormat(locale, { maximumFractionDigits: 1 });
  const plurals = new Intl.PluralRules(locale);
  const relative = new Intl.RelativeTimeFormat(locale, { numeric: 'always', style: 'short' });
  const time = new Intl.DateTimeFormat(locale, {
    hour: '2-digit',
    minute: '2-digit',
    second: '2-digit',
    fractionalSecondDigits: 3,
    hour12: false,
  });
  const dayTime = new Intl.DateTimeFormat(locale, {
    day: 'numeric',
    month: 'short',
    hour: '2-digit',
    minute: '2-digit',
    second: '2-digit',
    hour12: false,
  });
  const minutes = new Intl.DateTimeFormat(locale, { hour: '2-digit', minute: '2-digit', hour12: false });
  const seconds = new Intl.DateTimeFormat(locale, {
    hour: '2-digit',
    minute: '2-digit',
    second: '2-digit',
    hour12: false,
  });
  const days = new Intl.DateTimeFormat(locale, { day: 'numeric', month: 'short' });
  const full = new Intl.DateTimeFormat(locale, {
    weekday: 'short',
    year: 'numeric',
    month: 'short',
    day: 'numeric',
    hour: '2-digit',
    minute: '2-digit',
    second: '2-digit',
    fractionalSecondDigits: 3,
    hour12: false,
    timeZoneName: 'short',
  });
  const space = '\u202f';
  const byteUnits = language === 'fr' ? ['o', 'Kio', 'Mio', 'Gio', 'Tio'] : ['B', 'KiB', 'MiB', 'GiB', 'TiB'];

  return {
    duration: (ns) => formatDuration(ns, language),
    count: (n) => count.format(n),
    short: (n) => (Math.abs(n) < 10_000 ? count.format(n) : compact.format(n).toLowerCase()),
    percent: (share) => {
      const value = share * 100;
      const number = value !== 0 && Math.abs(value) < 10 ? oneDecimal.format(value) : count.format(value);
      return language === 'fr' ? `${number}${space}%` : `${number}%`;
    },
    share: (share) => formatShare(share, language),
    rate: (perSecond) => {
      if (perSecond === 0) return '0/s';
      if (perSecond >= 0.95) return `${digits3.format(perSecond)}/s`;
      if (perSecond * 60 >= 0.95) return `${digits3.format(Math.round(perSecond * 600) / 10)}/min`;
      return `${digits3.format(Math.round(perSecond * 36_000) / 10)}/h`;
    },
    bytes: (n) => {
      const power = n < 1024 ? 0 : Math.min(byteUnits.length - 1, Math.floor(Math.log2(n) / 10));
      return `${digits3.format(n / 1024 ** power)}${space}${byteUnits[power] ?? ''}`;
    },
    ago: (atMs, nowMs) => {
      const s = Math.round((nowMs - atMs) / 1000);
      const [value, unit] = agoParts(Math.abs(s));
      // Locale data hold a wide no-break space before some units.
      return relative.format(s >= 0 ? -value : value, unit).replaceAll('\u00a0', space);
    },
    clock: (atMs, nowMs) => (isSameDay(atMs, nowMs) ? time.format(atMs) : dayTime.format(atMs)),
    tick: (atMs, stepMs) =>
      (stepMs >= 86_400e3 ? days : stepMs >= 60e3 || stepMs <= 0 ? minutes : stepMs >= 1e3 ? seconds : time).format(
        atMs,
      ),
    absolute: (atMs) => full.format(atMs),
    plural: (n, one, other) => (plurals.select(n) === 'one' ? one : other),
  };
}

function agoParts(s: number): [number, Intl.RelativeTimeFormatUnit] {
  if (s < 60) return [s, 'second'];
  if (s < 3600) return [Math.round(s / 60), 'minute'];
  if (s < 86_400) return [Math.round(s / 3600), 'hour'];
  return [Math.round(s / 86_400), 'day'];
}

function isSameDay(a: number, b: number): boolean {
  return new Date(a).toDateString() === new Date(b).toDateString();
}
