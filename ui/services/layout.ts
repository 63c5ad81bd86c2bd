/**
 * Who calls whom as a picture, pure: a layered drawing (Sugiyama, Tagawa, Toda 1981) from left to right. Callers stand left of
 * whom they call; a call that closes a circle runs back. Positions are in units: one layer, one row.
 */
export interface MapNode {
  readonly name: string;
  readonly layer: number;
  /** Rows from the top; fractions occur. */
  readonly row: number;
}

export interface MapEdge {
  readonly from: string;
  readonly to: string;
  /** From caller to callee: where it passes each layer between them. */
  readonly points: readonly { readonly layer: number; readonly row: number }[];
}

export interface MapLayout {
  readonly nodes: readonly MapNode[];
  readonly edges: readonly MapEdge[];
  readonly layers: number;
  /** Height in rows: the lowest row and what stands there. */
  readonly rows: number;
}

interface Call {
  readonly from: string;
  readonly to: string;
}

/** A node of the drawing: a service, or the place where a long edge passes a layer. */
interface Place {
  readonly id: number;
  readonly name: string | undefined;
  readonly layer: number;
  row: number;
  readonly left: Place[];
  readonly right: Place[];
}

/** Places every service once and every call between two services once; a service's calls to itself are left out. The same input gives the same picture. */
export function layoutMap(names: readonly string[], calls: readonly Call[]): MapLayout {
  const services = [...new Set(names)].sort(byText);
  const known = new Set(services);
  const edges = distinct(calls).filter(({ from, to }) => from !== to && known.has(from) && known.has(to));
  const forward = edges.filter(isForward(services, edges));
  const layerOf = findLayers(services, edges, forward);
  const { layers, chains } = place(services, edges, layerOf);
  orderLayers(layers);
  alignRows(layers);

  const places = layers.flat();
  const top = Math.min(...places.map((p) => p.row), Number.POSITIVE_INFINITY);
  for (const p of places) p.row -= top;
  return {
    nodes: places.flatMap(({ name, layer, row }) => (name === undefined ? [] : [{ name, layer, row }])),
    edges: edges.map(({ from, to }, i) => ({
      from,
      to,
      points: (chains[i] ?? []).map(({ layer, row }) => ({ layer, row })),
    })),
    layers: layers.length,
    rows: places.reduce((most, p) => Math.max(most, p.row + (p.name === undefined ? 0.6 : 1)), 0),
  };
}

/** The calls that a walk from the callers' side does not find to lead back to where it came from. */
function isForward(services: readonly string[], edges: readonly Call[]): (edge: Call) => boolean {
  const out = groupBy(edges, (edge) => edge.from);
  const calledCount = new Map<string, number>();
  for (const { to } of edges) calledCount.set(to, (calledCount.get(to) ?? 0) + 1);
  // Services that nobody calls first, then those that call the most: the front of a circle is its busiest caller.
  const starts = services.toSorted(
    (a, b) =>
      (calledCount.get(a) ?? 0) - (out.get(a)?.length ?? 0) - ((calledCount.get(b) ?? 0) - (out.get(b)?.length ?? 0)) ||
      byText(a, b),
  );
  const back = new Set<Call>();
  const state = new Map<string, 'open' | 'done'>();
  for (const start of starts) {
    if (state.has(start)) continue;
    const stack = [{ name: start, next: 0 }];
    state.set(start, 'open');
    for (let top = stack.at(-1); top !== undefined; top = stack.at(-1)) {
      const edge = out.get(top.name)?.[top.next++];
      if (edge === undefined) {
        state.set(top.name, 'done');
        stack.pop();
      } else if (state.get(edge.to) === 'open') back.add(edge);
      else if (!state.has(edge.to)) {
        state.set(edge.to, 'open');
        stack.push({ name: edge.to, next: 0 });
      }
    }
  }
  return (edge) => !back.has(edge);
}

/** Each service right of all its callers; those that nobody calls stand next to the first they call. */
function findLayers(services: readonly string[], edges: readonly Call[], forward: readonly Call[]) {
  const layerOf = new Map(services.map((name) => [name, 0]));
  // At most one round for each layer, since `forward` has no circle.
  for (let moved = true; moved; ) {
    moved = false;
    for (const { from, to } of forward) {
      const least = (layerOf.get(from) ?? 0) + 1;
      if ((layerOf.get(to) ?? 0) >= least) continue;
      layerOf.set(to, least);
      moved = true;
    }
  }
  const called = new Set(edges.map(({ to }) => to));
  for (const name of services) {
    const callees = forward.filter(({ from }) => from === name).map(({ to }) => layerOf.get(to) ?? 0);
    if (!called.has(name) && callees.length > 0) layerOf.set(name, Math.min(...callees) - 1);
  }
  return layerOf;
}

