// Two figures of each of a few things: a dot a thing. The table beside it says the same in words.
import { clip, shortName } from "../format.ts";
import { useWidth } from "./measure.ts";

export interface Dot {
  readonly id: string;
  readonly x: number;
  readonly y: number;
  /// It stands on few: drawn hollow.
  readonly few: boolean;
}

interface Props {
  readonly dots: readonly Dot[];
  readonly xWords: string;
  readonly yWords: string;
  readonly xText: (value: number) => string;
  readonly yText: (value: number) => string;
  readonly open: (id: string) => void;
  /// Broken lines to compare with.
  readonly xLine?: number | null;
  readonly yLine?: number | null;
}

const left = 52;
const bottom = 34;
const top = 14;

export function Scatter({
  dots,
  xWords,
  yWords,
  xText,
  yText,
  open,
  xLine = null,
  yLine = null,
}: Props) {
  const [box, width] = useWidth<HTMLDivElement>();
  const height = 240;
  const right = 70;
  const xMost = Math.max(...dots.map((dot) => dot.x), xLine ?? 0, 1e-9);
  const yMost = Math.max(...dots.map((dot) => dot.y), yLine ?? 0, 0.01);
  const x = (value: number) => left + (value / xMost) * Math.max(1, width - left - right);
  const y = (value: number) => height - bottom - (value / yMost) * (height - bottom - top);
  // A label that would lie on another one or on a dot is left out: the dot's title has the name.
  const taken = dots.map((dot) => ({ from: x(dot.x) - 5, to: x(dot.x) + 5, y: y(dot.y) }));
  const free = (from: number, at: number, label: string) => {
    const to = from + 7 * label.length;
    const no = taken.some((one) => one.from < to && one.to > from && Math.abs(one.y - at) < 12);
    if (!no) taken.push({ from, to, y: at });
    return !no;
  };
  return (
    <div ref={box} class="chart">
      {width > 0 && (
        <svg
          class="scatter"
          width={width}
          height={height}
          role="img"
          aria-label={`${yWords} over ${xWords}, ${dots.length} services; the table has the figures`}
        >
          <g class="axis" aria-hidden="true">
            <line x1={left} x2={width - 8} y1={height - bottom} y2={height - bottom} />
            <line x1={left} x2={left} y1={top} y2={height - bottom} />
            <text x={left} y={height - bottom + 14}>
              0
            </text>
            <text x={x(xMost)} y={height - bottom + 14} text-anchor="middle">
              {xText(xMost)}
            </text>
            <text x={(left + width - right) / 2} y={height - 4} text-anchor="middle">
              {xWords}
            </text>
            <text x={left - 5} y={height - bottom} text-anchor="end">
              0
            </text>
            <text x={left - 5} y={top + 8} text-anchor="end">
              {yText(yMost)}
            </text>
            <text x={left + 4} y={top - 3}>
              {yWords}
            </text>
          </g>
          {xLine !== null && (
            <line class="reference" x1={x(xLine)} x2={x(xLine)} y1={top} y2={height - bottom}>
              <title>{`reference: ${xText(xLine)}`}</title>
            </line>
          )}
          {yLine !== null && (
            <line class="reference" x1={left} x2={width - 8} y1={y(yLine)} y2={y(yLine)}>
              <title>{`reference: ${yText(yLine)}`}</title>
            </line>
          )}
          {dots.map((dot) => {
            const at = { x: x(dot.x), y: y(dot.y) };
            const label = clip(shortName(dot.id), 14);
            return (
              <g key={dot.id} class={dot.few ? "few pick" : "pick"} onClick={() => open(dot.id)}>
                <title>{`${clip(dot.id, 200)}\n${xText(dot.x)}, ${yText(dot.y)}`}</title>
                <circle cx={at.x} cy={at.y} r={5} />
                {free(at.x + 8, at.y, label) && (
                  <text x={at.x + 8} y={at.y + 4}>
                    {label}
                  </text>
                )}
              </g>
            );
          })}
        </svg>
      )}
    </div>
  );
}
