/**
 * The trace page's keys as tables: what is pressed → what is meant. jaeger-ui's letters keep their meaning. The page
 * carries the commands out.
 */
export type Command =
  | 'row-down'
  | 'row-up'
  | 'row-first'
  | 'row-last'
  | 'page-down'
  | 'page-up'
  | 'fold'
  | 'unfold'
  | 'fold-all'
  | 'unfold-all'
  | 'fold-level'
  | 'unfold-level'
  | 'details'
  | 'next-match'
  | 'previous-match'
  | 'next-error'
  | 'previous-error'
  | 'next-piece'
  | 'previous-piece'
  | 'pan-left'
  | 'pan-right'
  | 'pan-left-fast'
  | 'pan-right-fast'
  | 'zoom-in'
  | 'zoom-out'
  | 'zoom-in-fast'
  | 'zoom-out-fast'
  | 'everything'
  | 'copy'
  | 'find'
  | 'escape';

/** Keys that mean the same everywhere on the page, in the groups in which `?` lists them. */
export const pageKeys: readonly (readonly [keys: string, command: Command])[] = [
  ['j', 'row-down'],
  ['k', 'row-up'],
  ['s', 'page-down'],
  ['w', 'page-up'],
  ['Enter', 'details'],
  ['c', 'next-piece'],
  ['C', 'previous-piece'],
  ['n', 'next-error'],
  ['N', 'previous-error'],
  ['/', 'find'],
  ['ctrl+b', 'find'],
  ['f', 'next-match'],
  ['b', 'previous-match'],
  ['o', 'unfold-level'],
  ['p', 'fold-level'],
  ['[', 'unfold-all'],
  [']', 'fold-all'],
  ['e', 'everything'],
  ['a', 'pan-left'],
  ['d', 'pan-right'],
  ['A', 'pan-left-fast'],
  ['D', 'pan-right-fast'],
  ['y', 'copy'],
  ['Escape', 'escape'],
];

/** The treegrid pattern (https://www.w3.org/WAI/ARIA/apg/patterns/treegrid/), while the focus is in the rows. */
export const rowKeys: Readonly<Record<string, Command>> = {
  ArrowDown: 'row-down',
  ArrowUp: 'row-up',
  ArrowLeft: 'fold',
  ArrowRight: 'unfold',
  Home: 'row-first',
  End: 'row-last',
  PageDown: 'page-down',
  PageUp: 'page-up',
};

/** While the focus is on the time axis; with shift they go further. */
export const timelineKeys: Readonly<Record<string, readonly [plain: Command, shift: Command]>> = {
  ArrowLeft: ['pan-left', 'pan-left-fast'],
  ArrowRight: ['pan-right', 'pan-right-fast'],
  ArrowUp: ['zoom-in', 'zoom-in-fast'],
  ArrowDown: ['zoom-out', 'zoom-out-fast'],
};
