/** Which colour each service has, for DOM (`serviceColor`) and canvas (`servicePaint`). One assignment for the whole page. */
import { signal } from '@preact/signals';
import { assignSlots, freeSlot, palette, preferredSlot } from '../parts/service-color.ts';
import { ApiFailure, getJson } from './api.ts';
import { theme } from './theme.ts';
import { keep, recall } from '../parts/browser-memory.ts';

const storageKey = 'ariane.services';
const assigned = signal<ReadonlyMap<string, number>>(new Map());
// Services that turn up between two readings of the list: they keep what they got until then.
const late = new Map<string, number>();

/** `var(--service-3)`. */
export function serviceColor(name: string): string {
  return `var(--service-${slotOf(name)})`;
}

/** `#3b288f`, in the theme of now. Reading it subscribes to the theme. */
export function servicePaint(name: string): string {
  return palette[theme.value][slotOf(name)] ?? '#888888';
}

function slotOf(name: string): number {
  const known = assigned.value.get(name) ?? late.get(name);
  if (known !== undefined) return known;
  const slot = freeSlot(preferredSlot(name), new Map([...assigned.value, ...late]));
  late.set(name, slot);
  return slot;
}

/** Assigns by the list of the last visit, then by the server's. Called once, by `main.tsx`. */
export function startColors(): void {
  assigned.value = assignSlots((recall(storageKey) ?? '').split('\n').filter((name) => name !== ''));
  void readServices();
}

async function readServices(): Promise<void> {
  try {
    const { data } = await getJson<{ readonly data: readonly string[] | null }>('/api/services');
    const names = (data ?? []).toSorted();
    if (names.join('\n') === [...assigned.value.keys()].toSorted().join('\n')) return;
    assigned.value = assignSlots(names);
    late.clear();
    keep(storageKey, names.join('\n'));
  } catch (error) {
    if (!(error instanceof ApiFailure)) throw error;
  }
}
