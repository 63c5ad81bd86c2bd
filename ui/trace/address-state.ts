/** The page's part of the address as a signal: written at once here, and to the address bar when it comes to rest. */
import { effect, type ReadonlySignal, signal } from '@preact/signals';
import { navigate, params, path } from '../shell/router.ts';
import { formatAddress, type PageAddress, parseAddress } from './address.ts';

/** `step`: "back" undoes it. `same`: it replaces the step before. `later`: the same, once the hand rests. */
export type Keep = 'step' | 'same' | 'later';

export interface AddressState {
  readonly value: ReadonlySignal<PageAddress>;
  change(changes: Partial<PageAddress>, keep: Keep): void;
  stop(): void;
}

const restMs = 200;

export function createAddressState(): AddressState {
  const value = signal(parseAddress(params.peek()));
  let timer: ReturnType<typeof setTimeout> | undefined;
  const write = (replace: boolean) => {
    clearTimeout(timer);
    timer = undefined;
    const query = formatAddress(value.peek(), params.peek()).toString();
    navigate(query === '' ? path.peek() : `${path.peek()}?${query}`, { replace });
  };
  // "Back", or a link to another state of this page.
  const stop = effect(() => {
    const query = params.value;
    if (timer === undefined && formatAddress(value.peek(), query).toString() !== query.toString()) {
      value.value = parseAddress(query);
    }
  });
  return {
    value,
    change(changes, keep) {
      value.value = { ...value.peek(), ...changes };
      if (keep === 'later') {
        clearTimeout(timer);
        timer = setTimeout(() => write(true), restMs);
      } else write(keep === 'same');
    },
    stop() {
      stop();
      clearTimeout(timer);
    },
  };
}
