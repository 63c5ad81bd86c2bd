import { words } from '../words/words.ts';
import type { VisibleRow } from './layout/rows.ts';
import type { TraceView } from './view.ts';

/** `order · SELECT orders ×40`: what a visible row is called away from its place in the tree. */
export function ownerName(view: TraceView, visible: VisibleRow): string {
  const { trace } = view.loaded.value;
  const t = words().trace.rows;
  if (visible.kind === 'hidden') return t.hidden(visible.spans);
  if (visible.kind === 'missing') return t.missing(visible.spanId.slice(0, 4));
  const name = `${trace.services[trace.service[visible.row] ?? 0]} · ${trace.names[trace.name[visible.row] ?? 0]}`;
  return visible.kind === 'fold' ? `${name} ${t.times(visible.rows.length)}` : name;
}