function place(
  services: readonly string[],
  edges: readonly Call[],
  layerOf: ReadonlyMap<string, number>,
): { readonly layers: Place[][]; readonly chains: Place[][] } {
  const layers: Place[][] = Array.from({ length: Math.max(-1, ...layerOf.values()) + 1 }, () => []);
  let id = 0;
  const add = (name: string | undefined, layer: number): Place => {
    const made: Place = { id: id++, name, layer, row: 0, left: [], right: [] };
    layers[layer]?.push(made);
    return made;
  };
  const placeOf = new Map(services.map((name) => [name, add(name, layerOf.get(name) ?? 0)]));
  // No call stays within a layer: forward ones lead right, and those that close a circle lead back left.
  const chains = edges.map((edge) => {
    const from = placeOf.get(edge.from);
    const to = placeOf.get(edge.to);
    if (from === undefined || to === undefined) return [];
    const step = from.layer < to.layer ? 1 : -1;
    const chain = [from];
    for (let layer = from.layer + step; layer !== to.layer; layer += step) {
      chain.push(add(undefined, layer));
    }
    chain.push(to);
    for (let i = 1; i < chain.length; i++) {
      const [a, b] = [chain[i - 1], chain[i]];
      if (a === undefined || b === undefined) continue;
      const [left, right] = a.layer < b.layer ? [a, b] : [b, a];
      left.right.push(right);
      right.left.push(left);
    }
    return chain;
  });
  return { layers, chains };
}

const sweeps = 12;

/** Orders each layer by where its neighbours stand, back and forth, and keeps the order with the fewest crossings. */
function orderLayers(layers: Place[][]): void {
  const number = () => layers.forEach((layer) => layer.forEach((p, i) => (p.row = i)));
  number();
  let best = layers.map((layer) => [...layer]);
  let fewest = countCrossings(layers);
  for (let sweep = 0; sweep < sweeps && fewest > 0; sweep++) {
    const toRight = sweep % 2 === 0;
    const order = toRight ? layers : layers.toReversed();
    for (const layer of order) {
      const wish = new Map(layer.map((p) => [p, mean(toRight ? p.left : p.right) ?? p.row]));
      layer.sort((a, b) => (wish.get(a) ?? 0) - (wish.get(b) ?? 0) || a.row - b.row || a.id - b.id);
      layer.forEach((p, i) => (p.row = i));
    }
    const crossings = countCrossings(layers);
    if (crossings < fewest) {
      fewest = crossings;
      best = layers.map((layer) => [...layer]);
    }
  }
  best.forEach((layer, i) => (layers[i] = layer));
  number();
}

function countCrossings(layers: readonly (readonly Place[])[]): number {
  let crossings = 0;
  for (const layer of layers) {
    const ends = layer.flatMap((p) => p.right.map((q) => q.row).toSorted((a, b) => a - b));
    for (let i = 0; i < ends.length; i++) {
      for (let j = i + 1; j < ends.length; j++) if ((ends[i] ?? 0) > (ends[j] ?? 0)) crossings++;
    }
  }
  return crossings;
}

/** Rows as near as possible to the neighbours' without changing the order: a service needs a whole row, a passing edge half of one. */
function alignRows(layers: readonly (readonly Place[])[]): void {
  const middle = Math.max(0, ...layers.map((layer) => layer.length)) / 2;
  for (const layer of layers) layer.forEach((p, i) => (p.row = middle - layer.length / 2 + i));
  for (let round = 0; round < 10; round++) {
    const toRight = round % 2 === 0;
    for (const layer of toRight ? layers : layers.toReversed()) {
      const wishes = layer.map((p) => mean(round < 8 ? (toRight ? p.left : p.right) : p.left.concat(p.right)) ?? p.row);
      spread(layer, wishes);
    }
  }
}

/** The rows nearest to `wishes` (least squares) that keep the order and the gaps: neighbours in conflict move as one block. */
function spread(layer: readonly Place[], wishes: readonly number[]): void {
  const offsets: number[] = [];
  layer.forEach((p, i) => offsets.push(i === 0 ? 0 : (offsets[i - 1] ?? 0) + gap(layer[i - 1], p)));
  const blocks: { sum: number; size: number }[] = [];
  layer.forEach((_, i) => {
    blocks.push({ sum: (wishes[i] ?? 0) - (offsets[i] ?? 0), size: 1 });
    for (;;) {
      const [before, last] = [blocks.at(-2), blocks.at(-1)];
      if (before === undefined || last === undefined || before.sum / before.size <= last.sum / last.size) break;
      blocks.splice(-2, 2, { sum: before.sum + last.sum, size: before.size + last.size });
    }
  });
  let i = 0;
  for (const { sum, size } of blocks) {
    for (const end = i + size; i < end; i++) {
      const p = layer[i];
      if (p !== undefined) p.row = sum / size + (offsets[i] ?? 0);
    }
  }
}

function gap(a: Place | undefined, b: Place): number {
  return a?.name !== undefined && b.name !== undefined ? 1 : a?.name !== undefined || b.name !== undefined ? 0.7 : 0.4;
}

function mean(places: readonly Place[]): number | undefined {
  return places.length === 0 ? undefined : places.reduce((sum, p) => sum + p.row, 0) / places.length;
}

function distinct(calls: readonly Call[]): readonly Call[] {
  const byEnds = new Map(calls.map(({ from, to }) => [JSON.stringify([from, to]), { from, to }]));
  return [...byEnds.values()].sort((a, b) => byText(a.from, b.from) || byText(a.to, b.to));
}

function groupBy<T>(items: readonly T[], key: (item: T) => string): ReadonlyMap<string, readonly T[]> {
  const groups = new Map<string, T[]>();
  for (const item of items) groups.set(key(item), [...(groups.get(key(item)) ?? []), item]);
  return groups;
}

function byText(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
