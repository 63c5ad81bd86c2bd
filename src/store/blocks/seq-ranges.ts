/** Which records of a spool went into a block: ascending, closed ranges, `[[1, 40], [42, 42]]`. */
export type SeqRanges = readonly (readonly [from: number, to: number])[];

/** Seqs may come in any order, and more than once. */
export function rangesOf(seqs: Iterable<number>): SeqRanges {
  const ranges: [number, number][] = [];
  for (const seq of [...seqs].sort((a, b) => a - b)) {
    const last = ranges.at(-1);
    if (last !== undefined && seq <= last[1] + 1) last[1] = Math.max(last[1], seq);
    else ranges.push([seq, seq]);
  }
  return ranges;
}

export function hasSeq(ranges: SeqRanges, seq: number): boolean {
  return ranges.some(([from, to]) => from <= seq && seq <= to);
}

export function lastSeq(ranges: SeqRanges): number {
  return ranges.at(-1)?.[1] ?? 0;
}
