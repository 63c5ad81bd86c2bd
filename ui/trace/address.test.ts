import { describe, expect, test } from 'vitest';
import { formatAddress, parseAddress } from './address.ts';
import { cutStrip } from './strip.ts';

describe("the trace page's address", () => {
  test('comes back as it was written', () => {
    const text =
      'span=00f067aa0ba902b7&zoom=100-2500&find=GET+%2Fcart&rows=everything&levels=3&toggled=s00f067aa0ba902b7%2Cf00f067aa0ba902b8&mark=service%3Aorder&spans=all';
    expect(formatAddress(parseAddress(new URLSearchParams(text)), new URLSearchParams()).toString()).toBe(text);
  });

  test('is empty where nothing was chosen, and keeps what others put there', () => {
    expect(formatAddress(parseAddress(new URLSearchParams()), new URLSearchParams('lang=fr')).toString()).toBe(
      'lang=fr',
    );
  });

  test('reads nonsense as nothing chosen', () => {
    const address = parseAddress(new URLSearchParams('span=<b>&zoom=9-3&mark=x&toggled=zz,s1&rows=no&levels=-1'));
    expect(address).toEqual({
      span: undefined,
      zoom: undefined,
      find: '',
      isEverything: false,
      levels: undefined,
      toggled: new Set(),
      mark: undefined,
      showsAllSpans: false,
    });
  });
});

describe('the time strip', () => {
  const cause = (contribution_ns: number) => ({
    service: 's',
    operation: 'o',
    kind: 'own-time' as const,
    contribution_ns,
    share: 0,
    evidence: [],
    span_ids: [],
    sentence: { id: 'own-time', values: {}, text: '' },
  });
  test('cuts the whole duration by cause, the largest first, those under 2 % together', () => {
    const pieces = cutStrip({ duration_ns: 1000, unexplained_ns: 40, causes: [cause(15), cause(930), cause(15)] });
    expect(pieces).toEqual([
      { cause: 1, ns: 930, share: 0.93 },
      { cause: 'other', ns: 30, share: 0.03 },
      { cause: 'unexplained', ns: 40, share: 0.04 },
    ]);
    expect(pieces.reduce((sum, piece) => sum + piece.share, 0)).toBeCloseTo(1);
  });
  test('is empty for a trace of no duration', () => {
    expect(cutStrip({ duration_ns: 0, unexplained_ns: 0, causes: [] })).toEqual([]);
  });
});
