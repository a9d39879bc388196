// Lanes with their bars, incidents and failed attempts, over an axis that is dragged to zoom.
import { useMemo, useState } from "preact/hooks";
import { Id } from "../components/basics.tsx";
import type { AttemptsRow, IncidentsRow, LanesRow } from "../data/api.ts";
import { clip, count, duration, exact, plural, shortName } from "../format.ts";
import {
  axisHeight,
  Brushed,
  TimeAxis,
  type TimeScale,
  timeScale,
  useBrush,
  zoomPage,
} from "../marks/axis.tsx";
import { useWidth } from "../marks/measure.ts";
import { go, href, params, setParams } from "../state/location.ts";
import type { Range } from "../state/time.ts";
import { type Bar, barsOf, type Lane, versionAt } from "./lanes.ts";

const laneHeight = 26;
/// A bar narrower than this has no room for its label.
const labelMin = 44;

/// Of bars that have ended, which say the same for ever: zooming draws 2,000 of them anew.
const tooltips = new WeakMap<LanesRow, string>();

function tooltip(row: LanesRow): string {
  const known = tooltips.get(row);
  if (known !== undefined) return known;
  const words = describe(row);
  if (row.valid_to) tooltips.set(row, words);
  return words;
}

function describe(row: LanesRow): string {
  const end = row.valid_to ? Date.parse(row.valid_to) : Date.now();
  return [
    `${row.version ?? "unknown version"}  ${shortName(row.service_id)} in ${shortName(row.environment_id)}`,
    `${exact(Date.parse(row.valid_from))} – ${row.valid_to ? exact(end) : "still running"}`,
    `ran ${duration((end - Date.parse(row.valid_from)) / 1000)}`,
    row.previous_version
      ? `${row.kind === "rollback" ? "back from" : "instead of"} ${row.previous_version}`
      : "",
    row.actor ? `by ${row.actor}` : "",
  ]
    .filter(Boolean)
    .join("\n");
}

/// A function and no component: of 2,000 each would take its time.
function drawBar(bar: Bar, y: number, onOpen: (row: LanesRow) => void) {
  const { row, x, width } = bar;
  const rollback = row.kind === "rollback";
  const label = `${rollback ? "↶ " : ""}${row.version ?? "?"}`;
  const fits = width >= labelMin;
  // About 7 pixels a character at this size. A version that is cut off says nothing; its sign alone does.
  const room = Math.floor((width - 8) / 7);
  const text = label.length <= room || room >= 12 ? clip(label, room) : rollback ? "↶" : "";
  return (
    <g
      key={`${row.event_uid} ${row.valid_from}`}
      class={`bar ${rollback ? "rollback" : bar.shade ? "odd" : "even"}`}
      onClick={() => onOpen(row)}
    >
      <title>
        {bar.merged > 1 ? `${bar.merged} versions, too short to draw apart` : tooltip(row)}
      </title>
      <rect x={x} y={y + 3} width={Math.max(1, width - 1)} height={laneHeight - 6} rx={3} />
      {bar.merged > 1
        ? null
        : fits && (
            <text x={x + 6} y={y + laneHeight / 2 + 4}>
              {text}
            </text>
          )}
      {!fits && rollback && (
        <text class="sign" x={x + width / 2} y={y + 4} text-anchor="middle">
          ↶
        </text>
      )}
    </g>
  );
}

interface Band {
  readonly id: string;
  readonly from: number;
  readonly to: number;
  readonly lanes: ReadonlySet<number>;
  readonly words: string;
}

function bandsOf(incidents: readonly IncidentsRow[], lanes: readonly Lane[], now: number): Band[] {
  return incidents
    .filter((incident) => incident.began_at)
    .map((incident) => ({
      id: incident.incident_id,
      from: Date.parse(incident.began_at!),
      to: incident.resolved_at ? Date.parse(incident.resolved_at) : now,
      lanes: new Set(
        lanes.flatMap((lane, index) =>
          (incident.service_id === null || lane.service === incident.service_id) &&
          (incident.environment_id === null || lane.environment === incident.environment_id)
            ? [index]
            : [],
        ),
      ),
      words: `${shortName(incident.incident_id)} ${incident.time_to_restore_s === null ? "open" : duration(incident.time_to_restore_s)}`,
    }));
}

function Bands({ bands, scale }: { bands: readonly Band[]; scale: TimeScale }) {
  const [, width] = scale.range() as [number, number];
  return (
    <g class="bands">
      {bands.flatMap((band) =>
        [...band.lanes].map((lane) => {
          const x = Math.max(0, scale(band.from));
          const end = Math.min(width, scale(band.to));
          if (end < 0 || x > width) return null;
          const y = axisHeight + lane * laneHeight;
          return (
            <g key={`${band.id} ${lane}`}>
              <title>{`incident ${band.words}`}</title>
              <rect x={x} y={y} width={Math.max(3, end - x)} height={laneHeight} />
              <text x={Math.max(x + 2, end - 5)} y={y + laneHeight - 8} text-anchor="middle">
                !
              </text>
            </g>
          );
        }),
      )}
    </g>
  );
}

/// The run of an attempt, among the others of its pipeline.
export const runPlace = (attempt: AttemptsRow): string =>
  href("pipelines", {
    kind: attempt.kind === "pipelinerun" ? null : attempt.kind,
    sel: attempt.name,
    run: attempt.run_key,
  });

