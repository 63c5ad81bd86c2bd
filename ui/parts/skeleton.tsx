/** Grey bars where rows will be, of a row's height, so that nothing moves when they come. */
export function SkeletonRows({ count, label }: { readonly count: number; readonly label: string }) {
  return (
    <div class="skeleton" role="status" aria-label={label}>
      {Array.from({ length: count }, (_, i) => (
        // Widths that repeat late look like text and not like a grid.
        <div key={i} class="skeleton-row" style={{ '--w': `${32 + ((i * 37) % 41)}%` }} />
      ))}
    </div>
  );
}
