// How many of what, when: stacked bars over the time that is shown. Dragging looks closer.
import { useMemo } from "preact/hooks";
import { count, exact } from "../format.ts";
import type { Range } from "../state/time.ts";
import { axisHeight, Brushed, TimeAxis, timeScale, useBrush } from "./axis.tsx";
import { useWidth } from "./measure.ts";

export interface Bin {
  /// Begin of the step, milliseconds since the epoch.
  readonly time: number;
  readonly series: string;
  readonly n: number;
}

interface Props {
  readonly bins: readonly Bin[];
  readonly range: Range;
  readonly stepMs: number;
  /// Of all series, most frequent first; each has the colour of its place.
  readonly series: readonly string[];
  readonly label: string;
  readonly height?: number;
  /// How a value is written; without it, it is a count.
  readonly text?: (value: number) => string;
  /// Without an axis: where one stands right below.
  readonly bare?: boolean;
}

/// How long a step really is: the server makes it longer where there would be too many.
export function stepOf(times: readonly number[], askedMs: number): number {
  const all = [...new Set(times)].sort((a, b) => a - b);
  let step = Number.POSITIVE_INFINITY;
  for (let index = 1; index < all.length; index++)
    step = Math.min(step, all[index]! - all[index - 1]!);
  return Number.isFinite(step) ? Math.max(askedMs, step) : askedMs;
}

/// So many series have a colour of their own; the others share the last.
export const colours = 6;
export const colourOf = (index: number): string => `series-${Math.min(index, colours - 1)}`;

export function Histogram({
  bins,
  range,
  stepMs: askedMs,
  series,
  label,
  height = 84,
  text,
  bare,
}: Props) {
  const words = text ?? count;
  const [box, width] = useWidth<HTMLDivElement>();
  const scale = timeScale(range, width);
  const { drag, handlers } = useBrush(scale);
  const stepMs = useMemo(
    () =>
      stepOf(
        bins.map((bin) => bin.time),
        askedMs,
      ),
    [bins, askedMs],
  );
  const { stacks, most, total } = useMemo(() => {
    const order = new Map(series.map((name, index) => [name, index]));
    const steps = new Map<number, Bin[]>();
    let all = 0;
    for (const bin of bins) {
      steps.set(bin.time, [...(steps.get(bin.time) ?? []), bin]);
      all += bin.n;
    }
    let highest = 1;
    for (const stack of steps.values()) {
      stack.sort((a, b) => (order.get(a.series) ?? 99) - (order.get(b.series) ?? 99));
      highest = Math.max(
        highest,
        stack.reduce((sum, bin) => sum + bin.n, 0),
      );
    }
    return { stacks: [...steps], most: highest, total: all };
  }, [bins, series]);
  const room = bare ? height : height - axisHeight;
  return (
    <div ref={box} class="chart">
      {width > 0 && (
        <svg
          class="histogram"
          width={width}
          height={height}
          role="img"
          aria-label={`${label}: ${text ? "" : `${count(total)} in all, `}at most ${words(most)} in one step`}
          {...handlers}
        >
          {!bare && <TimeAxis scale={scale} height={height} />}
          {stacks.map(([time, stack]) => {
            const x = scale(time);
            const wide = Math.max(1, scale(time + stepMs) - x - 1);
            let y = height;
            return (
              <g key={time}>
                <title>
                  {`${exact(time)}\n${stack.map((bin) => `${bin.series} ${words(bin.n)}`).join("\n")}`}
                </title>
                {stack.map((bin) => {
                  const tall = (bin.n / most) * room;
                  y -= tall;
                  return (
                    <rect
                      key={bin.series}
                      class={colourOf(series.indexOf(bin.series))}
                      x={x}
                      y={y}
                      width={wide}
                      height={Math.max(0.5, tall)}
                    />
                  );
                })}
              </g>
            );
          })}
          <Brushed drag={drag} height={height} />
        </svg>
      )}
    </div>
  );
}
