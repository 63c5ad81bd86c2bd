import { useEffect, useRef, useState } from 'preact/hooks';
import type { TraceSummary } from '../../src/show/api/types.ts';
import { useWidth } from '../parts/use-size.ts';
import { servicePaint } from '../shell/colors.ts';
import { navigate, setParams, traceHref } from '../shell/router.ts';
import { theme, token } from '../shell/theme.ts';
import { format, words } from '../words/words.ts';
import {
  axisStartMs,
  durationParam,
  durationTicks,
  makeScale,
  msAt,
  nsAt,
  type Scale,
  timeTicks,
  xOf,
  yOf,
} from './scale.ts';

const height = 156;
const margins = { left: 56, right: 12, top: 8, bottom: 20 };
// A press that moves less is a click.
const dragPx = 5;
const reachPx = 14;

interface Point {
  readonly trace: TraceSummary;
  readonly x: number;
  readonly y: number;
}

interface Corner {
  readonly x: number;
  readonly y: number;
}

/** Time × duration: a point is a trace in its service's colour, red when it has errors. Click opens, a dragged region narrows down. */
export function Scatter(props: {
  readonly traces: readonly TraceSummary[];
  readonly startMs: number;
  readonly endMs: number;
  readonly hovered: string | undefined;
  readonly onHover: (traceId: string | undefined) => void;
}) {
  const { search } = words();
  const box = useRef<HTMLDivElement>(null);
  const canvas = useRef<HTMLCanvasElement>(null);
  const width = useWidth(box);
  const [drag, setDrag] = useState<{ readonly from: Corner; readonly to: Corner }>();
  const oldestMs = props.traces.reduce((oldest, trace) => Math.min(oldest, startMsOf(trace)), props.endMs);
  const scale = makeScale(
    props.traces.map((trace) => trace.durationNs),
    props.traces.length === 0 ? props.startMs : axisStartMs(oldestMs, props.startMs, props.endMs),
    props.endMs,
    {
      left: margins.left,
      top: margins.top,
      right: Math.max(margins.left + 1, width - margins.right),
      bottom: height - margins.bottom,
    },
  );
  const points = props.traces.map(
    (trace): Point => ({
      trace,
      x: xOf(scale, startMsOf(trace)),
      y: yOf(scale, trace.durationNs),
    }),
  );
  const hovered = points.find((point) => point.trace.traceId === props.hovered);
  const language = format();
  const shade = theme.value;
  useEffect(() => {
    if (canvas.current && width > 0) draw(canvas.current, width, scale, points, hovered);
  }, [props.traces, props.startMs, props.endMs, width, hovered?.trace.traceId, shade, language]);

  const at = (event: PointerEvent): Corner => {
    const rect = canvas.current?.getBoundingClientRect();
    return { x: event.clientX - (rect?.left ?? 0), y: event.clientY - (rect?.top ?? 0) };
  };
  const region = drag === undefined ? undefined : regionOf(scale, drag.from, drag.to);

  return (
    <div class="scatter" ref={box} style={{ height: `${height}px` }}>
      <canvas
        ref={canvas}
        role="img"
        aria-label={search.plot(props.traces.length)}
        class={hovered ? 'over' : undefined}
        onPointerDown={(event) => {
          if (event.button !== 0 || event.pointerType === 'touch') return;
          event.currentTarget.setPointerCapture(event.pointerId);
          setDrag({ from: at(event), to: at(event) });
        }}
        onPointerMove={(event) => {
          const to = at(event);
          if (drag) setDrag({ from: drag.from, to });
          else props.onHover(nearest(points, to)?.trace.traceId);
        }}
        onPointerLeave={() => props.onHover(undefined)}
        onPointerCancel={() => setDrag(undefined)}
        onPointerUp={(event) => {
          setDrag(undefined);
          const to = at(event);
          if (region?.isReal === true) setParams(region.params);
          else {
            const point = nearest(points, to);
            if (point) navigate(traceHref(point.trace.traceId));
          }
        }}
      />
      {region?.isReal === true && (
        <div
          class="scatter-region"
          style={{ left: `${region.x}px`, top: `${region.y}px`, width: `${region.w}px`, height: `${region.h}px` }}
        />
      )}
      {hovered && drag === undefined && <Tip point={hovered} width={width} />}
    </div>
  );
}

