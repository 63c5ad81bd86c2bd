/** How wide the page is: what it shows differs at three widths. */
import { signal } from '@preact/signals';

/** `narrow`: a phone. `medium`: half a screen; details come as a sheet from below. */
export type Width = 'narrow' | 'medium' | 'wide';

export const width = signal<Width>('wide');

/** Keeps `width` true until the returned function is called. */
export function followWidth(): () => void {
  const narrow = matchMedia('(max-width: 499px)');
  const medium = matchMedia('(max-width: 1099px)');
  const read = () => {
    width.value = narrow.matches ? 'narrow' : medium.matches ? 'medium' : 'wide';
  };
  narrow.addEventListener('change', read);
  medium.addEventListener('change', read);
  read();
  return () => {
    narrow.removeEventListener('change', read);
    medium.removeEventListener('change', read);
  };
}
