/** Where a word about a bar stands: behind it, before it, or over its end where there is no room beside it. */
export interface LabelPlace {
  readonly side: 'after' | 'before' | 'over';
  /** px from the left edge of the timeline (`after`, `over`: of the label's start) or from its right edge (`before`). */
  readonly px: number;
}

const gap = 8;

export function placeLabel(bar: { x0: number; x1: number }, width: number, labelWidth: number): LabelPlace {
  if (width - bar.x1 >= labelWidth + gap) return { side: 'after', px: bar.x1 + gap };
  if (bar.x0 >= labelWidth + gap) return { side: 'before', px: width - bar.x0 + gap };
  // Over the end of the bar, wholly inside the picture.
  return { side: 'over', px: Math.max(0, Math.min(bar.x1, width) - labelWidth - gap) };
}
