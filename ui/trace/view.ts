/**
 * What the trace page shows, as values that follow from each other: the trace, its verdict and the address give rows,
 * thread, culprit and highlights. Components read; `actions.ts` changes.
 */
import { computed, type ReadonlySignal, type Signal, signal } from '@preact/signals';
import { sentenceText } from '../../src/diagnose/sentences/sentence.ts';
import { spanIdOf, type Trace } from '../../src/model/trace.ts';
import type { TraceVerdict } from '../../src/show/api/types.ts';
import type { Mark } from './address.ts';
import type { AddressState } from './address-state.ts';
import { focusRows } from './layout/focus.ts';
import { type RowSet, rowSet } from './layout/folds.ts';
import { layoutRows, type RowLayout, type RowOptions, toggleKey, type VisibleRow } from './layout/rows.ts';
import { wholeRange } from './layout/whole.ts';
import type { Loaded } from './source.ts';
import { ownedByVisible, type TimeRange } from './thread.ts';
import { width } from './width.ts';
import { language } from '../words/words.ts';

/** Up to here everything is open and nothing folds. */
const smallTrace = 30;
/** Above, only what matters shows until somebody asks for everything. */
const largeTrace = 1000;

export interface TraceView {
  readonly address: AddressState;
  readonly loaded: ReadonlySignal<Loaded>;
  readonly verdict: ReadonlySignal<TraceVerdict | undefined>;
  /** The time of the whole trace, and the part of it on the screen. */
  readonly whole: ReadonlySignal<TimeRange>;
  readonly range: ReadonlySignal<TimeRange>;
  /** The row of the trace where the time goes, or -1. */
  readonly culprit: ReadonlySignal<number>;
  /** The visible row that carries the verdict: the culprit's, or the one that folds many like it. -1 for none. */
  readonly culpritIndex: ReadonlySignal<number>;
  /** What stands beside its bar. */
  readonly tag: ReadonlySignal<string>;
  readonly options: ReadonlySignal<RowOptions>;
  readonly layout: ReadonlySignal<RowLayout>;
  /** ns of the path that each visible row owns or hides. */
  readonly owned: ReadonlySignal<Float64Array>;
  /** Whether there is more than what Focus or folds show by default. */
  readonly canShowEverything: ReadonlySignal<boolean>;
  readonly isFocused: ReadonlySignal<boolean>;
  /** The row whose details are open, or -1. */
  readonly selected: ReadonlySignal<number>;
  /** Where the keyboard is: a visible row's key. */
  readonly cursor: Signal<string>;
  readonly cursorIndex: ReadonlySignal<number>;
  /** What the search found, and for which text. */
  readonly found: Signal<{ readonly text: string; readonly rows: readonly number[] }>;
  readonly matches: ReadonlySignal<readonly number[]>;
  readonly isMatch: ReadonlySignal<ReadonlySet<number>>;
  /** Asked for the next (1) or previous (-1) match before the search had answered. */
  readonly wantsMatch: { current: 1 | -1 | undefined };
  /** A passing highlight under the pointer, stronger than the one in the address. */
  readonly hoverMark: Signal<Mark | undefined>;
  readonly marked: ReadonlySignal<RowSet | undefined>;
  /** Rows below a span that nobody waited for, itself included. */
  readonly notWaited: ReadonlySignal<RowSet>;
  /** Set by the waterfall: brings a visible row into sight. */
  readonly scrollTo: { current: (index: number) => void };
  /** Set by the waterfall: rows that fit on the screen. */
  readonly pageRows: { current: number };
}

