/** Which columns the table of traces shows: what somebody chose, as far as the width allows. */
import { signal } from '@preact/signals';
import { keep, recall } from '../parts/browser-memory.ts';

export const columns = ['start', 'root', 'services', 'spans', 'errors', 'duration', 'leader', 'id'] as const;
export type Column = (typeof columns)[number];

const widths: Readonly<Record<Column, string>> = {
  start: '92px',
  root: 'minmax(0, 3fr)',
  services: 'minmax(0, 3fr)',
  spans: '52px',
  errors: '52px',
  duration: '190px',
  leader: 'minmax(0, 2.4fr)',
  id: '72px',
};

/** Below these widths (px) a column is not shown even when chosen. */
const least: Partial<Readonly<Record<Column, number>>> = { leader: 1000, services: 700, spans: 700 };

const storageKey = 'ariane.columns';
const always = new Set<Column>(['root', 'duration']);

export const chosenColumns = signal(readChoice(null));

/** Reads what was chosen before. Called once, by `main.tsx`. */
export function startColumns(): void {
  chosenColumns.value = readChoice(recall(storageKey));
}

/** Of a stored choice; everything but the trace id without one. */
export function readChoice(stored: string | null): readonly Column[] {
  if (stored === null) return columns.filter((column) => column !== 'id');
  const names = stored.split(' ');
  return columns.filter((column) => always.has(column) || names.includes(column));
}

export function isAlways(column: Column): boolean {
  return always.has(column);
}

export function toggleColumn(column: Column): void {
  const chosen = chosenColumns.peek();
  chosenColumns.value = columns.filter((c) => chosen.includes(c) !== (c === column));
  keep(storageKey, chosenColumns.value.join(' '));
}

/** The columns that fit `width` px, and the grid's template for them. */
export function columnsThatFit(chosen: readonly Column[], width: number) {
  const shown = chosen.filter((column) => width >= (least[column] ?? 0));
  return { shown, template: shown.map((column) => widths[column]).join(' ') };
}
