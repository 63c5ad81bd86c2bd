import { signal } from '@preact/signals';
import { describe, expect, test, vi } from 'vitest';
import { diagnoseTrace } from '../../src/diagnose/diagnose-trace.ts';
import { encodeSkeleton } from '../../src/model/skeleton.ts';
import { spanIdOf, type Trace } from '../../src/model/trace.ts';
import type { TraceHead } from '../../src/show/api/types.ts';
import { createActions } from './actions.ts';
import { type PageAddress, parseAddress } from './address.ts';
import { idOf, traceOf } from './layout/example.ts';
import { toggleKey } from './layout/rows.ts';
import { indexSpans } from './layout/span-index.ts';
import { buffersOf, prepare } from './prepare.ts';
import type { Loaded } from './source.ts';
import { createView } from './view.ts';

const ms = 1e6;

function pageOf(trace: Trace, query = '') {
  const address = signal(parseAddress(new URLSearchParams(query)));
  const kept: string[] = [];
  // Neither the head nor the address bar is read by what is tested here.
  const head = {} as TraceHead;
  const loaded = signal<Loaded>({ ...prepare(encodeSkeleton(trace)), head, index: indexSpans(trace) });
  const verdict = signal(diagnoseTrace(trace, { language: 'en', settled: true }));
  const state = {
    value: address,
    change(changes: Partial<PageAddress>, keep: string) {
      kept.push(keep);
      address.value = { ...address.peek(), ...changes };
    },
    stop: () => {},
  };
  const view = createView(loaded, verdict, state);
  const outside = { copy: vi.fn(), focusFind: vi.fn() };
  const actions = createActions(view, outside);
  const cursor = () => {
    const visible = view.layout.value.rows[view.cursorIndex.value];
    return visible && `${visible.kind} ${trace.names[trace.name[visible.row] ?? 0]}`;
  };
  return { view, actions, cursor, outside, kept, loaded };
}

const shop = traceOf(`
  shop checkout 0 ${500 * ms}
    auth login ${10 * ms} ${60 * ms}
    order orders ${80 * ms} ${480 * ms}
      order SELECT ${100 * ms} ${450 * ms} client
    mail send ${60 * ms} ${70 * ms} error
`);

const manyQueries = traceOf(`
  shop checkout 0 ${500 * ms}
${Array.from({ length: 40 }, (_, i) => `    order SELECT ${(10 + i * 10) * ms} ${(19 + i * 10) * ms} client`).join('\n')}
`);

function largeTrace(): Trace {
  const small = Array.from({ length: 2000 }, (_, i) => `    a small ${i} ${i + 1}`).join('\n');
  return traceOf(`shop checkout 0 ${500 * ms}\n${small}\n    db slow ${100 * ms} ${480 * ms}\n`);
}

describe('the view of a trace', () => {
  test('opens a small trace whole, with the culprit selected', () => {
    const { view } = pageOf(shop);
    expect(view.layout.value.rows).toHaveLength(5);
    expect(shop.names[shop.name[view.selected.value] ?? 0]).toBe('SELECT');
    expect(view.tag.value).toBe('the time goes here · 350 ms (70%)');
    expect(view.canShowEverything.value).toBe(false);
  });

  test('selects nothing once that was closed, and what a link asks for', () => {
    expect(pageOf(shop, 'span=none').view.selected.value).toBe(-1);
    expect(pageOf(shop, `span=${idOf(2)}`).view.selected.value).toBe(1);
  });

  test('lets the fold of forty queries carry the verdict with what they take together', () => {
    const { view } = pageOf(manyQueries);
    expect(view.layout.value.rows[view.culpritIndex.value]).toMatchObject({ kind: 'fold', spans: 40 });
    expect(view.tag.value).toBe('the time goes here · 360 ms (72%)');
  });

  test('focuses a large trace on what matters, matches included, and shows everything when asked', () => {
    const { view, actions } = pageOf(largeTrace());
    expect(view.layout.value.rows.map((visible) => visible.kind)).toEqual(['span', 'hidden', 'span']);
    view.found.value = { text: 'x', rows: [5] };
    expect(view.layout.value.rows.map((visible) => visible.kind)).toEqual(['span', 'hidden', 'span', 'hidden', 'span']);
    actions.run('everything');
    expect(view.layout.value.rows).toHaveLength(2002);
  });

  test('keeps what was toggled while the trace grows around it', () => {
    const { view, loaded } = pageOf(shop, `toggled=s${idOf(3)}`);
    expect(view.layout.value.rows).toHaveLength(4);
    const grown = traceOf(`
      shop checkout 0 500
        auth login 10 60
          auth hash 11 12
        order orders 80 480
          order SELECT 100 450
    `);
    // "orders" had the third id and keeps it, whatever row it stands in; the new span has one of its own.
    const spanIds = grown.spanIds.slice();
    spanIds.set(grown.spanIds.subarray(2 * 8, 3 * 8), 3 * 8);
    spanIds.fill(0xee, 2 * 8, 3 * 8);
    const trace = { ...grown, spanIds };
    expect(spanIdOf(trace, 3)).toBe(idOf(3));
    loaded.value = { ...loaded.value, ...prepare(encodeSkeleton(trace)), index: indexSpans(trace) };
    const orders = view.layout.value.rows.find((visible) => visible.row === 3);
    expect(orders).toMatchObject({ kind: 'span', state: 'closed' });
  });

  test('highlights the spans of a cause or a service', () => {
    const { view } = pageOf(shop, 'mark=service:order');
    expect([0, 1, 2, 3, 4].map((row) => view.marked.value?.has(row))).toEqual([false, false, false, true, true]);
    expect(pageOf(shop, 'mark=cause:0').view.marked.value?.has(4)).toBe(true);
    expect(pageOf(shop, 'mark=cause:99').view.marked.value).toBeUndefined();
  });
});

