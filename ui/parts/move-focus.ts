/**
 * Moves the focus among the elements of a list that match `selector`: to the next (1) or the previous (-1), to the first or the
 * last when none has it.
 */
export function moveFocus(list: ParentNode | null, selector: string, step: 1 | -1): void {
  const rows = [...(list?.querySelectorAll<HTMLElement>(selector) ?? [])];
  const at = rows.findIndex((row) => row === document.activeElement);
  const next = at < 0 ? (step > 0 ? 0 : rows.length - 1) : Math.max(0, Math.min(rows.length - 1, at + step));
  rows[next]?.focus();
}
