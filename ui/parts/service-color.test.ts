import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { assignSlots, palette, preferredSlot, slots, type Theme } from './service-color.ts';

const css = readFileSync(join(import.meta.dirname, '../style/tokens.css'), 'utf8');
const blocks: Record<Theme, string> = {
  light: css.slice(0, css.indexOf('[data-theme=')),
  dark: css.slice(css.indexOf('[data-theme=')),
};
const themes: readonly Theme[] = ['light', 'dark'];

describe.each(themes)('%s', (theme) => {
  it('has the palette of the tokens', () => {
    expect(palette[theme]).toHaveLength(slots);
    palette[theme].forEach((color, i) => expect(token(theme, `--service-${i}`)).toBe(color));
  });

  it('draws every service at 3:1 or more on every ground', () => {
    for (const color of palette[theme]) expect(contrast(color, token(theme, '--bg'))).toBeGreaterThanOrEqual(3);
  });

  it('keeps two services apart for every kind of eye', () => {
    for (const [eye, least] of Object.entries({ normal: 0.1, deutan: 0.07, protan: 0.07, tritan: 0.05 })) {
      const seen = palette[theme].map((color) => see(eye, color));
      const closest = Math.min(...seen.flatMap((a, i) => seen.slice(i + 1).map((b) => distance(a, b))));
      expect(closest, eye).toBeGreaterThanOrEqual(least);
    }
  });

  it('leaves red to errors and gold to the thread', () => {
    for (const reserved of ['--error', '--thread']) {
      const taken = see('normal', token(theme, reserved));
      for (const color of palette[theme]) expect(distance(see('normal', color), taken), color).toBeGreaterThan(0.1);
    }
  });

  it('sets text at 4.5:1 or more on every ground it stands on', () => {
    for (const ink of ['--ink', '--ink-2', '--ink-3', '--accent', '--error'])
      for (const ground of ['--bg', '--bg-raised', '--bg-sunken', '--bg-hover', '--bg-selected'])
        expect(contrast(token(theme, ink), token(theme, ground)), `${ink} on ${ground}`).toBeGreaterThanOrEqual(4.5);
    expect(contrast(token(theme, '--accent-ink'), token(theme, '--accent'))).toBeGreaterThanOrEqual(4.5);
    expect(contrast(token(theme, '--error'), token(theme, '--error-bg'))).toBeGreaterThanOrEqual(4.5);
    expect(contrast(token(theme, '--thread'), token(theme, '--bg'))).toBeGreaterThanOrEqual(3);
  });
});

it('gives up to twelve services twelve colours, whatever the order', () => {
  const names = Array.from({ length: 12 }, (_, i) => `service-${i * 7}`);
  const slotsOf = assignSlots(names);
  expect(new Set(slotsOf.values()).size).toBe(12);
  const reversed = assignSlots(names.toReversed());
  for (const name of names) expect(reversed.get(name)).toBe(slotsOf.get(name));
});

it('gives a lone service the slot its name asks for, and shares evenly beyond twelve', () => {
  expect(assignSlots(['checkout']).get('checkout')).toBe(preferredSlot('checkout'));
  const counts = new Map<number, number>();
  for (const slot of assignSlots(Array.from({ length: 36 }, (_, i) => `s${i}`)).values())
    counts.set(slot, (counts.get(slot) ?? 0) + 1);
  expect([...counts.values()]).toEqual(Array.from({ length: 12 }, () => 3));
});

function token(theme: Theme, name: string): string {
  const value = new RegExp(`${name}: (#[0-9a-f]{6});`).exec(blocks[theme])?.[1];
  if (value === undefined) throw new Error(`no ${name} in ${theme}`);
  return value;
}

type Triple = readonly [number, number, number];

function linear(hex: string): Triple {
  const at = (i: number) => {
    const c = Number.parseInt(hex.slice(i, i + 2), 16) / 255;
    return c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4;
  };
  return [at(1), at(3), at(5)];
}

function contrast(a: string, b: string): number {
  const [x, y] = [a, b].map((hex) => {
    const [r, g, bl] = linear(hex);
    return 0.2126 * r + 0.7152 * g + 0.0722 * bl;
  });
  return (Math.max(x ?? 0, y ?? 0) + 0.05) / (Math.min(x ?? 0, y ?? 0) + 0.05);
}

// Machado, Oliveira, Fernandes 2009, severity 1.0: https://www.inf.ufrgs.br/~oliveira/pubs_files/CVD_Simulation/CVD_Simulation.html
const eyes: Record<string, readonly [Triple, Triple, Triple]> = {
  normal: [
    [1, 0, 0],
    [0, 1, 0],
    [0, 0, 1],
  ],
  deutan: [
    [0.367322, 0.860646, -0.227968],
    [0.280085, 0.672501, 0.047413],
    [-0.01182, 0.04294, 0.968881],
  ],
  protan: [
    [0.152286, 1.052583, -0.204868],
    [0.114503, 0.786281, 0.099216],
    [-0.003882, -0.048116, 1.051998],
  ],
  tritan: [
    [1.255528, -0.076749, -0.178779],
    [-0.078411, 0.930809, 0.147602],
    [0.004733, 0.691367, 0.3039],
  ],
};

/** OKLab (https://bottosson.github.io/posts/oklab/) of a colour through one kind of eye. */
function see(eye: string, hex: string): Triple {
  const seen = (eyes[eye] ?? []).map((row) => Math.max(0, dot(row, linear(hex))));
  const [r = 0, g = 0, b = 0] = seen;
  const v: Triple = [r, g, b];
  const l = Math.cbrt(dot([0.4122214708, 0.5363325363, 0.0514459929], v));
  const m = Math.cbrt(dot([0.2119034982, 0.6806995451, 0.1073969566], v));
  const s = Math.cbrt(dot([0.0883024619, 0.2817188376, 0.6299787005], v));
  return [
    dot([0.2104542553, 0.793617785, -0.0040720468], [l, m, s]),
    dot([1.9779984951, -2.428592205, 0.4505937099], [l, m, s]),
    dot([0.0259040371, 0.7827717662, -0.808675766], [l, m, s]),
  ];
}

function dot(a: Triple, b: Triple): number {
  return a[0] * b[0] + a[1] * b[1] + a[2] * b[2];
}

function distance(a: Triple, b: Triple): number {
  return Math.hypot(a[0] - b[0], a[1] - b[1], a[2] - b[2]);
}
