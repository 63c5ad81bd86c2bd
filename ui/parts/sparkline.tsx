/**
 * A row's course over the range: one line over equal slices of time, with a gap where nothing was. The scale is the row's own,
 * from 0 to its highest slice, so that a rise is seen whatever the unit.
 */
export function Sparkline(props: { readonly values: readonly (number | null)[]; readonly label: string }) {
  const { line, area, points, last } = sparkPath(props.values, width, height);
  return (
    <svg class="sparkline" width={width} height={height} viewBox={`0 0 ${width} ${height}`} role="img">
      <title>{props.label}</title>
      <path class="area" d={area} />
      <path d={line} />
      {points.map(([x, y]) => (
        <circle key={x} cx={x} cy={y} r="1.2" />
      ))}
      {last && <circle class="last" cx={last[0]} cy={last[1]} r="1.8" />}
    </svg>
  );
}

const width = 108;
const height = 18;

type Point = readonly [x: number, y: number];

/** The line's path, the ground under it, the slices that stand alone (a line of one point is not seen), and the newest point. */
export function sparkPath(
  values: readonly (number | null)[],
  w: number,
  h: number,
): {
  readonly line: string;
  readonly area: string;
  readonly points: readonly Point[];
  readonly last: Point | undefined;
} {
  const highest = Math.max(...values.map((v) => v ?? 0));
  const at = (i: number): Point | undefined => {
    const value = values[i];
    if (value === null || value === undefined) return undefined;
    const x = 2 + (i / Math.max(1, values.length - 1)) * (w - 4);
    const y = h - 2 - (highest > 0 ? value / highest : 0) * (h - 4);
    return [round(x), round(y)];
  };
  const ground = h - 2;
  let line = '';
  let area = '';
  const points: Point[] = [];
  let last: Point | undefined;
  for (let i = 0; i < values.length; i++) {
    const point = at(i);
    if (point === undefined) continue;
    const [before, after] = [at(i - 1), at(i + 1)];
    if (before === undefined && after === undefined) points.push(point);
    else {
      const [x, y] = point;
      line += `${before === undefined ? 'M' : 'L'}${x} ${y}`;
      area += `${before === undefined ? `M${x} ${ground}` : ''}L${x} ${y}${after === undefined ? `L${x} ${ground}Z` : ''}`;
    }
    last = point;
  }
  return { line, area, points, last };
}

function round(x: number): number {
  return Math.round(x * 10) / 10;
}
