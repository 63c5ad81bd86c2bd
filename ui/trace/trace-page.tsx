import { useTitle } from '../shell/title.ts';

/** One trace: `id` as the address has it, exact or a prefix. */
export function TracePage({ id }: { readonly id: string }) {
  useTitle(id);
  return <div class="page mono">{id}</div>;
}
