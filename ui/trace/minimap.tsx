/** The whole trace in 48 px: every row a hairline, the thread through it, and the part that is zoomed to. */
import { useSignal } from '@preact/signals';
import { useLayoutEffect, useMemo, useRef } from 'preact/hooks';
import { servicePaint } from '../shell/colors.ts';
import { theme, token } from '../shell/theme.ts';
import { words } from '../words/words.ts';
import { type Actions, draggedRange } from './actions.ts';
import { minimapPixels, minimapY } from './layout/minimap.ts';
import { calmRuns, threadRuns } from './thread.ts';
import { useSize } from './use-size.ts';
import type { TraceView } from './view.ts';

const height = 48;

export function Minimap({ view, actions }: { readonly view: TraceView; readonly actions: Actions }) {
  const box = useRef<HTMLDivElement>(null);
  const canvas = useRef<HTMLCanvasElement>(null);
  const size = useSize(box);
  const from = useSignal<number | undefined>(undefined);
  const { trace, path } = view.loaded.value;
  const { rows, indexOf } = view.layout.value;
  const whole = view.whole.value;
  const ratio = window.devicePixelRatio;
  const width = Math.round(size.value.width * ratio);
  const colours = theme.value;
  const names = trace.services.map(servicePaint);
  const paints = names.join();

  const pixels = useMemo(
    () => minimapPixels(trace, indexOf, rows.length, whole, width, Math.round(height * ratio)),
    [trace, indexOf, whole, width, ratio],
  );
  const thread = useMemo(
    () => calmRuns(threadRuns(path, indexOf, whole, width), 5 * ratio),
    [path, indexOf, whole, width, ratio],
  );

  useLayoutEffect(() => {
    const element = canvas.current;
    const context = element?.getContext('2d');
    if (!element || !context || width === 0) return;
    element.width = width;
    element.height = Math.round(height * ratio);
    const image = context.createImageData(element.width, element.height);
    const words32 = new Uint32Array(image.data.buffer);
    const shades = [0, ...names.map(abgr)];
    for (let i = 0; i < pixels.length; i++) words32[i] = shades[pixels[i] ?? 0] ?? 0;
    context.putImageData(image, 0, 0);
    context.beginPath();
    for (const [i, run] of thread.entries()) {
      const y = minimapY(run.index, rows.length, element.height);
      if (thread[i - 1]?.x1 === run.x0) context.lineTo(run.x0, y);
      else context.moveTo(run.x0, y);
      context.lineTo(run.x1, y);
    }
    context.lineJoin = 'round';
    context.strokeStyle = token('--bg');
    context.lineWidth = 3.5 * ratio;
    context.stroke();
    context.strokeStyle = token('--thread');
    context.lineWidth = 1.5 * ratio;
    context.stroke();
  }, [pixels, thread, colours, paints]);

  const range = view.range.value;
  const share = (ns: number) => (ns - whole.startNs) / (whole.endNs - whole.startNs);
  const nsOf = (event: PointerEvent) => {
    const rect = box.current?.getBoundingClientRect();
    const x = rect === undefined ? 0 : (event.clientX - rect.left) / Math.max(rect.width, 1);
    return whole.startNs + Math.max(0, Math.min(1, x)) * (whole.endNs - whole.startNs);
  };
  const isZoomed = view.address.value.value.zoom !== undefined;
  return (
    <div
      class="t-minimap"
      ref={box}
      role="img"
      aria-label={words().trace.minimap}
      title={words().trace.minimap}
      onPointerDown={(event) => {
        event.currentTarget.setPointerCapture(event.pointerId);
        from.value = nsOf(event);
      }}
      onPointerMove={(event) => {
        if (from.value === undefined) return;
        const to = nsOf(event);
        if (Math.abs(share(to) - share(from.value)) > 0.004)
          actions.setZoom(draggedRange(view, from.value, to), 'later');
      }}
      onPointerUp={() => (from.value = undefined)}
      onDblClick={() => actions.setZoom(whole, 'step')}
    >
      <canvas ref={canvas} aria-hidden="true" />
      {isZoomed && (
        <>
          <i class="t-shade" style={{ left: 0, width: `${share(range.startNs) * 100}%` }} />
          <i class="t-shade t-shade-right" style={{ left: `${share(range.endNs) * 100}%`, right: 0 }} />
        </>
      )}
    </div>
  );
}

/** `#rrggbb` as a pixel of an image on a little-endian machine, which every browser's machine is. */
function abgr(hex: string): number {
  const rgb = Number.parseInt(hex.slice(1), 16);
  return ((0xb0 << 24) | ((rgb & 0xff) << 16) | (rgb & 0xff00) | (rgb >> 16)) >>> 0;
}
