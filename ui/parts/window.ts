/** Which rows of a long list stand in the view: only those are in the document. */
export interface RowWindow {
  readonly first: number;
  /** One after the last. */
  readonly end: number;
}

/**
 * @param top px from the list's top edge to the view's top edge, negative while the list begins inside the view
 * @param height of the view, px
 * @param overscan rows kept ready on each side
 */
export function rowWindow(top: number, height: number, rowHeight: number, count: number, overscan = 8): RowWindow {
  const first = Math.max(0, Math.min(count, Math.floor(top / rowHeight) - overscan));
  const end = Math.max(first, Math.min(count, Math.ceil((top + height) / rowHeight) + overscan));
  return { first, end };
}
