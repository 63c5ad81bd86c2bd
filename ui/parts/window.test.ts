import { expect, it } from 'vitest';
import { rowWindow } from './window.ts';

it('keeps the rows in view and a few on each side', () => {
  expect(rowWindow(2400, 480, 24, 1500, 5)).toEqual({ first: 95, end: 125 });
});

it('never leaves the list', () => {
  expect(rowWindow(-500, 480, 24, 3)).toEqual({ first: 0, end: 3 });
  expect(rowWindow(99_999, 480, 24, 10)).toEqual({ first: 10, end: 10 });
  expect(rowWindow(0, 480, 24, 0)).toEqual({ first: 0, end: 0 });
  expect(rowWindow(-5000, 480, 24, 100)).toEqual({ first: 0, end: 0 });
});
