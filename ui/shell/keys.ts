/**
 * The keyboard. A page registers its keys while it stands; `?` lists what is registered. The newest registration of a key
 * wins. A key is written as `j`, `N`, `Enter`, `Escape`, `ctrl+b`, or two in a row: `g t`.
 */
import { signal } from '@preact/signals';
import { useEffect, useRef } from 'preact/hooks';

export interface Key {
  readonly keys: string;
  /** What it does, for the list of `?`. */
  readonly label: string;
  run(event: KeyboardEvent): void;
  /** Also while a text field has the focus. */
  readonly inFields?: boolean;
}

export interface KeyGroup {
  readonly title: string;
  readonly keys: readonly Key[];
}

export const keyGroups = signal<readonly KeyGroup[]>([]);

/** Registers a group until the returned function is called. */
export function registerKeys(group: KeyGroup): () => void {
  keyGroups.value = [...keyGroups.peek(), group];
  return () => {
    keyGroups.value = keyGroups.peek().filter((g) => g !== group);
  };
}

/** Registers keys while the component stands. Each call of `run` sees the component's newest state. */
export function useKeys(title: string, keys: readonly Key[]): void {
  const current = useRef(keys);
  current.current = keys;
  const signature = keys.map((key) => `${key.keys} ${key.label}`).join('\n');
  useEffect(
    () =>
      registerKeys({
        title,
        keys: current.current.map((key, i) => ({ ...key, run: (event) => current.current[i]?.run(event) })),
      }),
    [title, signature],
  );
}

// A second key belongs to the first one for this long.
const sequenceMs = 1200;

/** Listens on the document. Called once, by `main.tsx`. */
export function startKeys(): void {
  let first = '';
  let firstAt = 0;
  document.addEventListener('keydown', (event) => {
    if (event.defaultPrevented || event.isComposing) return;
    const pressed = nameOf(event);
    if (pressed === undefined) return;
    if ((pressed === 'Enter' || pressed === 'Space') && isPressable(event.target)) return;
    const inField = isField(event.target);
    const sequence = event.timeStamp - firstAt < sequenceMs && first !== '' ? `${first} ${pressed}` : undefined;
    const key = (sequence !== undefined && findKey(sequence, inField)) || findKey(pressed, inField);
    first = '';
    if (key) {
      event.preventDefault();
      key.run(event);
    } else if (!inField && startsSequence(pressed)) {
      first = pressed;
      firstAt = event.timeStamp;
    }
  });
}

/** `ctrl+b`, `N`, `ArrowDown`. Undefined for a modifier alone and for what the browser or the system owns. */
export function nameOf(event: Pick<KeyboardEvent, 'key' | 'ctrlKey' | 'metaKey' | 'altKey'>): string | undefined {
  if (['Shift', 'Control', 'Alt', 'Meta', 'Dead'].includes(event.key)) return undefined;
  if (event.altKey && event.key.length > 1) return undefined;
  const name = event.key === ' ' ? 'Space' : event.key;
  // Windows reports AltGr as Ctrl and Alt together: the character counts.
  if (event.altKey) return name;
  return event.ctrlKey || event.metaKey ? `ctrl+${name.toLowerCase()}` : name;
}

function findKey(name: string, inField: boolean): Key | undefined {
  const groups = keyGroups.peek();
  for (let i = groups.length - 1; i >= 0; i--) {
    const key = groups[i]?.keys.find((k) => k.keys === name && (!inField || k.inFields === true));
    if (key) return key;
  }
  return undefined;
}

function startsSequence(name: string): boolean {
  return keyGroups.peek().some((group) => group.keys.some((key) => key.keys.startsWith(`${name} `)));
}

/** Enter and Space on a focused link or button are its own. */
function isPressable(target: EventTarget | null): boolean {
  return target instanceof Element && target.closest('a, button, summary') !== null;
}

function isField(target: EventTarget | null): boolean {
  return (
    target instanceof HTMLElement && (target.isContentEditable || /^(INPUT|TEXTAREA|SELECT)$/.test(target.tagName))
  );
}