describe('the keyboard of the trace page', () => {
  test('walks rows, stopping at both ends', () => {
    const { actions, cursor } = pageOf(shop, 'span=none');
    actions.run('row-down');
    expect(cursor()).toBe('span checkout');
    actions.run('row-up');
    expect(cursor()).toBe('span checkout');
    actions.run('row-last');
    actions.run('row-down');
    expect(cursor()).toBe('span SELECT');
  });

  test('folds and unfolds as a tree does', () => {
    const { actions, cursor, view } = pageOf(shop, 'span=none');
    actions.goTo(4);
    actions.run('fold');
    expect(cursor()).toBe('span orders');
    actions.run('fold');
    expect(view.layout.value.rows).toHaveLength(4);
    actions.run('unfold');
    actions.run('unfold');
    expect(cursor()).toBe('span SELECT');
  });

  test('follows the thread in the order of time', () => {
    const { actions, cursor } = pageOf(shop, 'span=none');
    const seen = Array.from({ length: 5 }, () => {
      actions.run('next-piece');
      return cursor();
    });
    expect(seen).toEqual(['span checkout', 'span login', 'span send', 'span checkout', 'span orders']);
    actions.run('previous-piece');
    expect(cursor()).toBe('span checkout');
  });

  test('jumps to errors, also when they are closed away', () => {
    const { actions, cursor } = pageOf(shop, 'span=none&levels=0');
    actions.run('next-error');
    expect(cursor()).toBe('span send');
  });

  test('jumps among matches, and waits for them when they are not there yet', () => {
    const { actions, cursor, view } = pageOf(shop, 'span=none&find=select');
    actions.run('next-match');
    expect(view.wantsMatch.current).toBe(1);
    view.found.value = { text: 'select', rows: [4] };
    actions.run('next-match');
    expect(cursor()).toBe('span SELECT');
  });

  test('opens and closes details as steps that "back" undoes, and follows the cursor while they are open', () => {
    const { actions, view, kept } = pageOf(shop, 'span=none');
    actions.goTo(0);
    actions.run('details');
    expect(view.selected.value).toBe(0);
    actions.run('row-down');
    expect(view.selected.value).toBe(1);
    actions.run('details');
    expect(view.selected.value).toBe(-1);
    expect(kept).toEqual(['step', 'later', 'step']);
  });

  test('zooms and pans inside the whole; escape leads back step by step', () => {
    const { actions, view } = pageOf(shop, 'find=x');
    actions.run('zoom-in');
    expect(view.range.value).toEqual({ startNs: 50 * ms, endNs: 450 * ms });
    actions.run('pan-left-fast');
    expect(view.range.value).toEqual({ startNs: 0, endNs: 400 * ms });
    for (const expected of [{ span: 'none' }, { find: '' }, { zoom: undefined }]) {
      actions.run('escape');
      expect(view.address.value.value).toMatchObject(expected);
    }
  });

  test('opens and closes levels', () => {
    const { actions, view } = pageOf(shop, 'span=none');
    actions.run('fold-all');
    expect(view.layout.value.rows).toHaveLength(1);
    actions.run('unfold-level');
    expect(view.layout.value.rows).toHaveLength(4);
    actions.run('unfold-level');
    expect(view.layout.value.rows).toHaveLength(5);
    actions.run('fold-level');
    expect(view.layout.value.rows).toHaveLength(4);
    actions.run('unfold-all');
    expect(view.address.value.value.levels).toBeUndefined();
  });

  test('keeps the cursor by what it stands on', () => {
    const { view } = pageOf(manyQueries);
    view.cursor.value = toggleKey({ kind: 'fold', row: 1 });
    expect(view.cursorIndex.value).toBe(1);
  });
});

test('a prepared trace gives each of its buffers away once', () => {
  const buffers = buffersOf(prepare(encodeSkeleton(shop)));
  expect(new Set(buffers).size).toBe(buffers.length);
  expect(buffers.length).toBeGreaterThan(12);
});