export function createView(
  loaded: ReadonlySignal<Loaded>,
  verdict: ReadonlySignal<TraceVerdict | undefined>,
  address: AddressState,
): TraceView {
  const trace = computed(() => loaded.value.trace);
  const rowOf = (spanId: string) => loaded.value.index.rowOf(spanId);
  const found = signal<{ text: string; rows: readonly number[] }>({ text: '', rows: [] });
  const matches = computed(() => found.value.rows);
  const hoverMark = signal<Mark>();
  const cursor = signal('');

  const whole = computed(() => wholeRange(trace.value, loaded.value.path.root));
  const range = computed(() => {
    const zoom = address.value.value.zoom;
    if (zoom === undefined) return whole.value;
    const startNs = Math.max(zoom.startNs, whole.value.startNs);
    const endNs = Math.min(zoom.endNs, whole.value.endNs);
    return endNs > startNs ? { startNs, endNs } : whole.value;
  });
  const culprit = computed(() => rowOf(verdict.value?.culprit?.span_id ?? ''));
  // One of forty queries is not where the time goes: then the fold of all forty carries the verdict.
  const isAlone = computed(() => {
    const found = verdict.value?.culprit;
    const cause = found && verdict.value?.causes.find((one) => one.span_ids.includes(found.span_id));
    return cause === undefined || (found?.self_path_ns ?? 0) * 2 > cause.contribution_ns;
  });

  const isEverything = computed(() => address.value.value.isEverything);
  const isFocused = computed(() => trace.value.count > largeTrace && !isEverything.value);
  const focus = computed(() =>
    isFocused.value ? focusRows(trace.value, loaded.value.ownNs, [culprit.value, ...matches.value]) : undefined,
  );
  const toggledIds = computed(() => address.value.value.toggled);
  const levels = computed(() => address.value.value.levels);
  const options = computed<RowOptions>(() => ({
    focus: focus.value,
    levels: levels.value,
    hasFolds: trace.value.count > smallTrace && !isEverything.value,
    culprit: isAlone.value ? culprit.value : -1,
    toggled: new Set([...toggledIds.value].map((key) => `${key[0]}${rowOf(key.slice(1))}`)),
  }));
  const layout = computed(() => layoutRows(trace.value, options.value));
  const owned = computed(() => ownedByVisible(loaded.value.path, layout.value.indexOf, layout.value.rows.length));
  const culpritIndex = computed(() => layout.value.indexOf[culprit.value] ?? -1);
  const tag = computed(() => {
    const found = verdict.value?.culprit;
    if (found === undefined) return '';
    if (layout.value.rows[culpritIndex.value]?.kind !== 'fold') return found.tag.text;
    const ms = owned.value[culpritIndex.value] ?? 0;
    return sentenceText('tag', { ms, share: ms / (verdict.value?.duration_ns ?? ms) }, language.value);
  });
  const canShowEverything = computed(
    () => isEverything.value || isFocused.value || layout.value.rows.some((visible) => visible.kind === 'fold'),
  );

  const selectedId = computed(() => address.value.value.span);
  const selected = computed(() => {
    const id = selectedId.value;
    if (id !== undefined) return rowOf(id);
    if (trace.value.count === 1) return 0;
    // Beside the rows there is room for details at once; a sheet over them would hide what they explain.
    return trace.value.count <= smallTrace && width.value === 'wide' ? culprit.value : -1;
  });

  const markAt = computed(() => hoverMark.value ?? address.value.value.mark);
  return {
    address,
    loaded,
    verdict,
    whole,
    range,
    culprit,
    culpritIndex,
    tag,
    options,
    layout,
    owned,
    canShowEverything,
    isFocused,
    selected,
    cursor,
    cursorIndex: computed(() => indexOfKey(layout.value, cursor.value)),
    found,
    matches,
    isMatch: computed(() => new Set(matches.value)),
    wantsMatch: { current: undefined },
    hoverMark,
    marked: computed(() => markAt.value && markedRows(trace.value, verdict.value, markAt.value, rowOf)),
    notWaited: computed(() => {
      const isBelow = new Uint8Array(trace.value.count);
      for (const row of loaded.value.path.notWaitedFor) isBelow.fill(1, row, row + (trace.value.size[row] ?? 1));
      return rowSet(trace.value, (row) => isBelow[row] === 1);
    }),
    scrollTo: { current: () => {} },
    pageRows: { current: 20 },
  };
}

/** How the address names a visible row: by span id, which stays while a trace grows. */
export function addressKey(trace: Trace, visible: Pick<VisibleRow, 'kind' | 'row'>): string {
  return `${visible.kind[0]}${spanIdOf(trace, visible.row)}`;
}

/** The place of the visible row that `key` (of `toggleKey`) names, or of the row that hides it; -1 for none. */
export function indexOfKey(layout: RowLayout, key: string): number {
  if (key === '') return -1;
  const index = layout.indexOf[Number(key.slice(1))] ?? -1;
  // A group stands just above its first member once it is open, a hollow row above its first orphan.
  for (let i = index; i >= 0 && i > index - 4; i--) {
    const visible = layout.rows[i];
    if (visible !== undefined && toggleKey(visible) === key) return i;
  }
  return index;
}

function markedRows(
  trace: Trace,
  verdict: TraceVerdict | undefined,
  mark: Mark,
  rowOf: (spanId: string) => number,
): RowSet | undefined {
  if ('service' in mark) {
    const service = trace.services.indexOf(mark.service);
    return service < 0 ? undefined : rowSet(trace, (row) => trace.service[row] === service);
  }
  const cause = verdict?.causes[mark.cause];
  if (cause === undefined) return undefined;
  const rows = new Set(cause.span_ids.map(rowOf));
  return rowSet(trace, (row) => rows.has(row));
}
