import { expect, it } from 'vitest';
import { columns, columnsThatFit, readChoice } from './columns.ts';

it('shows everything but the trace id until somebody chooses', () => {
  expect(readChoice(null)).toEqual(columns.filter((column) => column !== 'id'));
});

it('keeps the columns without which a row says nothing, and forgets names it does not know', () => {
  expect(readChoice('id gone')).toEqual(['root', 'duration', 'id']);
  expect(readChoice('')).toEqual(['root', 'duration']);
});

it('drops columns that do not fit, not the choice', () => {
  const chosen = readChoice(null);
  expect(columnsThatFit(chosen, 1400).shown).toEqual(chosen);
  expect(columnsThatFit(chosen, 780).shown).not.toContain('leader');
  expect(columnsThatFit(chosen, 640).shown).toEqual(['start', 'root', 'errors', 'duration']);
  expect(columnsThatFit(['root', 'duration'], 800).template).toBe('minmax(0, 3fr) 190px');
});
