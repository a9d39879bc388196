// Time along the x axis: ticks that fall on whole minutes, hours, days; and dragging a part of it to look closer.
import { type ScaleTime, scaleUtc } from "d3-scale";
import { useRef, useState } from "preact/hooks";
import { tick } from "../format.ts";
import { setRange } from "../state/range.ts";
import { zone } from "../state/settings.ts";
import { iso, type Range } from "../state/time.ts";

export type TimeScale = ScaleTime<number, number>;

export const timeScale = (range: Range, width: number): TimeScale =>
  scaleUtc()
    .domain([range.from, range.to])
    .range([0, Math.max(1, width)]);

/// About one tick for every 90 pixels, so that labels never touch.
export function ticksOf(scale: TimeScale): { at: number; x: number; label: string }[] {
  const [, width] = scale.range() as [number, number];
  const ticks = scale.ticks(Math.max(2, Math.floor(width / 90)));
  const step = ticks.length > 1 ? ticks[1]!.getTime() - ticks[0]!.getTime() : 0;
  return ticks
    .map((date) => ({
      at: date.getTime(),
      x: Math.round(scale(date)) + 0.5,
      label: tick(date.getTime(), step, zone.value),
    }))
    .filter(({ x }) => x > 24 && x < width - 24);
}

export const axisHeight = 20;

/// Labels on top, thin lines down through `height` pixels.
export const TimeAxis = ({ scale, height }: { scale: TimeScale; height: number }) => (
  <g class="axis" aria-hidden="true">
    {ticksOf(scale).map(({ at, x, label }) => (
      <g key={at}>
        <line x1={x} x2={x} y1={axisHeight} y2={height} />
        <text x={x} y={axisHeight - 7} text-anchor="middle">
          {label}
        </text>
      </g>
    ))}
  </g>
);

/// A drag shorter than this is a click.
const dragMin = 6;

/// A part of the time becomes the range of the page.
export const zoomPage = ({ from, to }: Range): void => setRange(iso(from), iso(to));

/// Pointer handlers for an <svg>: dragging chooses a part of the time.
/// @param zoom  what becomes of it
/// @returns the part that is being dragged, in pixels, for `Brushed`; and whether a drag has just ended, so that the
/// click that ends it opens nothing
export function useBrush(scale: TimeScale, zoom: (part: Range) => void = zoomPage) {
  const [drag, setDrag] = useState<readonly [number, number] | null>(null);
  const dragged = useRef(false);
  const x = (event: PointerEvent) => {
    const box = (event.currentTarget as SVGElement).getBoundingClientRect();
    return Math.max(0, Math.min(box.width, event.clientX - box.left));
  };
  return {
    drag,
    wasDragged: () => dragged.current,
    handlers: {
      onPointerDown: (event: PointerEvent) => {
        if (event.button !== 0 || event.pointerType === "touch") return; // a finger scrolls
        dragged.current = false;
        setDrag([x(event), x(event)]);
      },
      onPointerMove: (event: PointerEvent) => {
        if (!drag) return;
        const now = x(event);
        if (!dragged.current && Math.abs(now - drag[0]) > dragMin) {
          dragged.current = true;
          (event.currentTarget as SVGElement).setPointerCapture(event.pointerId);
        }
        setDrag([drag[0], now]);
      },
      onPointerUp: () => {
        if (drag && dragged.current) {
          const [a, b] = [Math.min(...drag), Math.max(...drag)];
          zoom({ from: scale.invert(a).getTime(), to: scale.invert(b).getTime() });
        }
        setDrag(null);
      },
      onPointerCancel: () => setDrag(null),
    },
  };
}

export const Brushed = ({
  drag,
  height,
}: {
  drag: readonly [number, number] | null;
  height: number;
}) =>
  drag && Math.abs(drag[1] - drag[0]) > dragMin ? (
    <rect
      class="brush"
      x={Math.min(...drag)}
      y={0}
      width={Math.abs(drag[1] - drag[0])}
      height={height}
    />
  ) : null;
