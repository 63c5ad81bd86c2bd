import { afterEach, expect, it, vi } from 'vitest';
import { keep, recall } from './browser-memory.ts';

afterEach(() => vi.unstubAllGlobals());

it('keeps a text for the next visit', () => {
  const kept = new Map<string, string>();
  vi.stubGlobal('localStorage', {
    getItem: (key: string) => kept.get(key) ?? null,
    setItem: (key: string, text: string) => kept.set(key, text),
  });
  expect(recall('theme')).toBeNull();
  keep('theme', 'dark');
  expect(recall('theme')).toBe('dark');
});

it('is without memory where the browser refuses, and breaks nothing', () => {
  const refuse = () => {
    throw new Error('SecurityError');
  };
  vi.stubGlobal('localStorage', { getItem: refuse, setItem: refuse });
  keep('theme', 'dark');
  expect(recall('theme')).toBeNull();
});
