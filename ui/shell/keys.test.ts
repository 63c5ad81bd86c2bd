import { expect, it } from 'vitest';
import { nameOf } from './keys.ts';

const pressed = (key: string, held: Partial<Record<'ctrlKey' | 'metaKey' | 'altKey', boolean>> = {}) =>
  nameOf({ key, ctrlKey: false, metaKey: false, altKey: false, ...held });

it('names keys as they are written in a list of keys', () => {
  expect(pressed('j')).toBe('j');
  expect(pressed('N')).toBe('N');
  expect(pressed('?')).toBe('?');
  expect(pressed(' ')).toBe('Space');
  expect(pressed('b', { ctrlKey: true })).toBe('ctrl+b');
  expect(pressed('B', { metaKey: true })).toBe('ctrl+b');
});

it('takes [ from a keyboard that needs AltGr for it, and leaves the browser its own', () => {
  expect(pressed('[', { altKey: true, ctrlKey: true })).toBe('[');
  expect(pressed('ArrowLeft', { altKey: true })).toBeUndefined();
  expect(pressed('Shift')).toBeUndefined();
});