function Tip({ point, width }: { readonly point: Point; readonly width: number }) {
  const { trace } = point;
  const f = format();
  const isRight = point.x > width / 2;
  return (
    <div
      class="scatter-tip"
      style={{
        top: `${Math.max(0, point.y - 20)}px`,
        ...(isRight ? { right: `${width - point.x + 12}px` } : { left: `${point.x + 12}px` }),
      }}
    >
      <b class="num">{f.duration(trace.durationNs)}</b> {trace.operation} <span class="quiet">{trace.service}</span>
      <div class="quiet num">
        {f.clock(startMsOf(trace), Date.now())} · {words().units.spans(trace.spans)}
        {trace.errors > 0 && <span class="error"> · {words().units.errors(trace.errors)}</span>}
      </div>
    </div>
  );
}

/** Epoch ms of a trace's start. */
export function startMsOf(trace: TraceSummary): number {
  return Number(BigInt(trace.startNs) / 1000n) / 1000;
}

/** What a drag from one corner to another asks for: a side that was hardly moved along asks for nothing. */
function regionOf(scale: Scale, from: Corner, to: Corner) {
  const [left, right] = [Math.min(from.x, to.x), Math.max(from.x, to.x)];
  const [top, bottom] = [Math.min(from.y, to.y), Math.max(from.y, to.y)];
  const hasTime = right - left > dragPx;
  const hasDuration = bottom - top > dragPx * 2;
  const { box } = scale;
  return {
    isReal: hasTime || hasDuration,
    x: hasTime ? left : box.left,
    w: hasTime ? right - left : box.right - box.left,
    y: hasDuration ? top : box.top,
    h: hasDuration ? bottom - top : box.bottom - box.top,
    params: {
      ...(hasTime && {
        last: undefined,
        start: String(Math.floor(msAt(scale, left) * 1000)),
        end: String(Math.ceil(msAt(scale, right) * 1000)),
      }),
      ...(hasDuration && {
        minDuration: bottom >= box.bottom ? undefined : durationParam(nsAt(scale, bottom)),
        maxDuration: top <= box.top ? undefined : durationParam(nsAt(scale, top)),
      }),
    },
  };
}

function nearest(points: readonly Point[], at: Corner): Point | undefined {
  let best: Point | undefined;
  let bestDistance = reachPx;
  for (const point of points) {
    const distance = Math.hypot(point.x - at.x, point.y - at.y);
    if (distance <= bestDistance) {
      best = point;
      bestDistance = distance;
    }
  }
  return best;
}

function draw(
  canvas: HTMLCanvasElement,
  width: number,
  scale: Scale,
  points: readonly Point[],
  hovered: Point | undefined,
): void {
  const ratio = window.devicePixelRatio;
  canvas.width = Math.round(width * ratio);
  canvas.height = Math.round(height * ratio);
  const g = canvas.getContext('2d');
  if (g === null) return;
  g.scale(ratio, ratio);
  drawAxes(g, scale);
  const error = token('--error');
  // Errors last, so that they lie on top.
  for (const wantError of [false, true]) {
    for (const { trace, x, y } of points) {
      if (trace.errors > 0 !== wantError) continue;
      g.globalAlpha = wantError ? 0.95 : 0.72;
      g.fillStyle = wantError ? error : servicePaint(trace.service);
      g.beginPath();
      g.arc(x, y, Math.min(7, 2.4 + Math.log10(Math.max(1, trace.spans)) * 0.8), 0, Math.PI * 2);
      g.fill();
    }
  }
  g.globalAlpha = 1;
  if (hovered === undefined) return;
  g.strokeStyle = token('--ink');
  g.lineWidth = 1.5;
  g.beginPath();
  g.arc(hovered.x, hovered.y, 7.5, 0, Math.PI * 2);
  g.stroke();
}

function drawAxes(g: CanvasRenderingContext2D, scale: Scale): void {
  const { box } = scale;
  const f = format();
  g.font = `11px ${token('--sans')}`;
  g.fillStyle = token('--ink-3');
  g.strokeStyle = token('--line');
  g.lineWidth = 1;
  g.textBaseline = 'middle';
  g.textAlign = 'right';
  for (const ns of durationTicks(scale, 26)) {
    const y = Math.round(yOf(scale, ns)) + 0.5;
    g.beginPath();
    g.moveTo(box.left, y);
    g.lineTo(box.right, y);
    g.stroke();
    g.fillText(f.duration(ns), box.left - 8, y);
  }
  g.textBaseline = 'alphabetic';
  g.textAlign = 'center';
  const offset = -new Date(scale.endMs).getTimezoneOffset() * 60e3;
  const ticks = timeTicks(scale, 110, offset);
  for (const ms of ticks) {
    const x = Math.round(xOf(scale, ms)) + 0.5;
    g.fillText(
      f.tick(ms, (ticks[1] ?? 0) - (ticks[0] ?? 0)),
      Math.max(box.left + 16, Math.min(box.right - 20, x)),
      box.bottom + 15,
    );
  }
}
