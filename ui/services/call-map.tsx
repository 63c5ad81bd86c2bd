import type { Signal } from '@preact/signals';
import { useMemo, useRef } from 'preact/hooks';
import type { ServiceMap } from '../../src/show/api/types.ts';
import { useWidth } from '../parts/use-size.ts';
import { serviceColor } from '../shell/colors.ts';
import { hrefInRange } from '../shell/router.ts';
import { format, words } from '../words/words.ts';
import { layoutMap, type MapEdge, type MapNode } from './layout.ts';

const node = { width: 148, height: 36 };
const rowPx = 50;
const leastGapPx = 100;
const mostGapPx = 190;
// With more edges their figures would lie on each other: then only those of the service under the pointer are shown.
const mostLabelled = 12;

type Edge = ServiceMap['edges'][number];

/** Who calls whom. The service under the pointer keeps its own calls in view and pales the others. */
export function CallMap(props: {
  readonly map: ServiceMap;
  readonly seconds: number;
  readonly hovered: Signal<string | undefined>;
}) {
  const { services: text, units } = words();
  const { map, hovered } = props;
  const box = useRef<HTMLDivElement>(null);
  const width = useWidth(box);
  const shape =
    map.services.map(({ name }) => name).join('\n') + map.edges.map(({ from, to }) => `\n${from}\t${to}`).join('');
  const layout = useMemo(
    () =>
      layoutMap(
        map.services.map(({ name }) => name),
        map.edges,
      ),
    [shape],
  );
  const gap = Math.max(
    leastGapPx,
    Math.min(mostGapPx, (width - layout.layers * node.width) / Math.max(1, layout.layers - 1)),
  );
  const drawn = layout.layers * node.width + (layout.layers - 1) * gap;
  const height = layout.rows * rowPx;
  const left = (layer: number) => layer * (node.width + gap);
  const middle = (row: number) => row * rowPx + rowPx / 2;
  const most = Math.max(1, ...map.edges.map((edge) => edge.calls));
  const statOf = new Map(map.services.map((service) => [service.name, service]));
  const edgeOf = new Map(map.edges.map((edge) => [`${edge.from}\n${edge.to}`, edge]));
  const isNear = (edge: MapEdge) => hovered.value === edge.from || hovered.value === edge.to;
  const near = new Set(layout.edges.filter(isNear).flatMap((edge) => [edge.from, edge.to]));
  const degree = (name: string, end: 'from' | 'to') => layout.edges.filter((edge) => edge[end] === name).length;
  const nodeLook = (name: string) =>
    hovered.value === undefined || hovered.value === name || near.has(name) ? 'map-node' : 'map-node pale';
  return (
    <div class="map">
      <div ref={box} />
      <svg
        width={Math.max(1, drawn)}
        height={Math.max(1, height)}
        role="img"
        aria-label={text.mapLabel(units.services(map.services.length), map.edges.length)}
      >
        <defs>
          {['plain', 'failing'].map((look) => (
            <marker
              key={look}
              id={`arrow-${look}`}
              class={look}
              viewBox="0 0 8 8"
              refX="7"
              refY="4"
              markerWidth="7"
              markerHeight="7"
              markerUnits="userSpaceOnUse"
              orient="auto"
            >
              <path d="M0 0.8 7 4 0 7.2Z" />
            </marker>
          ))}
        </defs>
        {layout.edges.map((edge) => {
          const call = edgeOf.get(`${edge.from}\n${edge.to}`);
          if (call === undefined) return null;
          const look = call.errors > 0 ? 'failing' : 'plain';
          return (
            <path
              key={`${edge.from}\n${edge.to}`}
              class={`map-edge ${look}${hovered.value !== undefined && !isNear(edge) ? ' pale' : ''}`}
              d={edgePath(edge, left, middle)}
              stroke-width={1 + 2.5 * Math.sqrt(call.calls / most)}
              marker-end={`url(#arrow-${look})`}
            >
              <title>{describe(call, props.seconds)}</title>
            </path>
          );
        })}
        {layout.edges.map((edge) => {
          const call = edgeOf.get(`${edge.from}\n${edge.to}`);
          const isShown = isNear(edge) || (layout.edges.length <= mostLabelled && hovered.value === undefined);
          if (call === undefined || !isShown) return null;
          return (
            <EdgeLabel
              key={`${edge.from}\n${edge.to}`}
              edge={edge}
              call={call}
              isAtCallee={degree(edge.to, 'to') <= degree(edge.from, 'from')}
              seconds={props.seconds}
              left={left}
              middle={middle}
            />
          );
        })}
        {layout.nodes.map((at) => (
          <a
            key={at.name}
            class={nodeLook(at.name)}
            href={hrefInRange('/search', { service: at.name })}
            onPointerEnter={() => {
              hovered.value = at.name;
            }}
            onPointerLeave={() => {
              hovered.value = undefined;
            }}
          >
            <NodeBody
              at={at}
              x={left(at.layer)}
              y={middle(at.row) - node.height / 2}
              service={statOf.get(at.name)}
              seconds={props.seconds}
            />
          </a>
        ))}
      </svg>
    </div>
  );
}

