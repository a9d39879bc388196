// Runs over time: a bar a run, as high as it took long. And where the time of one run went.
import { lookOf } from "../components/basics.tsx";
import type { RunsRow } from "../data/api.ts";
import { clip, count, duration, exact } from "../format.ts";
import type { Range } from "../state/time.ts";
import { axisHeight, Brushed, TimeAxis, timeScale, useBrush } from "./axis.tsx";
import { useWidth } from "./measure.ts";

/// What the chart needs of a run, whatever it is a run of.
export type Run = Pick<
  RunsRow,
  "state" | "outcome" | "started_at" | "finished_at" | "duration_s" | "run_id" | "run_key"
> & { readonly queued_at?: string | null };

const beganAt = (row: Run): number =>
  Date.parse(row.started_at ?? row.queued_at ?? row.finished_at ?? "");

/// What became of a run: its outcome, or its state while there is none.
export const fateOf = (row: Pick<RunsRow, "state" | "outcome">): string =>
  row.outcome ?? (row.state === "skipped" ? "skip" : row.state);

interface Props<Row extends Run> {
  readonly rows: readonly Row[];
  readonly range: Range;
  readonly now: number;
  /// 95 of 100 took less, seconds: drawn as a line.
  readonly p95: number | null;
  readonly label: string;
  readonly open?: (row: Row) => void;
}

/// Dragging zooms, a click opens; the table below has the same rows.
export function RunChart<Row extends Run>({ rows, range, now, p95, label, open }: Props<Row>) {
  const [box, width] = useWidth<HTMLDivElement>();
  const scale = timeScale(range, width);
  const { drag, handlers, wasDragged } = useBrush(scale);
  const height = 120;
  const took = (row: Run) =>
    row.duration_s ?? (row.state === "running" ? (now - beganAt(row)) / 1000 : 0);
  // One that hangs must not press the others flat: what is above twice the usual is cut off.
  const longest = Math.max(1, ...rows.map((row) => row.duration_s ?? 0), p95 ?? 0);
  const room = height - axisHeight - 8;
  const tall = (seconds: number) => Math.max(3, Math.min(1, seconds / longest) * room);
  const failed = rows.filter((row) => lookOf(fateOf(row)).tone === "fail").length;
  const wide = Math.max(2, Math.min(7, (width / Math.max(1, rows.length)) * 0.7));
  return (
    <div ref={box} class="chart">
      {width > 0 && (
        <svg
          class="histogram spark"
          width={width}
          height={height}
          role="img"
          aria-label={`${label}: ${count(rows.length)} runs, ${count(failed)} failed, longest ${duration(longest)}`}
          {...handlers}
        >
          <TimeAxis scale={scale} height={height} />
          {p95 !== null && (
            <line class="usual" x1={0} x2={width} y1={height - tall(p95)} y2={height - tall(p95)}>
              <title>{`95 of 100 took less than ${duration(p95)}`}</title>
            </line>
          )}
          {rows.map((row) => {
            const x = scale(beganAt(row));
            if (!Number.isFinite(x) || x < -wide || x > width) return null;
            const look = lookOf(fateOf(row));
            const high = tall(took(row));
            return (
              <g
                key={row.run_key}
                class={`${look.tone} ${open ? "pick" : ""}`}
                onClick={() => !wasDragged() && open?.(row)}
              >
                <title>
                  {`${look.word}, ${duration(took(row))}\n${exact(beganAt(row))}\n${clip(row.run_id, 200)}`}
                </title>
                <rect x={x - wide / 2} y={height - high} width={wide} height={high} />
                {look.tone !== "ok" && (
                  <text x={x} y={height - high - 3} text-anchor="middle">
                    {look.sign}
                  </text>
                )}
              </g>
            );
          })}
          <Brushed drag={drag} height={height} />
        </svg>
      )}
    </div>
  );
}

/// Where in the time of the whole a part lies: for a cell of a table that says the rest in words.
export function Span({
  from,
  to,
  whole,
  tone,
}: {
  from: number;
  to: number;
  whole: Range;
  tone: string;
}) {
  const length = Math.max(1, whole.to - whole.from);
  const left = Math.max(0, Math.min(1, (from - whole.from) / length));
  const width = Math.max(0.004, Math.min(1 - left, (to - from) / length));
  return (
    <div class="span" aria-hidden="true">
      <i class={tone} style={{ left: `${left * 100}%`, width: `${width * 100}%` }} />
    </div>
  );
}