/// Attempts to deploy that failed: ✕ at the foot of their lane, where they ended.
function Failures({
  attempts,
  lanes,
  scale,
}: {
  attempts: readonly AttemptsRow[];
  lanes: readonly Lane[];
  scale: TimeScale;
}) {
  const [, width] = scale.range() as [number, number];
  const place = new Map(lanes.map((lane, index) => [lane.key, index]));
  return (
    <g class="failures">
      {attempts.map((attempt) => {
        const lane = place.get(`${attempt.service_id}\n${attempt.environment_id}`);
        const time = attempt.finished_at ?? attempt.started_at;
        if (lane === undefined || !time) return null;
        const x = scale(Date.parse(time));
        if (x < 0 || x > width) return null;
        return (
          <text
            key={attempt.run_key}
            class={attempt.name ? "pick" : undefined}
            x={x}
            y={axisHeight + (lane + 1) * laneHeight - 1}
            text-anchor="middle"
            onClick={() => attempt.name && go(runPlace(attempt))}
          >
            <title>
              {`${attempt.version ?? "an attempt"} failed ${exact(Date.parse(time))}${attempt.reason ? `\n${clip(attempt.reason, 200)}` : ""}`}
            </title>
            ✕
          </text>
        );
      })}
    </g>
  );
}

interface LanesProps {
  readonly lanes: readonly Lane[];
  readonly shown: Range;
  readonly incidents: readonly IncidentsRow[];
  readonly attempts: readonly AttemptsRow[];
  /// What a click on a bar or on the name of a lane does; without it the lane is chosen here.
  readonly choose?: (service: string, environment: string) => void;
  /// What dragging does with the part of the time, and a double click with null; without it the page's range changes.
  readonly zoom?: (part: Range | null) => void;
}

const open = (service: string, environment: string) => setParams({ sel: [service, environment] });

const zoomTime = (part: Range | null): void =>
  part ? zoomPage(part) : setParams({ from: null, to: null });

export function Lanes({
  lanes,
  shown,
  incidents,
  attempts,
  choose = open,
  zoom = zoomTime,
}: LanesProps) {
  const [box, width] = useWidth<HTMLDivElement>();
  const scale = timeScale(shown, width);
  const { drag, handlers, wasDragged } = useBrush(scale, zoom);
  const [pointer, setPointer] = useState<number | null>(null);
  const height = axisHeight + lanes.length * laneHeight;
  const moment = pointer === null ? null : scale.invert(pointer).getTime();
  const bands = bandsOf(incidents, lanes, Date.now());
  const onOpen = (row: LanesRow) => {
    if (!wasDragged()) choose(row.service_id, row.environment_id);
  };
  const by = params("service").length === 1 ? "environment" : "both";
  // The same marks while only the pointer moves: there may be 2,000 of them.
  const marks = useMemo(
    () =>
      lanes.map((lane, index) => (
        <g key={lane.key}>
          {lane.head && index > 0 && (
            <line
              class="lane-line"
              x1={0}
              x2={width}
              y1={axisHeight + index * laneHeight}
              y2={axisHeight + index * laneHeight}
            />
          )}
          {barsOf(lane.rows, scale, width).map((bar) =>
            drawBar(bar, axisHeight + index * laneHeight, onOpen),
          )}
        </g>
      )),
    [lanes, shown.from, shown.to, width],
  );
  return (
    <div class="lanes">
      <div class="lane-labels" style={{ paddingTop: `${axisHeight}px` }}>
        {lanes.map((lane) => (
          <button
            key={lane.key}
            type="button"
            class="lane-label"
            data-row
            style={{ height: `${laneHeight}px` }}
            onClick={() => choose(lane.service, lane.environment)}
          >
            <span class="hidden">{`${shortName(lane.service)} in ${shortName(lane.environment)}: ${plural(lane.rows.length, "version")}`}</span>
            {by === "both" && lane.head && (
              <b aria-hidden="true">
                <Id id={lane.head} />
              </b>
            )}
            <span class="lane-name" aria-hidden="true">
              <Id id={lane.name} />
            </span>
            {moment !== null && (
              <span class="then" aria-hidden="true">
                {clip(versionAt(lane, moment) ?? "–", 14)}
              </span>
            )}
          </button>
        ))}
      </div>
      <div ref={box} class="chart">
        {width > 0 && (
          <svg
            width={width}
            height={height}
            role="img"
            aria-label={`${plural(lanes.length, "lane")}, ${count(lanes.reduce((n, lane) => n + lane.rows.length, 0))} bars; the menu shows them as a table`}
            {...handlers}
            onPointerMove={(event: PointerEvent) => {
              handlers.onPointerMove(event);
              setPointer(
                event.clientX - (event.currentTarget as Element).getBoundingClientRect().left,
              );
            }}
            onPointerLeave={() => setPointer(null)}
            onDblClick={() => zoom(null)}
          >
            <TimeAxis scale={scale} height={height} />
            {marks}
            <Bands bands={bands} scale={scale} />
            <Failures attempts={attempts} lanes={lanes} scale={scale} />
            {pointer !== null && (
              <line class="cursor" x1={pointer} x2={pointer} y1={axisHeight} y2={height} />
            )}
            <Brushed drag={drag} height={height} />
          </svg>
        )}
      </div>
    </div>
  );
}