function NodeBody(props: {
  readonly at: MapNode;
  readonly x: number;
  readonly y: number;
  readonly service: ServiceMap['services'][number] | undefined;
  readonly seconds: number;
}) {
  const f = format();
  const { service } = props;
  const isFailing = service !== undefined && service.errors > 0;
  return (
    <g transform={`translate(${props.x} ${props.y})`}>
      <title>{props.at.name}</title>
      <rect class="map-box" width={node.width} height={node.height} rx="5" />
      <rect x="0" y="0" width="4" height={node.height} rx="2" style={{ fill: serviceColor(props.at.name) }} />
      <text x="12" y="15" class="map-name">
        {shorten(props.at.name, 20)}
      </text>
      {service && (
        <text x="12" y="29" class="map-figures">
          {f.rate(service.calls / props.seconds)}
          {service.p95Ns !== null && ` · ${f.duration(service.p95Ns)}`}
          {isFailing && <tspan class="failing"> · {f.percent(service.errors / Math.max(1, service.calls))}</tspan>}
        </text>
      )}
    </g>
  );
}

type Coordinate = (at: number) => number;

function EdgeLabel(props: {
  readonly edge: MapEdge;
  readonly call: Edge;
  readonly isAtCallee: boolean;
  readonly seconds: number;
  readonly left: Coordinate;
  readonly middle: Coordinate;
}) {
  const f = format();
  const { edge, call } = props;
  const [a, b] = middlePiece(edge);
  const isBack = a.layer > b.layer;
  const from = isBack ? props.left(a.layer) : props.left(a.layer) + node.width;
  const to = isBack ? props.left(b.layer) + node.width : props.left(b.layer);
  // Nearer to the end where fewer lines meet; of two that call each other one stands above, one below.
  const x = from + (to - from) * (props.isAtCallee ? 0.56 : 0.44);
  const y = props.middle(a.row) + (props.middle(b.row) - props.middle(a.row)) * (props.isAtCallee ? 0.7 : 0.3);
  return (
    <text class={`map-label${call.errors > 0 ? ' failing' : ''}`} x={x} y={isBack ? y + 14 : y - 5}>
      {f.rate(call.calls / props.seconds)}
      {call.p95Ns !== null && ` · ${f.duration(call.p95Ns)}`}
    </text>
  );
}

function middlePiece(edge: MapEdge) {
  const first = Math.max(0, Math.ceil(edge.points.length / 2) - 1);
  const nowhere = { layer: 0, row: 0 };
  return [edge.points[first] ?? nowhere, edge.points[first + 1] ?? edge.points[first] ?? nowhere] as const;
}

/** From the caller's edge to the callee's, level where it passes a layer, bent between two. */
function edgePath(edge: MapEdge, left: Coordinate, middle: Coordinate): string {
  const last = edge.points.length - 1;
  const isBack = (edge.points[0]?.layer ?? 0) > (edge.points[last]?.layer ?? 0);
  let path = '';
  edge.points.forEach(({ layer, row }, i) => {
    const before = left(layer);
    const after = before + node.width;
    const y = middle(row);
    const [enter, leave] = isBack ? [after, before] : [before, after];
    if (i === 0) path = `M${leave} ${y}`;
    else {
      const previous = edge.points[i - 1] ?? { layer, row };
      const from = isBack ? left(previous.layer) : left(previous.layer) + node.width;
      const bend = (from + enter) / 2;
      path += `C${bend} ${middle(previous.row)} ${bend} ${y} ${enter} ${y}`;
      if (i < last) path += `L${leave} ${y}`;
    }
  });
  return path;
}

function describe(call: Edge, seconds: number): string {
  const f = format();
  const { services, units } = words();
  const lines = [services.edge(call.from, call.to, units.calls(call.calls), f.rate(call.calls / seconds))];
  if (call.errors > 0) lines.push(units.errors(call.errors));
  if (call.p95Ns !== null) lines.push(`p95 ${f.duration(call.p95Ns)}`);
  return lines.join('\n');
}

function shorten(text: string, most: number): string {
  return text.length <= most ? text : `${text.slice(0, most - 1)}…`;
}
