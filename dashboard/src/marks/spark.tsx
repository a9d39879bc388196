// Small marks that stand in a line of text or a cell. Each has words: a picture alone tells nothing to a screen reader.
import { lookOf } from "../components/basics.tsx";
import { duration } from "../format.ts";

interface RunsProps {
  /// What a click on a bar opens, by the keys of the runs. The runs are listed elsewhere too, for the keyboard.
  readonly keys?: readonly string[];
  readonly open?: (key: string) => void;
  /// Oldest first.
  readonly outcomes: readonly (string | null)[];
  readonly durations: readonly (number | null)[];
}

const barWidth = 4;
const barGap = 1;

/// The last runs: height is duration, shape and colour are the outcome (a failure is a full bar with a gap in it).
export function RunBars({ outcomes, durations, keys, open }: RunsProps) {
  const height = 22;
  const longest = Math.max(1, ...durations.map((one) => one ?? 0));
  const failures = outcomes.filter((one) => lookOf(one).tone === "fail").length;
  return (
    <svg
      class="spark"
      width={Math.max(1, outcomes.length) * (barWidth + barGap)}
      height={height}
      role="img"
      aria-label={`last ${outcomes.length} runs, ${failures} failed, longest ${duration(longest)}`}
    >
      {outcomes.map((outcome, index) => {
        const look = lookOf(outcome);
        const tall = Math.max(3, ((durations[index] ?? 0) / longest) * (height - 2));
        const x = index * (barWidth + barGap);
        return (
          <g
            key={index}
            class={open ? `${look.tone} pick` : look.tone}
            onClick={(event) => {
              const key = keys?.[index];
              if (!open || !key) return;
              event.stopPropagation(); // the row opens the pipeline
              open(key);
            }}
          >
            <title>{`${look.word}, ${duration(durations[index])}${open ? ": open this run" : ""}`}</title>
            {open && <rect class="room" x={x} y={0} width={barWidth + barGap} height={height} />}
            <rect x={x} y={height - tall} width={barWidth} height={tall} />
            {look.tone === "fail" && (
              <circle cx={x + barWidth / 2} cy={Math.max(2, height - tall - 1)} r={2} />
            )}
          </g>
        );
      })}
    </svg>
  );
}

const tenths = (length: number) => Math.round(length * 10) / 10;

/// A line over equal steps; nulls are gaps, never zeros.
export function SparkLine({
  values,
  label,
  width = 120,
  height = 28,
  reference = null,
}: {
  values: readonly (number | null)[];
  label: string;
  width?: number;
  height?: number;
  /// A broken line to compare with.
  reference?: number | null;
}) {
  const known = values.filter((one): one is number => one !== null);
  const low = Math.min(...known, 0);
  const high = Math.max(...known, reference ?? 0, low + 1e-9);
  const x = (index: number) => 2 + (index / Math.max(1, values.length - 1)) * (width - 4);
  const y = (value: number) => height - 3 - ((value - low) / (high - low)) * (height - 6);
  const path = values
    .map((one, index) =>
      one === null
        ? ""
        : `${(values[index - 1] ?? null) === null ? "M" : "L"}${tenths(x(index))} ${tenths(y(one))}`,
    )
    .join("");
  return (
    <svg class="spark line" width={width} height={height} role="img" aria-label={label}>
      {reference !== null && (
        <line class="reference" x1={0} x2={width} y1={y(reference)} y2={y(reference)} />
      )}
      {known.length > 0 && <path d={path} />}
      {values.map((one, index) => {
        const alone =
          one !== null &&
          (values[index - 1] ?? null) === null &&
          (values[index + 1] ?? null) === null;
        return alone ? <circle key={index} cx={x(index)} cy={y(one)} r={1.5} /> : null;
      })}
    </svg>
  );
}
